// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package clevertap asks CleverTap whether a passcode works, and holds passcodes so that they cannot be printed.
//
// It knows nothing of Kubernetes. CleverTap has no API that makes, lists or deletes passcodes; asking is all there is.
package clevertap
