// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"hash/crc32"
	"math"
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

const (
	defaultInterval = time.Hour
	// stagedInterval is how often a spare is asked about.
	stagedInterval = 24 * time.Hour
	// The waits after a question that was not answered while something waits to be published.
	firstRetry, lastRetry = time.Second, time.Minute
	// The waits after a refusal.
	firstRefusalWait, lastRefusalWait = time.Minute, time.Hour
)

// Question is one to hand over: does CleverTap let this tuple through?
type Question struct {
	Tuple       Tuple
	Fingerprint string
	Mode        v1alpha1.VerificationMode
	// Urgent is whether something waits to be published for the answer.
	Urgent bool
}

func (v *view) mode() v1alpha1.VerificationMode {
	if v.spec.Verification == nil || v.spec.Verification.Mode == "" {
		return v1alpha1.VerificationConnect
	}
	return v.spec.Verification.Mode
}

// The intervals that the schema admits: a stored object that it did not see must not ask without end, or never.
const shortestInterval, longestInterval = time.Minute, 720 * time.Hour

func (v *view) interval() time.Duration {
	if v.spec.Verification == nil || v.spec.Verification.Interval == nil {
		return defaultInterval
	}
	return min(longestInterval, max(shortestInterval, parseDuration(*v.spec.Verification.Interval)))
}

// inquiry is what is known of a value, as far as the next question depends on it.
type inquiry struct {
	fingerprint string
	answer      Answer
	verdict     Verdict
	verdictAt   time.Time
	published   bool
	ends        time.Time
	// waiting is whether it waits to be published.
	waiting bool
}

// questionDue is when the entry is to be asked about next; zero means that nothing but a change leads to that.
func (v *view) questionDue(e *entry, waiting bool) time.Time {
	return v.due(inquiry{
		fingerprint: e.Fingerprint, answer: e.Answer, verdict: e.verdict, verdictAt: e.verdictAt,
		published: e == v.publishedEntry(), ends: e.life.ends, waiting: waiting,
	})
}

func (v *view) due(q inquiry) time.Time {
	switch {
	case v.mode() == v1alpha1.VerificationNone || !q.answer.AskedSince.IsZero():
		return time.Time{}
	case v.verify.pending() && lastAnswer(q.answer).Before(v.VerifySeenAt):
		return v.now
	case q.answer.Unanswered > 0:
		return v.atTheEnd(q, q.answer.UnansweredAt, v.retryWait(q))
	case q.verdict == Unknown && !v.askedPastEnd(q):
		return v.now
	case q.published && q.verdict == Refused && !v.givenUp(v.published):
		return q.verdictAt.Add(secondRefusal)
	case q.published:
		return v.atTheEnd(q, q.verdictAt, v.staggered(v.interval(), q.fingerprint))
	case q.verdict == Refused:
		return q.verdictAt.Add(doubling(firstRefusalWait, lastRefusalWait, q.answer.Refusals))
	case q.waiting:
		return v.now // only a fresh acceptance permits to publish
	}
	return q.verdictAt.Add(v.staggered(stagedInterval, q.fingerprint))
}

// askedPastEnd reports whether CleverTap was asked about a value past its end, whose status does not say what it answered.
func (v *view) askedPastEnd(q inquiry) bool {
	return !q.waiting && !q.verdictAt.IsZero() && !q.ends.IsZero() && !v.now.Before(q.ends)
}

// staggered is a wait less up to a tenth, which share is the object's and the value's own: those that were asked about
// together, by a start of the operator perhaps, are so no more after some rounds, through restarts as well.
func (v *view) staggered(wait time.Duration, fingerprint string) time.Duration {
	share := float64(crc32.ChecksumIEEE([]byte(string(v.Object.UID)+fingerprint))) / math.MaxUint32
	return max(shortestInterval, wait-time.Duration(float64(wait/10)*share).Truncate(time.Second))
}

// atTheEnd is one wait after the last question, or the published one's end where that comes between.
func (v *view) atTheEnd(q inquiry, last time.Time, wait time.Duration) time.Time {
	next := last.Add(wait)
	if q.published && !q.ends.IsZero() && last.Before(q.ends) && next.After(q.ends) {
		return q.ends
	}
	return next
}

func (v *view) retryWait(q inquiry) time.Duration {
	wait := v.interval()
	if q.waiting {
		wait = doubling(firstRetry, lastRetry, q.answer.Unanswered)
	}
	return max(wait, q.answer.RetryAfter)
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

// routine are the questions that are due whatever is to be published: about the published one, and about spares.
func (v *view) routine() (ask []Question, next time.Time) {
	for _, e := range v.listed(func(e *entry) bool { return !e.replaced || v.verify.pending() }) {
		due := v.questionDue(e, false)
		if !due.IsZero() && !due.After(v.now) {
			ask = append(ask, v.question(e))
			continue
		}
		next = earliest(next, due)
	}
	p := v.published
	if p == nil || p.entry != nil || p.tuple.Passcode.IsZero() {
		return ask, next
	}
	due := v.due(inquiry{
		fingerprint: p.fingerprint, answer: p.answer, verdict: p.verdict, verdictAt: p.verdictAt, published: true, ends: p.life.ends,
	})
	if !due.IsZero() && !due.After(v.now) {
		return append(ask, Question{Tuple: p.tuple, Fingerprint: p.fingerprint, Mode: v.mode()}), next
	}
	return ask, earliest(next, due)
}

func (v *view) question(e *entry) Question {
	return Question{Tuple: v.tuple(e), Fingerprint: e.Fingerprint, Mode: v.mode()}
}

// earliest ignores zero times.
func earliest(times ...time.Time) time.Time {
	var first time.Time
	for _, t := range times {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}
