// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package rotation decides which passcode is to be active, and what to verify when.
//
//	Observed ──> Snapshot ──> ReplacedValues ──> Pass
//	             entries,     what still uses    the target wanted,
//	             active,      an old value       verifications,
//	             rules                           former targets to mark
//
// Truth is in the object's spec and in Secrets. The record is an annotation of the target: it is written in the same
// write as the value it describes, so it outlives crashes, a lost status and a restored backup. The revision in it counts
// publications and never decreases. The status is a report: it says when to verify next, and never what may be
// published.
//
// rules.go is the ordered list of reasons for which another passcode may become active. An entry of spec.passcodes
// goes through these states:
//
//	Missing, Malformed ──value staged──> Unverified ──accepted──> Staged ──published──> Active
//	                                         │                      │                     │
//	                                      rejected               expired               replaced
//	                                         v                      v                     v
//	                                      Rejected               Expired    Retiring ──not in use──> Retired
package rotation
