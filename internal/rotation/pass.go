// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"slices"
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
// see. That may have been under another target.name: then this process takes the present target for a former one.
func (p *Pass) NewerGenerationHandled() bool {
	return slices.ContainsFunc(p.targets(), func(t *Target) bool {
		return t != nil && t.Record != nil && t.Record.OwnerUID == p.Object.UID && t.Record.Generation > p.Object.Generation
	})
}

// NextWant is the next publication or, if there is none, the upkeep of the active passcode.
func (p *Pass) NextWant() *Want {
	if p.Paused() {
		return nil
	}
	if chosen := p.choose().publish; chosen != nil {
		return p.publication(*chosen)
	}
	if p.Active == nil || p.Active.Tuple.Passcode.IsZero() {
		return nil
	}
	if want := p.upkeep(); !p.upToDate(want) {
		return want
	}
	return nil
}

// TargetsToRelease are the former targets to mark as released, once the target of the new name has the active passcode.
func (p *Pass) TargetsToRelease() []string {
	if p.ActiveInTarget() == nil || p.LastPublished != &p.Target || p.Spec.Suspend {
		return nil
	}
	var names []string
	for i := range p.FormerTargets {
		names = append(names, p.FormerTargets[i].Name)
	}
	return names
}

// VerificationRequests are those due now, and when the next is due.
func (p *Pass) VerificationRequests() (requests []VerificationRequest, next time.Time) {
	if p.Paused() {
		return nil, time.Time{}
	}
	requests, next = p.routineRequests()
	choice := p.choose()
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
