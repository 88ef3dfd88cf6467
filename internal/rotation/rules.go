// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"slices"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// candidate is a passcode that may be published now, and the reason that would be reported.
type candidate struct {
	entry  *entry
	reason v1alpha1.RotationReason
}

// rules return the passcodes that may become active, in the order in which they are tried: the first candidate that
// CleverTap accepts is published. If no rule returns any, the active passcode stays.
func rules() []func(*snapshot) []candidate {
	return []func(*snapshot) []candidate{
		// A person has named an entry in spec.rotation.pin: nothing else counts while it can be had.
		goToPin,
		// Nothing is published yet.
		publishInitial,
		// The value under the active entry's key, the account or the region was changed.
		followSource,
		// The active entry was taken off the list.
		replaceRemoved,
		// A person requested a rotation by annotation.
		rotateOnRequest,
		// The rotation time has come, and a window is open.
		rotateOnTime,
		// CleverTap rejects the active passcode for good.
		failOver,
	}
}

func (v *snapshot) candidates() []candidate {
	var list []candidate
	for _, rule := range v.rules {
		list = append(list, rule(v)...)
	}
	return list
}

// goToPin: the pinned entry, even if it was replaced before.
func goToPin(v *snapshot) []candidate {
	e := v.pinned()
	switch {
	case e == nil || !e.hasValue() || e == v.activeEntry():
		return nil
	case v.active == nil:
		return candidatesFor(v1alpha1.RotationInitial, []*entry{e})
	case v.active.formerEntry == e:
		return nil // its source has changed: that is the reason
	}
	return candidatesFor(v1alpha1.RotationPinned, []*entry{e})
}

// publishInitial: while nothing is published, the first entry whose rotation time lies ahead; if there is none, the one that
// expires last.
func publishInitial(v *snapshot) []candidate {
	if v.active != nil {
		return nil
	}
	// What a Secret without a record contains already comes first: it was handed over, and workloads use it.
	held := v.listed(func(e *entry) bool {
		return v.Target.Exists && v.Target.Record == nil && e.Passcode.Equal(v.Target.Tuple.Passcode)
	})
	ahead := slices.Concat(held, v.listed(func(e *entry) bool { return !e.validity.Due(v.now) }))
	unused := slices.DeleteFunc(append(ahead, v.lastToExpire()...), func(e *entry) bool { return e.replaced })
	return candidatesFor(v1alpha1.RotationInitial, unused)
}

// followSource: a person who edits a source, or the account, wants the new value.
func followSource(v *snapshot) []candidate {
	switch p := v.active; {
	case p == nil || p.entry != nil:
		return nil
	case p.accountChanged:
		list := slices.Concat(v.listed(func(e *entry) bool { return e == p.formerEntry }), v.successors(), v.lastToExpire())
		return candidatesFor(v1alpha1.RotationSourceChanged, list)
	case p.sourceChanged():
		return candidatesFor(v1alpha1.RotationSourceChanged, []*entry{p.formerEntry})
	}
	return nil
}

// replaceRemoved: an entry that was removed is replaced by any accepted one.
func replaceRemoved(v *snapshot) []candidate {
	if v.active == nil || !v.active.removed() || v.active.accountChanged {
		return nil
	}
	others := v.lastToExpire()
	if v.writtenByOther(v.lastPublished) { // its record says nothing of what this object replaced
		others = slices.DeleteFunc(others, v.replacedInStatus)
	}
	return candidatesFor(v1alpha1.RotationRemoved, append(v.successors(), others...))
}

// rotateOnRequest: as if the rotation time had come.
func rotateOnRequest(v *snapshot) []candidate {
	if !v.rotate.pending() {
		return nil
	}
	return candidatesFor(v1alpha1.RotationRequested, v.successors())
}

// rotateOnTime: from the rotation time on, once a window is open, the first successor.
func rotateOnTime(v *snapshot) []candidate {
	if v.rotationAt.IsZero() || v.now.Before(v.rotationAt) || v.pinHolds() {
		return nil
	}
	return candidatesFor(v1alpha1.RotationScheduled, v.successors())
}

// failOver: any accepted one, successors first, then the one that ends last, those that were replaced too.
func failOver(v *snapshot) []candidate {
	p := v.active
	if p == nil || !v.confirmedRejected(p) {
		return nil
	}
	reason := v1alpha1.RotationRejected
	if v.nearItsExpiry(p) {
		reason = v1alpha1.RotationExpired
	}
	others := slices.DeleteFunc(append(v.successors(), v.lastToExpire()...), func(e *entry) bool { return e == p.entry })
	return candidatesFor(reason, others)
}

func candidatesFor(reason v1alpha1.RotationReason, entries []*entry) []candidate {
	list := make([]candidate, 0, len(entries))
	for _, e := range entries {
		list = append(list, candidate{entry: e, reason: reason})
	}
	return list
}
