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
func (v *Snapshot) verificationDue(e *Entry, waiting bool) time.Time {
	return v.due(verificationState{
		fingerprint: e.Fingerprint, verification: e.Verification, result: e.Result, resultAt: e.ResultAt,
		active: e == v.ActiveEntry(), expires: e.Validity.Until, waiting: waiting,
	})
}

func (v *Snapshot) due(q verificationState) time.Time {
	switch {
	case v.Spec.VerificationMode() == v1alpha1.VerificationNone || !q.verification.RequestedAt.IsZero():
		return time.Time{}
	case v.Verify.pending() && q.verification.Ended().Before(v.VerifySeenAt):
		return v.Now
	case q.verification.Unavailable > 0:
		return v.atExpiry(q, q.verification.UnavailableAt, v.retryWait(q))
	case q.result == clevertap.Unknown && !v.verifiedPastExpiry(q):
		return v.Now
	case q.active && q.result == clevertap.Rejected && !v.ConfirmedRejected(v.Active):
		return q.resultAt.Add(secondRejection)
	case q.active:
		return v.atExpiry(q, q.resultAt, v.staggered(v.Spec.VerificationInterval(), q.fingerprint))
	case q.result == clevertap.Rejected:
		return q.resultAt.Add(doubling(firstRejectionWait, lastRejectionWait, q.verification.Rejections))
	case q.waiting:
		return v.Now // only a fresh acceptance permits to publish
	}
	return q.resultAt.Add(v.staggered(stagedInterval, q.fingerprint))
}

// verifiedPastExpiry reports whether a value was verified past its expiry, whose status does not say with which result.
func (v *Snapshot) verifiedPastExpiry(q verificationState) bool {
	return !q.waiting && !q.resultAt.IsZero() && !q.expires.IsZero() && !v.Now.Before(q.expires)
}

// staggered is a wait less up to a tenth, a share that belongs to the object and the value: those that were verified at the same
// time, as at a start of the operator, are spread after some rounds, and stay so through restarts.
func (v *Snapshot) staggered(wait time.Duration, fingerprint string) time.Duration {
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
func (v *Snapshot) atExpiry(q verificationState, last time.Time, wait time.Duration) time.Time {
	next := last.Add(wait)
	if q.active && !q.expires.IsZero() && last.Before(q.expires) && next.After(q.expires) {
		return q.expires
	}
	return next
}

func (v *Snapshot) retryWait(q verificationState) time.Duration {
	wait := v.Spec.VerificationInterval()
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
func (v *Snapshot) routineRequests() (requests []VerificationRequest, next time.Time) {
	for _, e := range v.listed(func(e *Entry) bool { return !e.Replaced || v.Verify.pending() }) {
		// An observed Secret without a result is as urgent as a publication: until there is one, nothing is known of it.
		due := v.verificationDue(e, v.Observing && e == v.ActiveEntry() && e.Result == clevertap.Unknown)
		if !due.IsZero() && !due.After(v.Now) {
			requests = append(requests, v.request(e))
			continue
		}
		next = schedule.Earliest(next, due)
	}
	p := v.Active
	if p == nil || p.Entry != nil || p.Tuple.Passcode.IsZero() {
		return requests, next
	}
	due := v.due(verificationState{
		fingerprint: p.Fingerprint, verification: p.Verification, result: p.Result, resultAt: p.ResultAt, active: true, expires: p.Validity.Until,
	})
	if !due.IsZero() && !due.After(v.Now) {
		return append(requests, VerificationRequest{Tuple: p.Tuple, Fingerprint: p.Fingerprint, Mode: v.Spec.VerificationMode()}), next
	}
	return requests, schedule.Earliest(next, due)
}

func (v *Snapshot) request(e *Entry) VerificationRequest {
	return VerificationRequest{Tuple: v.tuple(e), Fingerprint: e.Fingerprint, Mode: v.Spec.VerificationMode()}
}
