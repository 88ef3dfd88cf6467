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
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
)

// Events returns what is new in the status since it was last written, so that a later report loses none.
func (v Report) Events(after v1alpha1.CleverTapPasscodeStatus) []rotation.Event {
	if v.Observing {
		return v.observedEvents(after)
	}
	before := v.Object.Status
	events := v.publications(before, after)
	events = append(events, v.deniedRequest(before.LastHandledRotateAt, v.Rotate)...)
	events = append(events, v.deniedRequest(before.LastHandledVerifyAt, v.Verify)...)
	for _, eventOf := range []func(before, after v1alpha1.CleverTapPasscodeStatus) *rotation.Event{
		v.readyEvent, v.sourcesEvent, v.specEvent, v.unavailableEvent, v.expiringSoonEvent, v.mismatchEvent, v.noSuccessorEvent,
	} {
		if event := eventOf(before, after); event != nil {
			events = append(events, *event)
		}
	}
	for i := range events {
		events[i].Passcode = cmp.Or(events[i].Passcode, after.ActivePasscode)
	}
	events = append(events, v.createdInFutureEvents(before)...)
	return append(events, v.safeToDeleteEvents(before, after)...)
}

// createdInFutureEvents reports every accepted value whose createdAt is ignored, which only its message remembers.
func (v Report) createdInFutureEvents(before v1alpha1.CleverTapPasscodeStatus) []rotation.Event {
	reported := func(e *rotation.Entry, message string) bool {
		return slices.ContainsFunc(before.Passcodes, func(s v1alpha1.PasscodeStatus) bool {
			accepted := s.State == v1alpha1.StateStaged || s.State == v1alpha1.StateActive
			return s.Fingerprint == e.Fingerprint && s.Message == message && accepted
		})
	}
	var events []rotation.Event
	for _, e := range v.Entries {
		state := v.state(e)
		if !e.CreatedInFuture || (state != v1alpha1.StateStaged && state != v1alpha1.StateActive) {
			continue
		}
		if message := v.entryProblem(e).String(); !reported(e, message) {
			events = append(events, rotation.Event{
				Warning: true, Reason: v1alpha1.EventCreatedAtInFuture, Passcode: e.Spec.Name,
				Message: fmt.Sprintf("%q: %s", e.Spec.Name, message),
			})
		}
	}
	return events
}

// deniedRequest is the event that says, once, why a request is denied.
func (v Report) deniedRequest(echoed string, r rotation.Request) []rotation.Event {
	if r.Handled || r.Value == "" || r.Value == echoed {
		return nil
	}
	switch {
	case r.NoSuccessor:
		return []rotation.Event{{Warning: true, Reason: v1alpha1.ReasonNoSuccessor,
			Message: fmt.Sprintf("Request%s denied. %s", r.Requester.By(), v.noSuccessor())}}
	case r.Denied != "":
		return []rotation.Event{{Warning: true, Reason: v1alpha1.EventRequestRefused,
			Message: fmt.Sprintf("Request%s denied: %s", r.Requester.By(), r.Denied)}}
	}
	return nil
}

// publications reports every publication, oldest first.
func (v Report) publications(before, after v1alpha1.CleverTapPasscodeStatus) []rotation.Event {
	var events []rotation.Event
	for i, p := range slices.Backward(after.History) {
		switch {
		case p.Revision <= before.Revision:
		case p.Reason == v1alpha1.RotationInitial:
			events = append(events, rotation.Event{Reason: v1alpha1.ReasonPasscodePublished, Passcode: p.Passcode,
				Message: fmt.Sprintf("Published %q in Secret %q, revision %d", p.Passcode, after.Target, p.Revision)})
		default:
			events = append(events, rotation.Event{
				Warning: rotation.IsFailover(p.Reason), Reason: v1alpha1.EventRotated, Passcode: p.Passcode,
				Message: fmt.Sprintf("Published %q in Secret %q, revision %d: %s%s%s", p.Passcode, after.Target, p.Revision, p.Reason, v.requestedBy(p),
					v.replacedMessage(after.History[i+1:], p)),
			})
		}
	}
	return events
}

// requestedBy says who requested a rotation; "" if nobody did, or if that is not known.
func (v Report) requestedBy(p v1alpha1.Publication) string {
	if p.Reason != v1alpha1.RotationRequested || p.Revision != v.Active.Record.Revision {
		return ""
	}
	return v.Rotate.Requester.By()
}

// changedCondition is the condition after, where its status and reason are not as before; nil where they are, or it is not
// there.
func changedCondition(name string, before, after v1alpha1.CleverTapPasscodeStatus) *metav1.Condition {
	was, is := meta.FindStatusCondition(before.Conditions, name), meta.FindStatusCondition(after.Conditions, name)
	if is == nil || (was != nil && was.Status == is.Status && was.Reason == is.Reason) {
		return nil
	}
	return is
}

func warning(c *metav1.Condition) *rotation.Event {
	return &rotation.Event{Warning: true, Reason: c.Reason, Message: c.Message}
}

func (v Report) readyEvent(before, after v1alpha1.CleverTapPasscodeStatus) *rotation.Event {
	ready := changedCondition(v1alpha1.ConditionReady, before, after)
	if ready == nil {
		return nil
	}
	switch ready.Reason {
	case v1alpha1.ReasonExpired, v1alpha1.ReasonPasscodeRejected, v1alpha1.ReasonTargetConflict,
		v1alpha1.ReasonVerificationUnavailable:
		return warning(ready)
	}
	return nil
}

func (v Report) sourcesEvent(before, after v1alpha1.CleverTapPasscodeStatus) *rotation.Event {
	sources := changedCondition(v1alpha1.ConditionSourcesReady, before, after)
	if sources == nil || sources.Status == metav1.ConditionTrue {
		return nil
	}
	return warning(sources)
}

// specEvent reports what in the spec was left out.
func (v Report) specEvent(before, after v1alpha1.CleverTapPasscodeStatus) *rotation.Event {
	stalled := changedCondition(v1alpha1.ConditionStalled, before, after)
	if stalled == nil || (stalled.Reason != v1alpha1.ReasonTargetAnnotationForbidden && stalled.Reason != v1alpha1.ReasonWindowInvalid) {
		return nil
	}
	return warning(stalled)
}

func (v Report) unavailableEvent(before, after v1alpha1.CleverTapPasscodeStatus) *rotation.Event {
	verified := changedCondition(v1alpha1.ConditionVerified, before, after)
	if !unavailable(verified) || unavailable(meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionVerified)) {
		return nil // one an outage
	}
	return &rotation.Event{Warning: true, Reason: v1alpha1.ReasonVerificationUnavailable, Message: verified.Message}
}

// expiringSoonEvent is sent when the last 30 days begin, whatever follows, and at each reminder after that while nothing
// will become active by itself. The status that remembers it is written first, so it is sent once at most.
func (v Report) expiringSoonEvent(before, after v1alpha1.CleverTapPasscodeStatus) *rotation.Event {
	soon := meta.FindStatusCondition(after.Conditions, v1alpha1.ConditionExpiringSoon)
	last := v.lastReminder(before)
	if soon == nil || after.LastReminderDays == 0 || after.LastReminderDays == last || v.Active.Validity.Expired(v.Now) {
		return nil
	}
	successorInTime := v.successorInTime()
	if last != 0 && successorInTime {
		return nil
	}
	return &rotation.Event{Warning: !successorInTime, Reason: v1alpha1.EventExpiringSoon,
		Message: fmt.Sprintf("%s left: %s", daysOrLess(after.LastReminderDays), soon.Message)}
}

func daysOrLess(days int32) string {
	if days == 1 {
		return "1 day or less"
	}
	return fmt.Sprintf("%d days or less", days)
}

// mismatchEvent reports that CleverTap accepts a passcode past its declared expiry, which only the message of Verified remembers.
func (v Report) mismatchEvent(before, after v1alpha1.CleverTapPasscodeStatus) *rotation.Event {
	p := v.ActiveInTarget()
	if p == nil || !p.Validity.Expired(v.Now) || v.expired(p) {
		return nil
	}
	was, is := meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionVerified), meta.FindStatusCondition(after.Conditions, v1alpha1.ConditionVerified)
	if (was != nil && was.Message == is.Message) || is.Reason != v1alpha1.ReasonAccepted {
		return nil
	}
	return &rotation.Event{Warning: true, Reason: v1alpha1.EventExpiryMismatch, Message: v.publishedMessage(p)}
}

// noSuccessorEvent reports that the last successor is used up. It does not report that there never was one, nor that none takes
// over while the object is suspended.
func (v Report) noSuccessorEvent(before, after v1alpha1.CleverTapPasscodeStatus) *rotation.Event {
	successor := changedCondition(v1alpha1.ConditionSuccessorReady, before, after)
	was := meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionSuccessorReady)
	if successor == nil || successor.Reason != v1alpha1.ReasonNoSuccessor || v.ActiveInTarget() == nil {
		return nil
	}
	if was == nil || was.Reason == v1alpha1.ReasonNoSuccessor {
		return nil
	}
	return warning(successor)
}
