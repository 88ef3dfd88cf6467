// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
)

// observe decides for an object in mode Observe. Workloads mount the source of the first entry, which someone else
// maintains: there is no target and no rule, and what is decided is only what to verify and what to report.
func observe(now time.Time, o Observed) Decision {
	v := report{&pass{&replacedValues{snapshot: newObservingSnapshot(now, o)}}}
	d := Decision{}
	d.Verify, d.Next = v.verificationRequests()
	if quiet := v.resultExpectedUntil(d.Verify); v.now.Before(quiet) {
		d.Status = *o.Object.Status.DeepCopy()
		d.Next = schedule.Earliest(d.Next, v.nextChange(), quiet)
		return d
	}
	d.Status = v.observedStatus()
	d.Events = v.observedEvents(d.Status)
	d.Next = schedule.Earliest(d.Next, v.nextChange())
	return d
}

// newObservingSnapshot is a snapshot whose active passcode is the first entry, whatever its state, while it has a
// well-formed value.
func newObservingSnapshot(now time.Time, o Observed) *snapshot {
	v := &snapshot{Observed: o, now: now, spec: &o.Object.Spec, observing: true}
	v.Target, v.LastKnown = Target{}, nil
	v.addEntries()
	if len(v.entries) > 0 && v.entries[0].hasValue() {
		first := v.entries[0]
		v.active = &activePasscode{
			record:      Record{Revision: o.Object.Status.Revision, Passcode: first.spec.Name},
			fingerprint: first.Fingerprint, tuple: v.tuple(first), entry: first, validity: first.validity,
			result: first.result, resultAt: first.resultAt, verification: first.Verification,
		}
		v.current = v.active
	}
	v.rotate, v.verify = v.rotateRequest(), v.verifyRequest()
	return v
}

// observedStatus leaves out all that is about a target. Revision and history stay as mode Manage left them.
func (v report) observedStatus() v1alpha1.CleverTapPasscodeStatus {
	s := v.Object.Status
	s.Conditions = slices.Clone(s.Conditions)
	s.ObservedGeneration = v.Object.Generation
	s.AccountID, s.Region = v.spec.AccountID, v.spec.Region
	s.Target, s.NextPasscode, s.NextRotationTime, s.StalePods = "", "", nil, nil
	s.Passcodes = v.passcodes()
	s.ActivePasscode, s.ExpiresAt = "", nil
	if p := v.active; p != nil {
		s.ActivePasscode, s.ExpiresAt = p.name(), timeOrNil(p.validity.Until)
	}
	s.LastHandledRotateAt = v.rotate.echo(s.LastHandledRotateAt)
	s.LastHandledVerifyAt = v.verify.echo(s.LastHandledVerifyAt)
	s.RunwayUntil = v.runway()
	s.LastReminderDays = v.reminder()
	s.Conditions = v.conditions(s.Conditions)
	s.Phase = v.phase()
	return s
}

// observedReady is Ready in mode Observe. Once its value had a result, an outage of CleverTap shows only in Verified.
func (v report) observedReady() metav1.Condition {
	p := v.active
	switch {
	case p == nil:
		return v.nothingObserved()
	case v.expired(p):
		return condition(metav1.ConditionFalse, v1alpha1.ReasonExpired, v.expiredMessage(p))
	case v.rejected(p):
		return condition(metav1.ConditionFalse, v1alpha1.ReasonPasscodeRejected, v.rejectedMessage(p))
	case v.spec.VerificationMode() == v1alpha1.VerificationNone:
		return condition(metav1.ConditionTrue, v1alpha1.ReasonPasscodeFound, v.publishedMessage(p))
	case p.result == clevertap.Accepted, v.wasReady(p):
		return condition(metav1.ConditionTrue, v1alpha1.ReasonPasscodeVerified, v.publishedMessage(p))
	case v.spec.Suspend:
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonSuspended, "spec.suspend is true: nothing is verified until it is false")
	case p.verification.Unavailable > 0:
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonVerificationUnavailable, v.unavailableMessage(p.entry))
	}
	return condition(metav1.ConditionUnknown, v1alpha1.ReasonVerifying, v.verifyingMessage())
}

// wasReady reports whether the status calls this very value ready because it had a result: a single rejection, or an outage,
// does not end that.
func (v report) wasReady(p *activePasscode) bool {
	hadResult := slices.ContainsFunc(v.Object.Status.Passcodes, func(s v1alpha1.PasscodeStatus) bool {
		return s.State == v1alpha1.StateActive && s.Fingerprint == p.fingerprint && s.VerifiedAt != nil
	})
	return hadResult && meta.IsStatusConditionTrue(v.Object.Status.Conditions, v1alpha1.ConditionReady)
}

func (v report) nothingObserved() metav1.Condition {
	if len(v.entries) == 0 { // which the schema denies
		return condition(metav1.ConditionFalse, v1alpha1.ReasonSourceNotFound, "spec.passcodes is empty: list a passcode")
	}
	return condition(metav1.ConditionFalse, v.entries[0].Problem, v.problemsMessage())
}

// observedEvents are those of events that can happen without a target.
func (v report) observedEvents(after v1alpha1.CleverTapPasscodeStatus) []Event {
	before := v.Object.Status
	events := slices.Concat(v.targetReleased(before), v.deniedRequest(before.LastHandledRotateAt, v.rotate), v.deniedRequest(before.LastHandledVerifyAt, v.verify))
	ready, unavailable := v.readyEvent(before, after), v.unavailableEvent(before, after)
	if ready != nil && ready.Reason == v1alpha1.ReasonVerificationUnavailable {
		unavailable = nil // one an outage
	}
	for _, event := range []*Event{
		ready, v.sourcesEvent(before, after), unavailable, v.expiringSoonEvent(before, after), v.mismatchEvent(before, after),
	} {
		if event != nil {
			events = append(events, *event)
		}
	}
	for i := range events {
		events[i].Passcode = cmp.Or(events[i].Passcode, after.ActivePasscode)
	}
	return append(events, v.createdInFutureEvents(before)...)
}

// targetReleased reports once, when mode Manage has ended, that its target is no longer written. No mark is written on it.
func (v report) targetReleased(before v1alpha1.CleverTapPasscodeStatus) []Event {
	at := slices.IndexFunc(v.FormerTargets, func(f Former) bool { return f.Name == before.Target && f.Exists && f.Record != nil })
	if before.Target == "" || at < 0 {
		return nil
	}
	fate := "It stays unchanged"
	if v.FormerTargets[at].Owned {
		fate = "It is deleted with this object"
	}
	return []Event{{
		Reason: v1alpha1.EventTargetReleased,
		Message: fmt.Sprintf("spec.mode is Observe now, so Secret %q is no longer written. %s; once nothing mounts it: kubectl delete secret -n %s %s",
			before.Target, fate, v.Object.Namespace, before.Target),
	}}
}
