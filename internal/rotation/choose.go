// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"slices"
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
)

const (
	// freshness is how long an acceptance permits to publish.
	freshness = 30 * time.Second
	// patience is how long a new object's missing sources are waited for: object and Secret often come together.
	patience = 5 * time.Second
)

// candidate is a passcode that may be published now, and the reason that would be told.
type candidate struct {
	entry  *entry
	reason v1alpha1.RotationReason
}

// rules say which passcodes may be published in place of what is, in the order in which they are to be tried. None
// means: stay.
var rules = []func(*snapshot) []candidate{
	goToPin,
	publishFirst,
	followSource,
	replaceRemoved,
	rotateOnRequest,
	rotateOnTime,
	failOver,
}

func (v *snapshot) candidates() []candidate {
	var list []candidate
	for _, rule := range rules {
		list = append(list, rule(v)...)
	}
	return list
}

// publishFirst: while nothing is published, the first listed one whose rotation time lies ahead; where there is
// none, the one that ends last.
func publishFirst(v *snapshot) []candidate {
	if v.active != nil {
		return nil
	}
	ahead := v.listed(func(e *entry) bool { return !e.validity.Due(v.now) })
	unused := slices.DeleteFunc(append(ahead, v.lastToExpire()...), func(e *entry) bool { return e.replaced })
	return because(v1alpha1.RotationInitial, unused)
}

// followSource: editing a source, or the account, is asking for it.
func followSource(v *snapshot) []candidate {
	switch p := v.active; {
	case p == nil || p.entry != nil:
		return nil
	case p.moved:
		list := slices.Concat(v.listed(func(e *entry) bool { return e == p.namesake }), v.successors(), v.lastToExpire())
		return because(v1alpha1.RotationSourceChanged, list)
	case p.sourceChanged():
		return because(v1alpha1.RotationSourceChanged, []*entry{p.namesake})
	}
	return nil
}

// replaceRemoved: what was taken off the list is replaced by any accepted one.
func replaceRemoved(v *snapshot) []candidate {
	if v.active == nil || !v.active.removed() || v.active.moved {
		return nil
	}
	any := v.lastToExpire()
	if v.writtenByOther(v.authority) { // its record says nothing of what this object replaced
		any = slices.DeleteFunc(any, v.replacedInStatus)
	}
	return because(v1alpha1.RotationRemoved, append(v.successors(), any...))
}

// rotateOnTime: from the rotation time on, once a window is open, the first successor.
func rotateOnTime(v *snapshot) []candidate {
	if v.rotationAt.IsZero() || v.now.Before(v.rotationAt) || v.pinHolds() {
		return nil
	}
	return because(v1alpha1.RotationScheduled, v.successors())
}

// successors are those never published before whose own rotation time lies ahead, in the order of the list.
func (v *snapshot) successors() []*entry {
	return v.listed(func(e *entry) bool {
		return !e.replaced && e != v.activeEntry() && !e.validity.Due(v.now) && !e.validity.NeverSuccessor()
	})
}

func (v *snapshot) activeEntry() *entry {
	if v.active == nil {
		return nil
	}
	return v.active.entry
}

// lastToExpire is every listed one, the one that ends last first.
func (v *snapshot) lastToExpire() []*entry {
	list := v.listed(func(*entry) bool { return true })
	slices.SortStableFunc(list, func(a, b *entry) int {
		switch {
		case a.validity.Outlasts(b.validity):
			return -1
		case b.validity.Outlasts(a.validity):
			return 1
		}
		return 0
	})
	return list
}

// listed are the entries with a value of their own that fit.
func (v *snapshot) listed(fits func(*entry) bool) []*entry {
	var list []*entry
	for _, e := range v.entries {
		if e.hasValue() && e.duplicateOf == nil && fits(e) {
			list = append(list, e)
		}
	}
	return list
}

func because(reason v1alpha1.RotationReason, entries []*entry) []candidate {
	list := make([]candidate, 0, len(entries))
	for _, e := range entries {
		list = append(list, candidate{entry: e, reason: reason})
	}
	return list
}

// choice is what became of the candidates: one is published, something is asked, or they are looked at again later.
type choice struct {
	publish *candidate
	ask     *VerificationRequest
	next    time.Time
}

// choose takes the first candidate that is accepted. One that CleverTap is being asked about, or is to be asked
// about now, is waited for; those refused or not answered are passed over until they are asked again.
func (v *snapshot) choose() choice {
	if v.waitsForSources() {
		return choice{}
	}
	var next time.Time
	for _, c := range v.candidates() {
		switch due := v.verificationDue(c.entry, true); {
		case v.accepted(c.entry) && failover(c.reason) && !v.rejectedOnceMore(c.entry):
			return v.verifyOnceMore()
		case v.accepted(c.entry):
			return choice{publish: &c}
		case c.entry.underVerification():
			return choice{}
		case !due.IsZero() && !due.After(v.now):
			question := v.request(c.entry)
			return choice{ask: &question}
		default:
			next = schedule.Earliest(next, due)
		}
	}
	return choice{next: next}
}

// verifyOnceMore asks about the published one before a spare takes over.
func (v *snapshot) verifyOnceMore() choice {
	p := v.active
	switch {
	case !p.verification.RequestedAt.IsZero():
		return choice{}
	case p.verification.Unavailable > 0:
		if due := p.verification.UnavailableAt.Add(doubling(firstRetry, lastRetry, p.verification.Unavailable)); due.After(v.now) {
			return choice{next: due}
		}
	}
	return choice{ask: &VerificationRequest{Tuple: p.tuple, Fingerprint: p.fingerprint, Mode: v.spec.VerificationMode()}}
}

// waitsForSources is whether the object is so new that a missing source may still be on its way.
func (v *snapshot) waitsForSources() bool {
	if v.active != nil || !v.now.Before(v.Object.CreationTimestamp.Add(patience)) {
		return false
	}
	for _, e := range v.entries {
		if v.accepted(e) {
			return false // what comes earlier in the list is there
		}
		if e.Problem != "" && e.Problem != v1alpha1.ReasonPasscodeMalformed {
			return true
		}
	}
	return false
}

// accepted is whether CleverTap let the value through just now, in answer to this process.
func (v *snapshot) accepted(e *entry) bool {
	if !e.hasValue() {
		return false
	}
	if v.spec.VerificationMode() == v1alpha1.VerificationNone {
		return true
	}
	age := v.now.Sub(e.Verification.At)
	return e.Verification.Result == clevertap.Accepted && age <= freshness && age > -freshness
}

func (e *entry) underVerification() bool { return !e.Verification.RequestedAt.IsZero() }
