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
func (r Report) Events(after v1alpha1.CleverTapPasscodeStatus) []Event {
	if r.Observing {
		return r.observedEvents(after)
	}
	before := r.Object.Status
	events := r.publications(before, after)
	events = append(events, r.deniedRequest(before.LastHandledRotateAt, r.Rotate)...)
	events = append(events, r.deniedRequest(before.LastHandledVerifyAt, r.Verify)...)
	for _, eventOf := range []func(before, after v1alpha1.CleverTapPasscodeStatus) *Event{
		r.readyEvent, r.sourcesEvent, r.specEvent, r.unavailableEvent, r.expiringSoonEvent, r.mismatchEvent, r.noSuccessorEvent,
	} {
		if event := eventOf(before, after); event != nil {
			events = append(events, *event)
		}
	}
	for i := range events {
		events[i].Passcode = cmp.Or(events[i].Passcode, after.ActivePasscode)
	}
	events = append(events, r.createdInFutureEvents(before)...)
	return append(events, r.safeToDeleteEvents(before, after)...)
}

// EventsOf returns the events to send once the target is written: that it was restored, and which replaced values can be deleted.
func (r Report) EventsOf(want *rotation.Want) []Event {
	if want == nil {
		return nil
	}
	var events []Event
	for _, old := range want.Unused {
		if r.Spec.Type != v1alpha1.PasscodeTypeUser {
			events = append(events, r.safeToDelete(r.describeUnlisted(old)))
		}
	}
	if want.Restores {
		events = append(events, Event{
			Reason: v1alpha1.EventTargetRestored, Passcode: want.Record.Passcode,
			Message: fmt.Sprintf("Secret %q was changed or deleted by someone else, and is restored", r.Object.TargetName()),
		})
	}
	return events
}

// createdInFutureEvents reports every accepted value whose createdAt is ignored, which only its message remembers.
func (r Report) createdInFutureEvents(before v1alpha1.CleverTapPasscodeStatus) []Event {
	reported := func(e *rotation.Entry, message string) bool {
		return slices.ContainsFunc(before.Passcodes, func(s v1alpha1.PasscodeStatus) bool {
			accepted := s.State == v1alpha1.StateStaged || s.State == v1alpha1.StateActive
			return s.Fingerprint == e.Fingerprint && s.Message == message && accepted
		})
	}
	var events []Event
	for _, e := range r.Entries {
		state := r.state(e)
		if !e.CreatedInFuture || (state != v1alpha1.StateStaged && state != v1alpha1.StateActive) {
			continue
		}
		if message := r.entryProblem(e).String(); !reported(e, message) {
			events = append(events, Event{
				Warning: true, Reason: v1alpha1.EventCreatedAtInFuture, Passcode: e.Spec.Name,
				Message: fmt.Sprintf("%q: %s", e.Spec.Name, message),
			})
		}
	}
	return events
}

// deniedRequest is the event that says, once, why a request is denied.
func (r Report) deniedRequest(echoed string, request rotation.Request) []Event {
	if request.Handled || request.Value == "" || request.Value == echoed {
		return nil
	}
	switch {
	case request.NoSuccessor:
		return []Event{{Warning: true, Reason: v1alpha1.ReasonNoSuccessor,
			Message: fmt.Sprintf("Request%s denied. %s", request.Requester.By(), r.noSuccessor())}}
	case request.Denied != "":
		return []Event{{Warning: true, Reason: v1alpha1.EventRequestRefused,
			Message: fmt.Sprintf("Request%s denied: %s", request.Requester.By(), request.Denied)}}
	}
	return nil
}

// publications reports every publication, oldest first.
func (r Report) publications(before, after v1alpha1.CleverTapPasscodeStatus) []Event {
	var events []Event
	for i, p := range slices.Backward(after.History) {
		switch {
		case p.Revision <= before.Revision:
		case p.Reason == v1alpha1.RotationInitial:
			events = append(events, Event{Reason: v1alpha1.ReasonPasscodePublished, Passcode: p.Passcode,
				Message: fmt.Sprintf("Published %q in Secret %q, revision %d", p.Passcode, after.Target, p.Revision)})
		default:
			events = append(events, Event{
				Warning: rotation.IsFailover(p.Reason), Reason: v1alpha1.EventRotated, Passcode: p.Passcode,
				Message: fmt.Sprintf("Published %q in Secret %q, revision %d: %s%s%s", p.Passcode, after.Target, p.Revision, p.Reason, r.requestedBy(p),
					r.replacedMessage(after.History[i+1:], p)),
			})
		}
	}
	return events
}

// requestedBy says who requested a rotation; "" if nobody did, or if that is not known.
func (r Report) requestedBy(p v1alpha1.Publication) string {
	if p.Reason != v1alpha1.RotationRequested || p.Revision != r.Active.Record.Revision {
		return ""
	}
	return r.Rotate.Requester.By()
}

// changedCondition is the condition after, if its status and reason are not as before; nil if they are, or it is not
// there.
func changedCondition(name string, before, after v1alpha1.CleverTapPasscodeStatus) *metav1.Condition {
	was, is := meta.FindStatusCondition(before.Conditions, name), meta.FindStatusCondition(after.Conditions, name)
	if is == nil || (was != nil && was.Status == is.Status && was.Reason == is.Reason) {
		return nil
	}
	return is
}

func warning(c *metav1.Condition) *Event {
	return &Event{Warning: true, Reason: c.Reason, Message: c.Message}
}

func (r Report) readyEvent(before, after v1alpha1.CleverTapPasscodeStatus) *Event {
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

func (r Report) sourcesEvent(before, after v1alpha1.CleverTapPasscodeStatus) *Event {
	sources := changedCondition(v1alpha1.ConditionSourcesReady, before, after)
	if sources == nil || sources.Status == metav1.ConditionTrue {
		return nil
	}
	return warning(sources)
}

// specEvent reports what in the spec was left out.
func (r Report) specEvent(before, after v1alpha1.CleverTapPasscodeStatus) *Event {
	stalled := changedCondition(v1alpha1.ConditionStalled, before, after)
	if stalled == nil || (stalled.Reason != v1alpha1.ReasonTargetAnnotationForbidden && stalled.Reason != v1alpha1.ReasonWindowInvalid) {
		return nil
	}
	return warning(stalled)
}

func (r Report) unavailableEvent(before, after v1alpha1.CleverTapPasscodeStatus) *Event {
	verified := changedCondition(v1alpha1.ConditionVerified, before, after)
	if !unavailable(verified) || unavailable(meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionVerified)) {
		return nil // one an outage
	}
	return &Event{Warning: true, Reason: v1alpha1.ReasonVerificationUnavailable, Message: verified.Message}
}

// expiringSoonEvent is sent when the last 30 days begin, whatever follows, and at each reminder after that while nothing
// will become active by itself. The status that remembers it is written first, so it is sent once at most.
func (r Report) expiringSoonEvent(before, after v1alpha1.CleverTapPasscodeStatus) *Event {
	soon := meta.FindStatusCondition(after.Conditions, v1alpha1.ConditionExpiringSoon)
	last := r.lastReminder(before)
	if soon == nil || after.LastReminderDays == 0 || after.LastReminderDays == last || r.Active.Validity.Expired(r.Now) {
		return nil
	}
	successorInTime := r.successorInTime()
	if last != 0 && successorInTime {
		return nil
	}
	return &Event{Warning: !successorInTime, Reason: v1alpha1.EventExpiringSoon,
		Message: fmt.Sprintf("%s left: %s", daysOrLess(after.LastReminderDays), soon.Message)}
}

func daysOrLess(days int32) string {
	if days == 1 {
		return "1 day or less"
	}
	return fmt.Sprintf("%d days or less", days)
}

// mismatchEvent reports that CleverTap accepts a passcode past its declared expiry, which only the message of Verified remembers.
func (r Report) mismatchEvent(before, after v1alpha1.CleverTapPasscodeStatus) *Event {
	p := r.ActiveInTarget()
	if p == nil || !p.Validity.Expired(r.Now) || r.expired(p) {
		return nil
	}
	was, is := meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionVerified), meta.FindStatusCondition(after.Conditions, v1alpha1.ConditionVerified)
	if (was != nil && was.Message == is.Message) || is.Reason != v1alpha1.ReasonAccepted {
		return nil
	}
	return &Event{Warning: true, Reason: v1alpha1.EventExpiryMismatch, Message: r.publishedMessage(p)}
}

// noSuccessorEvent reports that the last successor is used up. It does not report that there never was one, nor that none takes
// over while the object is suspended.
func (r Report) noSuccessorEvent(before, after v1alpha1.CleverTapPasscodeStatus) *Event {
	successor := changedCondition(v1alpha1.ConditionSuccessorReady, before, after)
	was := meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionSuccessorReady)
	if successor == nil || successor.Reason != v1alpha1.ReasonNoSuccessor || r.ActiveInTarget() == nil {
		return nil
	}
	if was == nil || was.Reason == v1alpha1.ReasonNoSuccessor {
		return nil
	}
	return warning(successor)
}
