// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"slices"
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
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
var rules = []func(*view) []candidate{
	goToPin,
	publishFirst,
	followSource,
	replaceRemoved,
	rotateOnRequest,
	rotateOnTime,
	failOver,
}

func (v *view) candidates() []candidate {
	var list []candidate
	for _, rule := range rules {
		list = append(list, rule(v)...)
	}
	return list
}

// publishFirst: while nothing is published, the first listed one whose rotation time lies ahead; where there is
// none, the one that ends last.
func publishFirst(v *view) []candidate {
	if v.published != nil {
		return nil
	}
	ahead := v.listed(func(e *entry) bool { return !e.life.due(v.now) })
	unused := slices.DeleteFunc(append(ahead, v.lastToEnd()...), func(e *entry) bool { return e.replaced })
	return because(v1alpha1.RotationInitial, unused)
}

// followSource: editing a source, or the account, is asking for it.
func followSource(v *view) []candidate {
	switch p := v.published; {
	case p == nil || p.entry != nil:
		return nil
	case p.moved:
		list := slices.Concat(v.listed(func(e *entry) bool { return e == p.namesake }), v.successors(), v.lastToEnd())
		return because(v1alpha1.RotationSourceChanged, list)
	case p.sourceChanged():
		return because(v1alpha1.RotationSourceChanged, []*entry{p.namesake})
	}
	return nil
}

// replaceRemoved: what was taken off the list is replaced by any accepted one.
func replaceRemoved(v *view) []candidate {
	if v.published == nil || !v.published.removed() || v.published.moved {
		return nil
	}
	any := v.lastToEnd()
	if v.writtenByOther(v.base) { // its record says nothing of what this object replaced
		any = slices.DeleteFunc(any, v.calledReplaced)
	}
	return because(v1alpha1.RotationRemoved, append(v.successors(), any...))
}

// rotateOnTime: from the rotation time on, once a window is open, the first successor.
func rotateOnTime(v *view) []candidate {
	if v.switchAt.IsZero() || v.now.Before(v.switchAt) || v.pinHolds() {
		return nil
	}
	return because(v1alpha1.RotationScheduled, v.successors())
}

// successors are those never published before whose own rotation time lies ahead, in the order of the list.
func (v *view) successors() []*entry {
	return v.listed(func(e *entry) bool {
		return !e.replaced && e != v.publishedEntry() && !e.life.due(v.now) && !e.life.tooShort()
	})
}

func (v *view) publishedEntry() *entry {
	if v.published == nil {
		return nil
	}
	return v.published.entry
}

// lastToEnd is every listed one, the one that ends last first.
func (v *view) lastToEnd() []*entry {
	list := v.listed(func(*entry) bool { return true })
	slices.SortStableFunc(list, func(a, b *entry) int {
		switch {
		case a.life.outlasts(b.life):
			return -1
		case b.life.outlasts(a.life):
			return 1
		}
		return 0
	})
	return list
}

// listed are the entries with a value of their own that fit.
func (v *view) listed(fits func(*entry) bool) []*entry {
	var list []*entry
	for _, e := range v.entries {
		if e.hasValue() && e.sameAs == nil && fits(e) {
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
	ask     *Question
	next    time.Time
}

// choose takes the first candidate that is accepted. One that CleverTap is being asked about, or is to be asked
// about now, is waited for; those refused or not answered are passed over until they are asked again.
func (v *view) choose() choice {
	if v.waitsForSources() {
		return choice{}
	}
	var next time.Time
	for _, c := range v.candidates() {
		switch due := v.questionDue(c.entry, true); {
		case v.accepted(c.entry) && failover(c.reason) && !v.refusedOnceMore(c.entry):
			return v.askOnceMore()
		case v.accepted(c.entry):
			return choice{publish: &c}
		case c.entry.asking():
			return choice{}
		case !due.IsZero() && !due.After(v.now):
			question := v.question(c.entry)
			return choice{ask: &question}
		default:
			next = earliest(next, due)
		}
	}
	return choice{next: next}
}

// askOnceMore asks about the published one before a spare takes over.
func (v *view) askOnceMore() choice {
	p := v.published
	switch {
	case !p.answer.AskedSince.IsZero():
		return choice{}
	case p.answer.Unanswered > 0:
		if due := p.answer.UnansweredAt.Add(doubling(firstRetry, lastRetry, p.answer.Unanswered)); due.After(v.now) {
			return choice{next: due}
		}
	}
	return choice{ask: &Question{Tuple: p.tuple, Fingerprint: p.fingerprint, Mode: v.mode()}}
}

// waitsForSources is whether the object is so new that a missing source may still be on its way.
func (v *view) waitsForSources() bool {
	if v.published != nil || !v.now.Before(v.Object.CreationTimestamp.Add(patience)) {
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
func (v *view) accepted(e *entry) bool {
	if !e.hasValue() {
		return false
	}
	if v.mode() == v1alpha1.VerificationNone {
		return true
	}
	age := v.now.Sub(e.Answer.At)
	return e.Answer.Verdict == Accepted && age <= freshness && age > -freshness
}

func (e *entry) asking() bool { return !e.Answer.AskedSince.IsZero() }
