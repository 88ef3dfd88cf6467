// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package rotation decides what is to be published, when, and what to tell people.
//
// Decide is a pure function of the time and of what was observed. Truth lies in the object's spec and in Secrets;
// what the target's record says outlives crashes, and the status is a report: it says when to ask next, and never
// what may be published.
package rotation
