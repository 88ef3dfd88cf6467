// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package decision decides what one pass of the reconciler does and what it reports.
//
// Decide is a pure function of the time and of what the pass has observed. It joins three packages, each of which knows only
// those to its left:
//
//	retirement ◀── rotation ◀── status ◀── decision
//	what still     which         conditions,  effects, the next status,
//	uses an old    passcode is   messages,    its events, and when to
//	value          active        events       decide again
//
// Its tests are the decision tables: they are numbered after docs/development/rotation-rules.md.
package decision
