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
func (v Report) observedStatus() v1alpha1.CleverTapPasscodeStatus {
	s := v.Object.Status
	s.Conditions = slices.Clone(s.Conditions)
	s.ObservedGeneration = v.Object.Generation
	s.AccountID, s.Region = v.Spec.AccountID, v.Spec.Region
	s.Target, s.NextPasscode, s.NextRotationTime, s.StalePods = "", "", nil, nil
	s.Passcodes = v.passcodes()
	s.ActivePasscode, s.ExpiresAt = "", nil
	if p := v.Active; p != nil {
		s.ActivePasscode, s.ExpiresAt = p.Name(), timeOrNil(p.Validity.Until)
	}
	s.LastHandledRotateAt = v.Rotate.Echo(s.LastHandledRotateAt)
	s.LastHandledVerifyAt = v.Verify.Echo(s.LastHandledVerifyAt)
	s.RunwayUntil = v.runway()
	s.LastReminderDays = v.reminder()
	s.Conditions = v.conditions(s.Conditions)
	s.Phase = v.phase()
	return s
}

// observedReady is Ready in mode Observe. Once its value had a result, an outage of CleverTap shows only in Verified.
func (v Report) observedReady() metav1.Condition {
	p := v.Active
	switch {
	case p == nil:
		return v.nothingObserved()
	case v.expired(p):
		return condition(metav1.ConditionFalse, v1alpha1.ReasonExpired, v.expiredMessage(p))
	case v.rejected(p):
		return condition(metav1.ConditionFalse, v1alpha1.ReasonPasscodeRejected, v.rejectedMessage(p))
	case v.Spec.VerificationMode() == v1alpha1.VerificationNone:
		return condition(metav1.ConditionTrue, v1alpha1.ReasonPasscodeFound, v.publishedMessage(p))
	case p.Result == clevertap.Accepted, v.wasReady(p):
		return condition(metav1.ConditionTrue, v1alpha1.ReasonPasscodeVerified, v.publishedMessage(p))
	case v.Spec.Suspend:
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonSuspended, "spec.suspend is true: nothing is verified until it is false")
	case p.Verification.Unavailable > 0:
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonVerificationUnavailable, v.unavailableMessage(p.Entry))
	}
	return condition(metav1.ConditionUnknown, v1alpha1.ReasonVerifying, v.verifyingMessage())
}

// wasReady reports whether the status calls this very value ready because it had a result: a single rejection, or an outage,
// does not end that.
func (v Report) wasReady(p *rotation.ActivePasscode) bool {
	hadResult := slices.ContainsFunc(v.Object.Status.Passcodes, func(s v1alpha1.PasscodeStatus) bool {
		return s.State == v1alpha1.StateActive && s.Fingerprint == p.Fingerprint && s.VerifiedAt != nil
	})
	return hadResult && meta.IsStatusConditionTrue(v.Object.Status.Conditions, v1alpha1.ConditionReady)
}

func (v Report) nothingObserved() metav1.Condition {
	if len(v.Entries) == 0 { // which the schema denies
		return condition(metav1.ConditionFalse, v1alpha1.ReasonSourceNotFound, problem{"spec.passcodes is empty", "list a passcode"}.String())
	}
	return condition(metav1.ConditionFalse, v.Entries[0].Problem, v.sources().String())
}

// observedEvents are those of events that can happen without a target.
func (v Report) observedEvents(after v1alpha1.CleverTapPasscodeStatus) []rotation.Event {
	before := v.Object.Status
	events := slices.Concat(v.targetReleased(before), v.deniedRequest(before.LastHandledRotateAt, v.Rotate),
		v.deniedRequest(before.LastHandledVerifyAt, v.Verify))
	ready, unavailable := v.readyEvent(before, after), v.unavailableEvent(before, after)
	if ready != nil && ready.Reason == v1alpha1.ReasonVerificationUnavailable {
		unavailable = nil // one an outage
	}
	for _, event := range []*rotation.Event{
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
func (v Report) targetReleased(before v1alpha1.CleverTapPasscodeStatus) []rotation.Event {
	at := slices.IndexFunc(v.FormerTargets, func(f rotation.Former) bool { return f.Name == before.Target && f.Exists && f.Record != nil })
	if before.Target == "" || at < 0 {
		return nil
	}
	fate := "It stays unchanged"
	if v.FormerTargets[at].Owned {
		fate = "It is deleted with this object"
	}
	return []rotation.Event{{
		Reason: v1alpha1.EventTargetReleased,
		Message: fmt.Sprintf("spec.mode is Observe now, so Secret %q is no longer written. %s; once nothing mounts it: kubectl delete secret -n %s %s",
			before.Target, fate, v.Object.Namespace, before.Target),
	}}
}
