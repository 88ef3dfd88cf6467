// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"slices"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// Candidate is a passcode that may be published now, and the reason that would be reported.
type Candidate struct {
	Entry  *Entry
	Reason v1alpha1.RotationReason
}

// rules return the passcodes that may become active, in the order in which they are tried: the first candidate that
// CleverTap accepts is published. If no rule returns any, the active passcode stays.
func rules() []func(*Snapshot) []Candidate {
	return []func(*Snapshot) []Candidate{
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

// Candidates are those of all rules, in the order in which they are tried.
func (s *Snapshot) Candidates() []Candidate {
	var list []Candidate
	for _, rule := range s.rules {
		list = append(list, rule(s)...)
	}
	return list
}

// goToPin: the pinned entry, even if it was replaced before.
func goToPin(s *Snapshot) []Candidate {
	e := s.Pinned()
	switch {
	case e == nil || !e.HasValue() || e == s.ActiveEntry():
		return nil
	case s.Active == nil:
		return candidatesFor(v1alpha1.RotationInitial, []*Entry{e})
	case s.Active.FormerEntry == e:
		return nil // its source has changed: that is the reason
	}
	return candidatesFor(v1alpha1.RotationPinned, []*Entry{e})
}

// publishInitial: while nothing is published, the first entry whose rotation time lies ahead; if there is none, the one that
// expires last.
func publishInitial(s *Snapshot) []Candidate {
	if s.Active != nil {
		return nil
	}
	// What a Secret without a record contains already comes first: it was handed over, and workloads use it.
	handedOver := s.listed(func(e *Entry) bool {
		return s.Target.Exists && s.Target.Record == nil && e.Passcode.Equal(s.Target.Tuple.Passcode)
	})
	ahead := slices.Concat(handedOver, s.listed(func(e *Entry) bool { return !e.Validity.Due(s.Now) }))
	unused := slices.DeleteFunc(append(ahead, s.lastToExpire()...), func(e *Entry) bool { return e.Replaced })
	return candidatesFor(v1alpha1.RotationInitial, unused)
}

// followSource: a person who edits a source, or the account, wants the new value.
func followSource(s *Snapshot) []Candidate {
	switch p := s.Active; {
	case p == nil || p.Entry != nil:
		return nil
	case p.AccountChanged:
		list := slices.Concat(s.listed(func(e *Entry) bool { return e == p.FormerEntry }), s.Successors(), s.lastToExpire())
		return candidatesFor(v1alpha1.RotationSourceChanged, list)
	case p.SourceChanged():
		return candidatesFor(v1alpha1.RotationSourceChanged, []*Entry{p.FormerEntry})
	}
	return nil
}

// replaceRemoved: an entry that was removed is replaced by any accepted one.
func replaceRemoved(s *Snapshot) []Candidate {
	if s.Active == nil || !s.Active.Removed() || s.Active.AccountChanged {
		return nil
	}
	others := s.lastToExpire()
	if s.writtenByOther(s.LastPublished) { // its record says nothing of what this object replaced
		others = slices.DeleteFunc(others, s.replacedInStatus)
	}
	return candidatesFor(v1alpha1.RotationRemoved, append(s.Successors(), others...))
}

// rotateOnRequest: as if the rotation time had come.
func rotateOnRequest(s *Snapshot) []Candidate {
	if !s.Rotate.pending() {
		return nil
	}
	return candidatesFor(v1alpha1.RotationRequested, s.Successors())
}

// rotateOnTime: from the rotation time on, once a window is open, the first successor.
func rotateOnTime(s *Snapshot) []Candidate {
	if s.RotationAt.IsZero() || s.Now.Before(s.RotationAt) || s.PinInEffect() {
		return nil
	}
	return candidatesFor(v1alpha1.RotationScheduled, s.Successors())
}

// failOver: any accepted one, successors first, then the one that expires last, those that were replaced too.
func failOver(s *Snapshot) []Candidate {
	p := s.Active
	if p == nil || !s.ConfirmedRejected(p) {
		return nil
	}
	reason := v1alpha1.RotationRejected
	if s.nearItsExpiry(p) {
		reason = v1alpha1.RotationExpired
	}
	others := slices.DeleteFunc(append(s.Successors(), s.lastToExpire()...), func(e *Entry) bool { return e == p.Entry })
	return candidatesFor(reason, others)
}

func candidatesFor(reason v1alpha1.RotationReason, entries []*Entry) []Candidate {
	list := make([]Candidate, 0, len(entries))
	for _, e := range entries {
		list = append(list, Candidate{Entry: e, Reason: reason})
	}
	return list
}
