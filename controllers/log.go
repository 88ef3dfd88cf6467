// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"time"

	"github.com/go-logr/logr"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/managedfields"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/status"
)

// logReported writes a line for each thing that a report has just made known. An outage of CleverTap is left out: it is a
// line for each account, by the verification pool, and not one for each object. No message contains a value.
func logReported(log logr.Logger, object *v1alpha1.CleverTapPasscode, after v1alpha1.CleverTapPasscodeStatus, events []status.Event) {
	before := object.Status
	for _, event := range events {
		if event.Reason == v1alpha1.ReasonVerificationUnavailable {
			continue
		}
		fields := []any{"event", event.Reason, "passcode", event.Passcode}
		if publishes(event) && len(after.History) > 0 {
			fields = append(fields, "revision", after.Revision, "reason", after.History[0].Reason)
		}
		log.Info(event.Message, fields...)
	}
	if after.LastHandledRotateAt != before.LastHandledRotateAt {
		logHandled(log, object, v1alpha1.RotateRequestedAtAnnotation, after.LastHandledRotateAt)
	}
	if after.LastHandledVerifyAt != before.LastHandledVerifyAt {
		logHandled(log, object, v1alpha1.VerifyRequestedAtAnnotation, after.LastHandledVerifyAt)
	}
}

// logHandled says which request was handled and, as far as managedFields show, who made it and when.
func logHandled(log logr.Logger, object *v1alpha1.CleverTapPasscode, annotation, value string) {
	fields := []any{"annotation", annotation, "value", value}
	if requester := managedfields.RequesterOf(object.ManagedFields, annotation); requester.Manager != "" {
		fields = append(fields, "manager", requester.Manager)
		if !requester.At.IsZero() {
			fields = append(fields, "requestedAt", requester.At.Format(time.RFC3339))
		}
	}
	log.Info("Handled a request", fields...)
}

func publishes(event status.Event) bool {
	return event.Reason == v1alpha1.ReasonPasscodePublished || event.Reason == v1alpha1.EventRotated
}
