// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package target knows what a target Secret contains: the values that workloads need together, the files in which programs read
// them, and the record of what was published, which outlives the status and a crash.
package target
