// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"slices"
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

const (
	// secondRefusal is how long after the first refusal of the published one a second one confirms it.
	secondRefusal = 30 * time.Second
	// nearEnd is how long before the end a refusal is its end: then one is enough.
	nearEnd = 24 * time.Hour
)

// givenUp is whether CleverTap has refused the published one for good, as far as this process has heard. A path that
// refuses everyone for a while does the same, so a spare must be accepted through it before anything moves, and the
// published one refused once more after that.
func (v *view) givenUp(p *published) bool {
	switch {
	case v.mode() == v1alpha1.VerificationNone:
		return p.life.over(v.now) && v.pinned() != nil && v.pinned() == p.entry
	case p.answer.Verdict != Refused:
		return false
	}
	return v.atItsEnd(p) || p.answer.At.Sub(p.answer.RefusedSince) >= secondRefusal
}

func (v *view) atItsEnd(p *published) bool {
	return !p.life.ends.IsZero() && !v.now.Before(p.life.ends.Add(-nearEnd))
}

// failOver: any accepted one, successors first, then the one that ends last, those that were replaced too.
func failOver(v *view) []candidate {
	p := v.published
	if p == nil || !v.givenUp(p) {
		return nil
	}
	reason := v1alpha1.RotationRejected
	if v.atItsEnd(p) {
		reason = v1alpha1.RotationExpired
	}
	others := slices.DeleteFunc(append(v.successors(), v.lastToEnd()...), func(e *entry) bool { return e == p.entry })
	return because(reason, others)
}

func failover(reason v1alpha1.RotationReason) bool {
	return reason == v1alpha1.RotationRejected || reason == v1alpha1.RotationExpired
}

// refusedOnceMore is whether the published one was refused after the spare was accepted.
func (v *view) refusedOnceMore(spare *entry) bool {
	if v.mode() == v1alpha1.VerificationNone {
		return true
	}
	return !v.published.answer.At.Before(spare.Answer.At)
}
