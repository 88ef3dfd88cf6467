// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
)

// observedStatus leaves out all that is about a target. Revision and history stay as mode Manage left them.
func (r Report) observedStatus() v1alpha1.CleverTapPasscodeStatus {
	s := r.Object.Status
	s.Conditions = slices.Clone(s.Conditions)
	s.ObservedGeneration = r.Object.Generation
	s.AccountID, s.Region = r.Spec.AccountID, r.Spec.Region
	s.Target, s.NextPasscode, s.NextRotationTime, s.StalePods = "", "", nil, nil
	s.Passcodes = r.passcodes()
	s.ActivePasscode, s.ExpiresAt = "", nil
	if p := r.Active; p != nil {
		s.ActivePasscode, s.ExpiresAt = p.Name(), timeOrNil(p.Validity.Until)
	}
	s.LastHandledRotateAt = r.Rotate.Echo(s.LastHandledRotateAt)
	s.LastHandledVerifyAt = r.Verify.Echo(s.LastHandledVerifyAt)
	s.RunwayUntil = r.runway()
	s.LastReminderDays = r.reminder()
	s.Conditions = r.conditions(s.Conditions)
	s.Phase = r.phase()
	return s
}

// observedReady is Ready in mode Observe. Once its value had a result, an outage of CleverTap shows only in Verified.
func (r Report) observedReady() metav1.Condition {
	p := r.Active
	switch {
	case p == nil:
		return r.nothingObserved()
	case r.expired(p):
		return condition(metav1.ConditionFalse, v1alpha1.ReasonExpired, r.expiredMessage(p))
	case r.rejected(p):
		return condition(metav1.ConditionFalse, v1alpha1.ReasonPasscodeRejected, r.rejectedMessage(p))
	case r.Spec.VerificationMode() == v1alpha1.VerificationNone:
		return condition(metav1.ConditionTrue, v1alpha1.ReasonPasscodeFound, r.publishedMessage(p))
	case p.Result == clevertap.Accepted, r.wasReady(p):
		return condition(metav1.ConditionTrue, v1alpha1.ReasonPasscodeVerified, r.publishedMessage(p))
	case r.Spec.Suspend:
		return verificationSuspended()
	case p.Verification.Unavailable > 0:
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonVerificationUnavailable, r.unavailableMessage(p.Entry))
	}
	return condition(metav1.ConditionUnknown, v1alpha1.ReasonVerifying, r.verifyingMessage())
}

// wasReady reports whether the status calls this very value ready because it had a result: a single rejection, or an outage,
// does not end that.
func (r Report) wasReady(p *rotation.ActivePasscode) bool {
	hadResult := slices.ContainsFunc(r.Object.Status.Passcodes, func(s v1alpha1.PasscodeStatus) bool {
		return s.State == v1alpha1.StateActive && s.Fingerprint == p.Fingerprint && s.VerifiedAt != nil
	})
	return hadResult && meta.IsStatusConditionTrue(r.Object.Status.Conditions, v1alpha1.ConditionReady)
}

func (r Report) nothingObserved() metav1.Condition {
	if len(r.Entries) == 0 { // which the schema denies
		return nothingListed()
	}
	return condition(metav1.ConditionFalse, r.Entries[0].Problem, r.sources().String())
}

// observedEvents are those of events that can happen without a target.
func (r Report) observedEvents(after v1alpha1.CleverTapPasscodeStatus) []Event {
	before := r.Object.Status
	events := slices.Concat(r.targetReleased(before), r.deniedRequest(before.LastHandledRotateAt, r.Rotate),
		r.deniedRequest(before.LastHandledVerifyAt, r.Verify))
	ready, unavailable := r.readyEvent(before, after), r.unavailableEvent(before, after)
	if ready != nil && ready.Reason == v1alpha1.ReasonVerificationUnavailable {
		unavailable = nil // one an outage
	}
	for _, event := range []*Event{
		ready, r.sourcesEvent(before, after), unavailable, r.expiringSoonEvent(before, after), r.mismatchEvent(before, after),
	} {
		if event != nil {
			events = append(events, *event)
		}
	}
	for i := range events {
		events[i].Passcode = cmp.Or(events[i].Passcode, after.ActivePasscode)
	}
	return append(events, r.createdInFutureEvents(before)...)
}

// targetReleased reports once, when mode Manage has ended, that its target is no longer written. No mark is written on it.
func (r Report) targetReleased(before v1alpha1.CleverTapPasscodeStatus) []Event {
	at := slices.IndexFunc(r.FormerTargets, func(f rotation.Former) bool { return f.Name == before.Target && f.Exists && f.Record != nil })
	if before.Target == "" || at < 0 {
		return nil
	}
	cause := "spec.mode is Observe now"
	return []Event{TargetReleased(cause, r.Object.Namespace, before.Target, r.FormerTargets[at].Owned)}
}

// TargetReleased is the event of a Secret that is no longer the target. Owned reports whether it is deleted with the object.
func TargetReleased(cause, namespace, former string, owned bool) Event {
	fate := "It stays unchanged"
	if owned {
		fate = "It is deleted with this object"
	}
	return Event{Reason: v1alpha1.EventTargetReleased, Message: fmt.Sprintf(
		"%s, so Secret %q is no longer written. %s; once nothing mounts it: kubectl delete secret -n %s %s", cause, former, fate, namespace, former)}
}
