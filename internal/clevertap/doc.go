// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package clevertap verifies passcodes with CleverTap, and keeps passcodes so that they cannot be printed.
//
// It knows nothing of Kubernetes. CleverTap has no API that creates, lists or deletes passcodes: verification is all there is.
package clevertap
