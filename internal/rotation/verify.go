// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"math"
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
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
	Tuple       Tuple
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
func (v *snapshot) verificationDue(e *entry, waiting bool) time.Time {
	return v.due(verificationState{
		fingerprint: e.Fingerprint, verification: e.Verification, result: e.result, resultAt: e.resultAt,
		active: e == v.activeEntry(), expires: e.validity.Until, waiting: waiting,
	})
}

func (v *snapshot) due(q verificationState) time.Time {
	switch {
	case v.spec.VerificationMode() == v1alpha1.VerificationNone || !q.verification.RequestedAt.IsZero():
		return time.Time{}
	case v.verify.pending() && q.verification.Ended().Before(v.VerifySeenAt):
		return v.now
	case q.verification.Unavailable > 0:
		return v.atExpiry(q, q.verification.UnavailableAt, v.retryWait(q))
	case q.result == clevertap.Unknown && !v.verifiedPastExpiry(q):
		return v.now
	case q.active && q.result == clevertap.Rejected && !v.confirmedRejected(v.active):
		return q.resultAt.Add(secondRejection)
	case q.active:
		return v.atExpiry(q, q.resultAt, v.staggered(v.spec.VerificationInterval(), q.fingerprint))
	case q.result == clevertap.Rejected:
		return q.resultAt.Add(doubling(firstRejectionWait, lastRejectionWait, q.verification.Rejections))
	case q.waiting:
		return v.now // only a fresh acceptance permits to publish
	}
	return q.resultAt.Add(v.staggered(stagedInterval, q.fingerprint))
}

// verifiedPastExpiry reports whether a value was verified past its expiry, whose status does not say with which result.
func (v *snapshot) verifiedPastExpiry(q verificationState) bool {
	return !q.waiting && !q.resultAt.IsZero() && !q.expires.IsZero() && !v.now.Before(q.expires)
}

// staggered is a wait less up to a tenth, a share that belongs to the object and the value: those that were verified at the same
// time, as at a start of the operator, are spread after some rounds, and stay so through restarts.
func (v *snapshot) staggered(wait time.Duration, fingerprint string) time.Duration {
	share := float64(hash(string(v.Object.UID), fingerprint)) / math.MaxUint32
	return max(v1alpha1.MinVerificationInterval, wait-time.Duration(float64(wait/10)*share).Truncate(time.Second))
}

// hash is FNV-1a, which spreads what it is given evenly, over the texts one after the other.
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
func (v *snapshot) atExpiry(q verificationState, last time.Time, wait time.Duration) time.Time {
	next := last.Add(wait)
	if q.active && !q.expires.IsZero() && last.Before(q.expires) && next.After(q.expires) {
		return q.expires
	}
	return next
}

func (v *snapshot) retryWait(q verificationState) time.Duration {
	wait := v.spec.VerificationInterval()
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

// routineRequests are the verifications that are due whatever is to be published: of the active passcode, and of staged entries.
func (v *snapshot) routineRequests() (ask []VerificationRequest, next time.Time) {
	for _, e := range v.listed(func(e *entry) bool { return !e.replaced || v.verify.pending() }) {
		// An observed Secret without a result is as urgent as a publication: until there is one, nothing is known of it.
		due := v.verificationDue(e, v.observing && e == v.activeEntry() && e.result == clevertap.Unknown)
		if !due.IsZero() && !due.After(v.now) {
			ask = append(ask, v.request(e))
			continue
		}
		next = schedule.Earliest(next, due)
	}
	p := v.active
	if p == nil || p.entry != nil || p.tuple.Passcode.IsZero() {
		return ask, next
	}
	due := v.due(verificationState{
		fingerprint: p.fingerprint, verification: p.verification, result: p.result, resultAt: p.resultAt, active: true, expires: p.validity.Until,
	})
	if !due.IsZero() && !due.After(v.now) {
		return append(ask, VerificationRequest{Tuple: p.tuple, Fingerprint: p.fingerprint, Mode: v.spec.VerificationMode()}), next
	}
	return ask, schedule.Earliest(next, due)
}

func (v *snapshot) request(e *entry) VerificationRequest {
	return VerificationRequest{Tuple: v.tuple(e), Fingerprint: e.Fingerprint, Mode: v.spec.VerificationMode()}
}
