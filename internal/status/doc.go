// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package status makes the status of an object, with its conditions and messages, and the events that belong to it, from what
// package rotation knows of one pass. It decides nothing: what it says is what is so.
package status
