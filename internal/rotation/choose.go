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
	acceptanceFresh = 30 * time.Second
	// patience is how long a new object's missing sources are waited for: object and Secret often come together.
	sourceWait = 5 * time.Second
)

// successors are those never published before whose own rotation time lies ahead, in the order of the list.
func (v *snapshot) successors() []*entry {
	if v.observing { // nothing becomes active by itself
		return nil
	}
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
			if list == nil {
				list = make([]*entry, 0, len(v.entries))
			}
			list = append(list, e)
		}
	}
	return list
}

// choice is what became of the candidates: one is published, one is verified, or they are tried again later.
type choice struct {
	publish *candidate
	ask     *VerificationRequest
	next    time.Time
}

// choose takes the first candidate that is accepted. It waits for one whose verification is under way or due now, and
// passes over those that were rejected or had no result until they are verified again.
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

// verifyOnceMore verifies the active passcode once more before a successor takes over.
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

// waitsForSources reports whether the object is so new that a missing source may still be on its way.
func (v *snapshot) waitsForSources() bool {
	if v.active != nil || !v.now.Before(v.Object.CreationTimestamp.Add(sourceWait)) {
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

// accepted reports whether CleverTap accepted the value just now, in a verification by this process.
func (v *snapshot) accepted(e *entry) bool {
	if !e.hasValue() {
		return false
	}
	if v.spec.VerificationMode() == v1alpha1.VerificationNone {
		return true
	}
	age := v.now.Sub(e.Verification.At)
	return e.Verification.Result == clevertap.Accepted && age <= acceptanceFresh && age > -acceptanceFresh
}

func (e *entry) underVerification() bool { return !e.Verification.RequestedAt.IsZero() }
