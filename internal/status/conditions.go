// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
)

// missingStalledAfter is how long a missing source is no reason to call for a person: it may be applied after the object.
const missingStalledAfter = 5 * time.Minute

// conditions updates those there were; a nil condition is removed.
func (r Report) conditions(before []metav1.Condition) []metav1.Condition {
	ready := r.ready()
	sources := r.sourcesReady()
	rollout := r.rolloutCondition(meta.FindStatusCondition(before, v1alpha1.ConditionRolloutComplete))
	next := map[string]*metav1.Condition{
		v1alpha1.ConditionRolloutComplete: rollout,
		v1alpha1.ConditionReady:           &ready,
		v1alpha1.ConditionVerified:        r.verified(),
		v1alpha1.ConditionExpiringSoon:    r.expiringSoonCondition(),
		v1alpha1.ConditionSuccessorReady:  r.successorReady(),
		v1alpha1.ConditionSourcesReady:    &sources,
		v1alpha1.ConditionReconciling:     r.reconciling(),
		v1alpha1.ConditionStalled:         r.stalled(),
	}
	conditions := before
	for _, name := range []string{
		v1alpha1.ConditionReady, v1alpha1.ConditionVerified, v1alpha1.ConditionExpiringSoon,
		v1alpha1.ConditionSuccessorReady, v1alpha1.ConditionSourcesReady,
		v1alpha1.ConditionRolloutComplete, v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled,
	} {
		if next[name] != nil {
			next[name].Type = name
			r.setCondition(&conditions, *next[name])
		}
	}
	return slices.DeleteFunc(conditions, func(c metav1.Condition) bool {
		next, ours := next[c.Type]
		return ours && next == nil
	})
}

func condition(status metav1.ConditionStatus, reason, message string) metav1.Condition {
	return metav1.Condition{Status: status, Reason: reason, Message: message}
}

// nothingListed is Ready of an object older than the schema that requires an entry.
func nothingListed() metav1.Condition {
	return condition(metav1.ConditionFalse, v1alpha1.ReasonSourceNotFound, problem{"spec.passcodes is empty", "list a passcode"}.String())
}

// verificationSuspended is Verified of a suspended object.
func verificationSuspended() metav1.Condition {
	return condition(metav1.ConditionUnknown, v1alpha1.ReasonSuspended, "spec.suspend is true: nothing is verified until it is false")
}

func (r Report) ready() metav1.Condition {
	if r.Observing {
		return r.observedReady()
	}
	if r.Target.Conflict != "" {
		return condition(metav1.ConditionFalse, v1alpha1.ReasonTargetConflict, r.Target.Conflict)
	}
	p := r.ActiveInTarget()
	switch {
	case p == nil:
		return r.unpublished()
	case r.expired(p):
		return condition(metav1.ConditionFalse, v1alpha1.ReasonExpired, r.expiredMessage(p))
	case r.rejected(p):
		return condition(metav1.ConditionFalse, v1alpha1.ReasonPasscodeRejected, r.rejectedMessage(p))
	}
	return condition(metav1.ConditionTrue, v1alpha1.ReasonPasscodePublished, r.publishedMessage(p))
}

// unpublished is Ready while nothing is published: a result that is still to come goes before every problem.
func (r Report) unpublished() metav1.Condition {
	if r.Spec.Suspend {
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonSuspended, Suspended)
	}
	if r.WriteProblem != "" {
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonVerifying, r.WriteProblem)
	}
	if unavailable := r.FirstOf(func(e *rotation.Entry) bool {
		return e.HasValue() && e.Result == clevertap.Unknown && e.Verification.Unavailable > 0
	}); unavailable != nil {
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonVerificationUnavailable, r.unavailableMessage(unavailable))
	}
	unrejected := func(e *rotation.Entry) bool {
		return e.HasValue() && e.DuplicateOf == nil && e.Result != clevertap.Rejected
	}
	switch usable := r.FirstOf(unrejected); {
	case r.FirstOf(func(e *rotation.Entry) bool { return unrejected(e) && (!e.Replaced || e == r.Pinned()) }) != nil:
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonVerifying, r.verifyingMessage())
	case usable != nil:
		return condition(metav1.ConditionFalse, v1alpha1.ReasonSourceNotFound, r.allReplacedMessage())
	}
	return r.nothingUsable()
}

// nothingUsable is Ready while nothing is published and every entry is rejected, or has no usable value.
func (r Report) nothingUsable() metav1.Condition {
	if len(r.Entries) == 0 { // which the schema denies
		return nothingListed()
	}
	first := r.Entries[0]
	if first.HasValue() {
		return condition(metav1.ConditionFalse, v1alpha1.ReasonPasscodeRejected, r.allRejectedMessage())
	}
	return condition(metav1.ConditionFalse, first.Problem, r.sources().String())
}

// verified is the last result for the active passcode. Unavailable is reported only after an attempt: a result can be old
// because there was none.
func (r Report) verified() *metav1.Condition {
	p := r.ActiveInTarget()
	if p == nil {
		return nil
	}
	var c metav1.Condition
	switch {
	case r.Spec.VerificationMode() == v1alpha1.VerificationNone:
		c = condition(metav1.ConditionUnknown, v1alpha1.ReasonDisabled, "spec.verification.mode is None: passcodes are not verified")
	case r.outdated(p):
		c = r.withoutResult(p)
	case p.Result == clevertap.Rejected:
		c = condition(metav1.ConditionFalse, v1alpha1.ReasonRejected, r.rejects("the active passcode"))
	default:
		c = condition(metav1.ConditionTrue, v1alpha1.ReasonAccepted, r.acceptedMessage(p))
	}
	return &c
}

// withoutResult says why there is no result of the last two intervals.
func (r Report) withoutResult(p *rotation.ActivePasscode) metav1.Condition {
	before := meta.FindStatusCondition(r.Object.Status.Conditions, v1alpha1.ConditionVerified)
	switch {
	case r.Spec.Suspend:
		return verificationSuspended()
	case p.Verification.Unavailable > 0 && p.Verification.RateLimited:
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonRateLimited, r.unavailableSinceMessage(p))
	case p.Verification.Unavailable > 0:
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonUnavailable, r.unavailableSinceMessage(p))
	case unavailable(before):
		// The process before this one attempted it. A restart in an outage is no end of it.
		return condition(before.Status, before.Reason, before.Message)
	}
	return condition(metav1.ConditionUnknown, v1alpha1.ReasonVerifying, r.verifyingMessage())
}

// unavailable reports whether a Verified condition says that verification brings no result.
func unavailable(verified *metav1.Condition) bool {
	return verified != nil && (verified.Reason == v1alpha1.ReasonUnavailable || verified.Reason == v1alpha1.ReasonRateLimited)
}

func (r Report) expiringSoonCondition() *metav1.Condition {
	p := r.ActiveInTarget()
	if p == nil {
		return nil
	}
	var c metav1.Condition
	switch {
	case p.Validity.Until.IsZero():
		c = condition(metav1.ConditionFalse, v1alpha1.ReasonNeverExpires, "The active passcode never expires")
	case r.expiringSoon(p):
		c = condition(metav1.ConditionTrue, v1alpha1.ReasonWithinWindow, r.expiringMessage(p))
	default:
		c = condition(metav1.ConditionFalse, v1alpha1.ReasonOutsideWindow, "The 30 days before expiry begin at "+schedule.Stamp(p.Validity.SoonFrom()))
	}
	return &c
}

func (r Report) successorReady() *metav1.Condition {
	c := condition(metav1.ConditionFalse, v1alpha1.ReasonNoSuccessor, r.noSuccessor().String())
	switch next := r.successor(); {
	case next == nil:
	case r.Spec.Suspend:
		c = condition(metav1.ConditionFalse, v1alpha1.ReasonSuspended, fmt.Sprintf("%q is staged, but %s", next.Spec.Name, nothingWhileSuspended))
	default:
		c = condition(metav1.ConditionTrue, v1alpha1.ReasonStaged, r.successorMessage(next))
	}
	return &c
}

func (r Report) sourcesReady() metav1.Condition {
	broken := r.FirstOf(func(e *rotation.Entry) bool { return !e.HasValue() })
	if broken == nil {
		return condition(metav1.ConditionTrue, v1alpha1.ReasonFound, "Every entry has a well-formed value")
	}
	return condition(metav1.ConditionFalse, broken.Problem, r.sources().String())
}

// reconciling is present while what the spec requires is being verified, or cannot be verified.
func (r Report) reconciling() *metav1.Condition {
	if r.Paused() {
		return nil
	}
	if r.WriteProblem != "" {
		c := condition(metav1.ConditionTrue, v1alpha1.ReasonTargetNotWritten, r.WriteProblem)
		return &c
	}
	if failed := r.EffectProblems(); len(failed) > 0 {
		var problems []problem
		for _, message := range failed {
			cause, action := v1alpha1.SplitMessage(message)
			problems = append(problems, problem{cause, action})
		}
		c := condition(metav1.ConditionTrue, v1alpha1.ReasonEffectFailed, combined(problems, "").String())
		return &c
	}
	for _, c := range r.Candidates() {
		switch {
		case c.Entry.Verification.Unavailable > 0 && !c.Entry.UnderVerification():
			c := condition(metav1.ConditionTrue, v1alpha1.ReasonVerificationUnavailable, r.unavailableMessage(c.Entry))
			return &c
		case c.Entry.UnderVerification():
			c := condition(metav1.ConditionTrue, v1alpha1.ReasonVerifying, r.verifyingMessage())
			return &c
		}
	}
	return nil
}

// EffectProblems name each object other than the target that could not be written, and the way out.
func (r Report) EffectProblems() []string {
	var problems []string
	for i := range r.FormerTargets {
		if r.FormerTargets[i].Problem != "" {
			problems = append(problems, r.FormerTargets[i].Problem)
		}
	}
	for _, restart := range r.Restarts {
		if restart.Problem != "" {
			problems = append(problems, fmt.Sprintf("%s %q: %s", restart.Kind, restart.Name, restart.Problem))
		}
	}
	return problems
}

// stalled is present while a person must act before what the spec requires can be published.
func (r Report) stalled() *metav1.Condition {
	reason, message, since := r.blocker()
	if reason == "" || r.Now.Before(since.Add(stalledAfter(reason))) {
		return nil
	}
	c := condition(metav1.ConditionTrue, reason, message)
	return &c
}

// blocker is what only a person can fix, and since when it is reported; "" for nothing.
func (r Report) blocker() (reason, message string, since time.Time) {
	if ready := r.ready(); ready.Status == metav1.ConditionFalse {
		return ready.Reason, ready.Message, r.falseSince(v1alpha1.ConditionReady)
	}
	if p := r.ActiveInTarget(); p != nil && p.FormerEntry != nil {
		switch source := p.FormerEntry; {
		case source.Problem != "":
			return source.Problem, r.entryProblem(source).String(), r.falseSince(v1alpha1.ConditionSourcesReady)
		case r.state(source) == v1alpha1.StateRejected:
			return v1alpha1.ReasonPasscodeRejected, r.entryProblem(source).String(), r.Now
		}
	}
	if _, forbidden := r.TargetAnnotations(); len(forbidden) > 0 {
		return v1alpha1.ReasonTargetAnnotationForbidden, forbiddenMessage(forbidden), r.Now
	}
	if r.WindowProblem != nil {
		return v1alpha1.ReasonWindowInvalid, r.windowMessage(), r.Now
	}
	return "", "", time.Time{}
}

// falseSince is when the condition became False; now if it was not.
func (r Report) falseSince(name string) time.Time {
	c := meta.FindStatusCondition(r.Object.Status.Conditions, name)
	if c == nil || c.Status != metav1.ConditionFalse {
		return schedule.WholeSecond(r.Now)
	}
	return c.LastTransitionTime.UTC()
}

// stalledAfter is how long a problem is no reason to call for a person.
func stalledAfter(reason string) time.Duration {
	switch reason {
	case v1alpha1.ReasonSourceNotFound, v1alpha1.ReasonSourceNotLabelled, v1alpha1.ReasonKeyNotFound:
		return missingStalledAfter
	}
	return 0
}

// StallsAt is when a problem that is no reason to call for a person yet becomes one; past or zero for never.
func (r Report) StallsAt() time.Time {
	reason, _, since := r.blocker()
	return since.Add(stalledAfter(reason))
}
