// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"github.com/go-logr/logr"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
)

// logReported writes a line for each thing that a report has just made known. An outage of CleverTap is left out: it is a
// line for each account, by the verification pool, and not one for each object. No message contains a value.
func logReported(log logr.Logger, before, after v1alpha1.CleverTapPasscodeStatus, events []rotation.Event) {
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
		log.Info("Handled a request", "annotation", v1alpha1.RotateRequestedAtAnnotation, "value", after.LastHandledRotateAt)
	}
	if after.LastHandledVerifyAt != before.LastHandledVerifyAt {
		log.Info("Handled a request", "annotation", v1alpha1.VerifyRequestedAtAnnotation, "value", after.LastHandledVerifyAt)
	}
}

func publishes(event rotation.Event) bool {
	return event.Reason == v1alpha1.ReasonPasscodePublished || event.Reason == v1alpha1.EventRotated
}
