// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
)

// Pass is all that one decision is made of.
type Pass struct{ *ReplacedValues }

// NewPass derives all that a decision and its report are made of. It reads no clock, makes no call and changes nothing in what it
// is given.
func NewPass(now time.Time, o Observed) *Pass {
	if o.Object.Spec.Observes() {
		return &Pass{&ReplacedValues{Snapshot: newObservingSnapshot(now, o)}}
	}
	return &Pass{newReplacedValues(newSnapshot(now, o))}
}

// NewerGenerationHandled reports whether another process handled a newer generation of the object, which this one has yet to
// see.
func (v *Pass) NewerGenerationHandled() bool {
	record := v.record()
	return record != nil && record.OwnerUID == v.Object.UID && record.Generation > v.Object.Generation
}

// NextWant is the next publication or, if there is none, the upkeep of the active passcode.
func (v *Pass) NextWant() *Want {
	if v.Paused() {
		return nil
	}
	if chosen := v.choose().publish; chosen != nil {
		return v.publication(*chosen)
	}
	if v.Active == nil || v.Active.Tuple.Passcode.IsZero() {
		return nil
	}
	if want := v.upkeep(); !v.upToDate(want) {
		return want
	}
	return nil
}

// TargetsToRelease are the former targets to mark as left behind, once the target of the new name has the active passcode.
func (v *Pass) TargetsToRelease() []string {
	if v.ActiveInTarget() == nil || v.LastPublished != &v.Target || v.Spec.Suspend {
		return nil
	}
	var names []string
	for i := range v.FormerTargets {
		names = append(names, v.FormerTargets[i].Name)
	}
	return names
}

// VerificationRequests are those due now, and when the next is due.
func (v *Pass) VerificationRequests() (requests []VerificationRequest, next time.Time) {
	if v.Paused() {
		return nil, time.Time{}
	}
	requests, next = v.routineRequests()
	choice := v.choose()
	if choice.verify != nil {
		requests = addUrgent(requests, *choice.verify)
	}
	return requests, schedule.Earliest(next, choice.next)
}

// addUrgent adds a verification that a publication waits for, or makes it urgent if it is there.
func addUrgent(requests []VerificationRequest, urgent VerificationRequest) []VerificationRequest {
	urgent.Urgent = true
	for i := range requests {
		if requests[i].Fingerprint == urgent.Fingerprint {
			requests[i] = urgent
			return requests
		}
	}
	return append(requests, urgent)
}
