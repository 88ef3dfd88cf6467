// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"math"
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

const (
	// stagedInterval is how often a staged entry is verified.
	stagedInterval = 24 * time.Hour
	// The waits after a verification without a result while something waits to be published.
	firstRetry, lastRetry = time.Second, time.Minute
	// The waits after a rejection.
	firstRejectionWait, lastRejectionWait = time.Minute, time.Hour
)

// VerificationRequest is one to hand over: does CleverTap let this tuple through?
type VerificationRequest struct {
	Tuple       target.Tuple
	Fingerprint string
	Mode        v1alpha1.VerificationMode
	// Urgent reports whether a publication waits for the result.
	Urgent bool
}

// verificationState is what is known of a value, as far as its next verification depends on it.
type verificationState struct {
	fingerprint  string
	verification clevertap.Verification
	result       clevertap.Result
	resultAt     time.Time
	active       bool
	expires      time.Time
	// waiting reports whether it waits to be published.
	waiting bool
}

// verificationDue is when the entry is verified next; zero means that only a change leads to that.
func (s *Snapshot) verificationDue(e *Entry, waiting bool) time.Time {
	return s.due(verificationState{
		fingerprint: e.Fingerprint, verification: e.Verification, result: e.Result, resultAt: e.ResultAt,
		active: e == s.ActiveEntry(), expires: e.Validity.Until, waiting: waiting,
	})
}

func (s *Snapshot) due(q verificationState) time.Time {
	switch {
	case s.Spec.VerificationMode() == v1alpha1.VerificationNone || !q.verification.RequestedAt.IsZero():
		return time.Time{}
	case s.Verify.pending() && q.verification.Ended().Before(s.VerifySeenAt):
		return s.Now
	case q.verification.Unavailable > 0:
		return s.atExpiry(q, q.verification.UnavailableAt, s.retryWait(q))
	case q.result == clevertap.Unknown && !s.verifiedPastExpiry(q):
		return s.Now
	case q.active && q.result == clevertap.Rejected && !s.ConfirmedRejected(s.Active):
		return q.resultAt.Add(secondRejection)
	case q.active:
		return s.atExpiry(q, q.resultAt, s.staggered(s.Spec.VerificationInterval(), q.fingerprint))
	case q.result == clevertap.Rejected:
		return q.resultAt.Add(doubling(firstRejectionWait, lastRejectionWait, q.verification.Rejections))
	case q.waiting:
		return s.Now // only a fresh acceptance permits to publish
	}
	return q.resultAt.Add(s.staggered(stagedInterval, q.fingerprint))
}

// verifiedPastExpiry reports whether a value was verified past its expiry, whose status does not say with which result.
func (s *Snapshot) verifiedPastExpiry(q verificationState) bool {
	return !q.waiting && !q.resultAt.IsZero() && !q.expires.IsZero() && !s.Now.Before(q.expires)
}

// staggered is a wait less up to a tenth, a share that belongs to the object and the value: those that were verified at the same
// time, as at a start of the operator, are spread after some rounds, and stay so through restarts.
func (s *Snapshot) staggered(wait time.Duration, fingerprint string) time.Duration {
	share := float64(hash(string(s.Object.UID), fingerprint)) / math.MaxUint32
	return max(v1alpha1.MinVerificationInterval, wait-time.Duration(float64(wait/10)*share).Truncate(time.Second))
}

// hash is FNV-1a, which spreads what it is given evenly, over the texts one after the other. Not hash/fnv, which allocates
// for each entry at each pass.
func hash(texts ...string) uint32 {
	sum := uint32(2166136261)
	for _, text := range texts {
		for i := range len(text) {
			sum = (sum ^ uint32(text[i])) * 16777619
		}
	}
	return sum
}

// atExpiry is one wait after the last verification, or the expiry of the active passcode if that comes first.
func (s *Snapshot) atExpiry(q verificationState, last time.Time, wait time.Duration) time.Time {
	next := last.Add(wait)
	if q.active && !q.expires.IsZero() && last.Before(q.expires) && next.After(q.expires) {
		return q.expires
	}
	return next
}

func (s *Snapshot) retryWait(q verificationState) time.Duration {
	wait := s.Spec.VerificationInterval()
	if q.waiting {
		wait = doubling(firstRetry, lastRetry, q.verification.Unavailable)
	}
	return max(wait, q.verification.RetryAfter)
}

// doubling is the wait after the nth time in a row.
func doubling(first, last time.Duration, n int) time.Duration {
	wait := first
	for range n - 1 {
		if wait >= last {
			return last
		}
		wait *= 2
	}
	return min(wait, last)
}

// routineRequests are the verifications that are due, whether or not a publication waits for them: of the active passcode, and of staged entries.
func (s *Snapshot) routineRequests() (requests []VerificationRequest, next time.Time) {
	for _, e := range s.listed(func(e *Entry) bool { return !e.Replaced || s.Verify.pending() }) {
		// An observed Secret without a result is as urgent as a publication: until there is one, nothing is known of it.
		due := s.verificationDue(e, s.Observing && e == s.ActiveEntry() && e.Result == clevertap.Unknown)
		if !due.IsZero() && !due.After(s.Now) {
			requests = append(requests, s.request(e))
			continue
		}
		next = schedule.Earliest(next, due)
	}
	p := s.Active
	if p == nil || p.Entry != nil || p.Tuple.Passcode.IsZero() {
		return requests, next
	}
	due := s.due(verificationState{
		fingerprint: p.Fingerprint, verification: p.Verification, result: p.Result, resultAt: p.ResultAt, active: true, expires: p.Validity.Until,
	})
	if !due.IsZero() && !due.After(s.Now) {
		return append(requests, VerificationRequest{Tuple: p.Tuple, Fingerprint: p.Fingerprint, Mode: s.Spec.VerificationMode()}), next
	}
	return requests, schedule.Earliest(next, due)
}

func (s *Snapshot) request(e *Entry) VerificationRequest {
	return VerificationRequest{Tuple: s.tuple(e), Fingerprint: e.Fingerprint, Mode: s.Spec.VerificationMode()}
}
