// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package status

// Event is one to send once the status that it reports is written.
type Event struct {
	// Warning reports whether a person is needed.
	Warning         bool
	Reason, Message string
	// Passcode is the name of the passcode that it is about; "" if that has no name of its own.
	Passcode string
}
