// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "strings"

// Message is the message of a condition, an entry or an event: the cause, and what to do about it. An action of "" requires
// nothing of a person.
func Message(cause, action string) string {
	if action == "" {
		return cause
	}
	return cause + ActionRequired + action
}

// SplitMessage returns the cause and the action of a message; the action is "" if the message requires nothing of a person.
func SplitMessage(message string) (cause, action string) {
	cause, action, _ = strings.Cut(message, ActionRequired)
	return cause, action
}
