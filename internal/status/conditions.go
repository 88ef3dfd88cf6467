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
func (v Report) conditions(before []metav1.Condition) []metav1.Condition {
	ready := v.ready()
	sources := v.sourcesReady()
	rollout := v.rolloutCondition(meta.FindStatusCondition(before, v1alpha1.ConditionRolloutComplete))
	next := map[string]*metav1.Condition{
		v1alpha1.ConditionRolloutComplete: rollout,
		v1alpha1.ConditionReady:           &ready,
		v1alpha1.ConditionVerified:        v.verified(),
		v1alpha1.ConditionExpiringSoon:    v.expiringSoonCondition(),
		v1alpha1.ConditionSuccessorReady:  v.successorReady(),
		v1alpha1.ConditionSourcesReady:    &sources,
		v1alpha1.ConditionReconciling:     v.reconciling(),
		v1alpha1.ConditionStalled:         v.stalled(),
	}
	conditions := before
	for _, name := range []string{
		v1alpha1.ConditionReady, v1alpha1.ConditionVerified, v1alpha1.ConditionExpiringSoon,
		v1alpha1.ConditionSuccessorReady, v1alpha1.ConditionSourcesReady,
		v1alpha1.ConditionRolloutComplete, v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled,
	} {
		if next[name] != nil {
			next[name].Type = name
			v.setCondition(&conditions, *next[name])
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

func (v Report) ready() metav1.Condition {
	if v.Observing {
		return v.observedReady()
	}
	if v.Target.Conflict != "" {
		return condition(metav1.ConditionFalse, v1alpha1.ReasonTargetConflict, v.Target.Conflict)
	}
	p := v.ActiveInTarget()
	switch {
	case p == nil:
		return v.unpublished()
	case v.expired(p):
		return condition(metav1.ConditionFalse, v1alpha1.ReasonExpired, v.expiredMessage(p))
	case v.rejected(p):
		return condition(metav1.ConditionFalse, v1alpha1.ReasonPasscodeRejected, v.rejectedMessage(p))
	}
	return condition(metav1.ConditionTrue, v1alpha1.ReasonPasscodePublished, v.publishedMessage(p))
}

// unpublished is Ready while nothing is published: a result that is still to come goes before every problem.
func (v Report) unpublished() metav1.Condition {
	if v.Spec.Suspend {
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonSuspended, Suspended)
	}
	if v.WriteProblem != "" {
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonVerifying, v.WriteProblem)
	}
	if unavailable := v.FirstOf(func(e *rotation.Entry) bool {
		return e.HasValue() && e.Result == clevertap.Unknown && e.Verification.Unavailable > 0
	}); unavailable != nil {
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonVerificationUnavailable, v.unavailableMessage(unavailable))
	}
	unrejected := func(e *rotation.Entry) bool {
		return e.HasValue() && e.DuplicateOf == nil && e.Result != clevertap.Rejected
	}
	switch usable := v.FirstOf(unrejected); {
	case v.FirstOf(func(e *rotation.Entry) bool { return unrejected(e) && (!e.Replaced || e == v.Pinned()) }) != nil:
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonVerifying, v.verifyingMessage())
	case usable != nil:
		return condition(metav1.ConditionFalse, v1alpha1.ReasonSourceNotFound, v.allReplacedMessage())
	}
	return v.nothingUsable()
}

// nothingUsable is Ready while nothing is published and every entry is rejected, or has no usable value.
func (v Report) nothingUsable() metav1.Condition {
	if len(v.Entries) == 0 { // which the schema denies
		return condition(metav1.ConditionFalse, v1alpha1.ReasonSourceNotFound, problem{"spec.passcodes is empty", "list a passcode"}.String())
	}
	first := v.Entries[0]
	if first.HasValue() {
		return condition(metav1.ConditionFalse, v1alpha1.ReasonPasscodeRejected, v.allRejectedMessage())
	}
	return condition(metav1.ConditionFalse, first.Problem, v.sources().String())
}

// verified is the last result for the active passcode. Unavailable is reported only after an attempt: a result can be old
// because there was none.
func (v Report) verified() *metav1.Condition {
	p := v.ActiveInTarget()
	if p == nil {
		return nil
	}
	var c metav1.Condition
	switch {
	case v.Spec.VerificationMode() == v1alpha1.VerificationNone:
		c = condition(metav1.ConditionUnknown, v1alpha1.ReasonDisabled, "spec.verification.mode is None: passcodes are not verified")
	case v.outdated(p):
		c = v.withoutResult(p)
	case p.Result == clevertap.Rejected:
		c = condition(metav1.ConditionFalse, v1alpha1.ReasonRejected, v.rejects("the active passcode"))
	default:
		c = condition(metav1.ConditionTrue, v1alpha1.ReasonAccepted, v.acceptedMessage(p))
	}
	return &c
}

// withoutResult says why there is no result of the last two intervals.
func (v Report) withoutResult(p *rotation.ActivePasscode) metav1.Condition {
	before := meta.FindStatusCondition(v.Object.Status.Conditions, v1alpha1.ConditionVerified)
	switch {
	case v.Spec.Suspend:
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonSuspended, "spec.suspend is true: nothing is verified until it is false")
	case p.Verification.Unavailable > 0 && p.Verification.RateLimited:
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonRateLimited, v.unavailableSinceMessage(p))
	case p.Verification.Unavailable > 0:
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonUnavailable, v.unavailableSinceMessage(p))
	case unavailable(before):
		// The process before this one attempted it. A restart in an outage is no end of it.
		return condition(before.Status, before.Reason, before.Message)
	}
	return condition(metav1.ConditionUnknown, v1alpha1.ReasonVerifying, v.verifyingMessage())
}

// unavailable reports whether a Verified condition says that verification brings no result.
func unavailable(verified *metav1.Condition) bool {
	return verified != nil && (verified.Reason == v1alpha1.ReasonUnavailable || verified.Reason == v1alpha1.ReasonRateLimited)
}

func (v Report) expiringSoonCondition() *metav1.Condition {
	p := v.ActiveInTarget()
	if p == nil {
		return nil
	}
	var c metav1.Condition
	switch {
	case p.Validity.Until.IsZero():
		c = condition(metav1.ConditionFalse, v1alpha1.ReasonNeverExpires, "The active passcode never expires")
	case v.expiringSoon(p):
		c = condition(metav1.ConditionTrue, v1alpha1.ReasonWithinWindow, v.expiringMessage(p))
	default:
		c = condition(metav1.ConditionFalse, v1alpha1.ReasonOutsideWindow, "The 30 days before expiry begin at "+schedule.Stamp(p.Validity.SoonFrom()))
	}
	return &c
}

func (v Report) successorReady() *metav1.Condition {
	c := condition(metav1.ConditionFalse, v1alpha1.ReasonNoSuccessor, v.noSuccessor().String())
	switch next := v.successor(); {
	case next == nil:
	case v.Spec.Suspend:
		c = condition(metav1.ConditionFalse, v1alpha1.ReasonSuspended, fmt.Sprintf("%q is staged, but %s", next.Spec.Name, nothingWhileSuspended))
	default:
		c = condition(metav1.ConditionTrue, v1alpha1.ReasonStaged, v.successorMessage(next))
	}
	return &c
}

func (v Report) sourcesReady() metav1.Condition {
	broken := v.FirstOf(func(e *rotation.Entry) bool { return !e.HasValue() })
	if broken == nil {
		return condition(metav1.ConditionTrue, v1alpha1.ReasonFound, "Every entry has a well-formed value")
	}
	return condition(metav1.ConditionFalse, broken.Problem, v.sources().String())
}

// reconciling is present while what the spec requires is being verified, or cannot be verified.
func (v Report) reconciling() *metav1.Condition {
	if v.Paused() {
		return nil
	}
	if v.WriteProblem != "" {
		c := condition(metav1.ConditionTrue, v1alpha1.ReasonTargetNotWritten, v.WriteProblem)
		return &c
	}
	if failed := v.EffectProblems(); len(failed) > 0 {
		var problems []problem
		for _, message := range failed {
			cause, action := v1alpha1.SplitMessage(message)
			problems = append(problems, problem{cause, action})
		}
		c := condition(metav1.ConditionTrue, v1alpha1.ReasonEffectFailed, combined(problems, "").String())
		return &c
	}
	for _, c := range v.Candidates() {
		switch {
		case c.Entry.Verification.Unavailable > 0 && !c.Entry.UnderVerification():
			c := condition(metav1.ConditionTrue, v1alpha1.ReasonVerificationUnavailable, v.unavailableMessage(c.Entry))
			return &c
		case c.Entry.UnderVerification():
			c := condition(metav1.ConditionTrue, v1alpha1.ReasonVerifying, v.verifyingMessage())
			return &c
		}
	}
	return nil
}

// EffectProblems name each object other than the target that could not be written, and the way out.
func (v Report) EffectProblems() []string {
	var problems []string
	for i := range v.FormerTargets {
		if v.FormerTargets[i].Problem != "" {
			problems = append(problems, v.FormerTargets[i].Problem)
		}
	}
	for _, r := range v.Restarts {
		if r.Problem != "" {
			problems = append(problems, fmt.Sprintf("%s %q: %s", r.Kind, r.Name, r.Problem))
		}
	}
	return problems
}

// stalled is present while a person must act before what the spec requires can be published.
func (v Report) stalled() *metav1.Condition {
	reason, message, since := v.blocker()
	if reason == "" || v.Now.Before(since.Add(stalledAfter(reason))) {
		return nil
	}
	c := condition(metav1.ConditionTrue, reason, message)
	return &c
}

// blocker is what only a person can fix, and since when it is reported; "" for nothing.
func (v Report) blocker() (reason, message string, since time.Time) {
	if ready := v.ready(); ready.Status == metav1.ConditionFalse {
		return ready.Reason, ready.Message, v.falseSince(v1alpha1.ConditionReady)
	}
	if p := v.ActiveInTarget(); p != nil && p.FormerEntry != nil {
		switch source := p.FormerEntry; {
		case source.Problem != "":
			return source.Problem, v.entryProblem(source).String(), v.falseSince(v1alpha1.ConditionSourcesReady)
		case v.state(source) == v1alpha1.StateRejected:
			return v1alpha1.ReasonPasscodeRejected, v.entryProblem(source).String(), v.Now
		}
	}
	if _, forbidden := v.TargetAnnotations(); len(forbidden) > 0 {
		return v1alpha1.ReasonTargetAnnotationForbidden, forbiddenMessage(forbidden), v.Now
	}
	if v.WindowProblem != nil {
		return v1alpha1.ReasonWindowInvalid, v.windowMessage(), v.Now
	}
	return "", "", time.Time{}
}

// falseSince is when the condition became False; now where it was not.
func (v Report) falseSince(name string) time.Time {
	c := meta.FindStatusCondition(v.Object.Status.Conditions, name)
	if c == nil || c.Status != metav1.ConditionFalse {
		return schedule.WholeSecond(v.Now)
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
func (v Report) StallsAt() time.Time {
	reason, _, since := v.blocker()
	return since.Add(stalledAfter(reason))
}
