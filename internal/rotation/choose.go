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
	// acceptanceFresh is how long an acceptance permits to publish.
	acceptanceFresh = 30 * time.Second
	// SourceWait is how long a new object's missing sources are waited for: object and Secret often come together.
	SourceWait = 5 * time.Second
)

// Successors are those never published before whose own rotation time lies ahead, in the order of the list.
func (s *Snapshot) Successors() []*Entry {
	if s.Observing { // nothing becomes active by itself
		return nil
	}
	return s.listed(func(e *Entry) bool {
		return !e.Replaced && e != s.ActiveEntry() && !e.Validity.Due(s.Now) && !e.Validity.NeverSuccessor()
	})
}

// ActiveEntry is the entry whose value is active; nil if none is, or if the list has none with that value.
func (s *Snapshot) ActiveEntry() *Entry {
	if s.Active == nil {
		return nil
	}
	return s.Active.Entry
}

// lastToExpire is every entry, the one that expires last first.
func (s *Snapshot) lastToExpire() []*Entry {
	list := s.listed(func(*Entry) bool { return true })
	slices.SortStableFunc(list, func(a, b *Entry) int {
		switch {
		case a.Validity.Outlasts(b.Validity):
			return -1
		case b.Validity.Outlasts(a.Validity):
			return 1
		}
		return 0
	})
	return list
}

// listed are the entries with a value of their own that fit.
func (s *Snapshot) listed(fits func(*Entry) bool) []*Entry {
	var list []*Entry
	for _, e := range s.Entries {
		if e.HasValue() && e.DuplicateOf == nil && fits(e) {
			if list == nil {
				list = make([]*Entry, 0, len(s.Entries))
			}
			list = append(list, e)
		}
	}
	return list
}

// choice is what became of the candidates: one is published, one is verified, or they are tried again later.
type choice struct {
	publish *Candidate
	verify  *VerificationRequest
	next    time.Time
}

// choose takes the first candidate that is accepted. It waits for one whose verification is under way or due now, and
// passes over those that were rejected or had no result until they are verified again.
func (s *Snapshot) choose() choice {
	if s.WaitsForSources() {
		return choice{}
	}
	var next time.Time
	for _, c := range s.Candidates() {
		switch due := s.verificationDue(c.Entry, true); {
		case s.accepted(c.Entry) && IsFailover(c.Reason) && !s.rejectedOnceMore(c.Entry):
			return s.verifyOnceMore()
		case s.accepted(c.Entry):
			return choice{publish: &c}
		case c.Entry.UnderVerification():
			return choice{}
		case !due.IsZero() && !due.After(s.Now):
			request := s.request(c.Entry)
			return choice{verify: &request}
		default:
			next = schedule.Earliest(next, due)
		}
	}
	return choice{next: next}
}

// verifyOnceMore verifies the active passcode once more before a successor becomes active.
func (s *Snapshot) verifyOnceMore() choice {
	p := s.Active
	switch {
	case !p.Verification.RequestedAt.IsZero():
		return choice{}
	case p.Verification.Unavailable > 0:
		if due := p.Verification.UnavailableAt.Add(doubling(firstRetry, lastRetry, p.Verification.Unavailable)); due.After(s.Now) {
			return choice{next: due}
		}
	}
	return choice{verify: &VerificationRequest{Tuple: p.Tuple, Fingerprint: p.Fingerprint, Mode: s.Spec.VerificationMode()}}
}

// WaitsForSources reports whether the object is so new that a missing source may still be on its way.
func (s *Snapshot) WaitsForSources() bool {
	if s.Active != nil || !s.Now.Before(s.Object.CreationTimestamp.Add(SourceWait)) {
		return false
	}
	for _, e := range s.Entries {
		if s.accepted(e) {
			return false // what comes earlier in the list is there
		}
		if e.Problem != "" && e.Problem != v1alpha1.ReasonPasscodeMalformed {
			return true
		}
	}
	return false
}

// accepted reports whether CleverTap accepted the value just now, in a verification by this process.
func (s *Snapshot) accepted(e *Entry) bool {
	if !e.HasValue() {
		return false
	}
	if s.Spec.VerificationMode() == v1alpha1.VerificationNone {
		return true
	}
	age := s.Now.Sub(e.Verification.At)
	return e.Verification.Result == clevertap.Accepted && age <= acceptanceFresh && age > -acceptanceFresh
}

// UnderVerification reports whether its value is being verified now.
func (e *Entry) UnderVerification() bool { return !e.Verification.RequestedAt.IsZero() }
