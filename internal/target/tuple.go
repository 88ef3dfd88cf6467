// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

// Tuple is what workloads need together: from one moment, never mixed.
type Tuple struct {
	AccountID string
	Region    v1alpha1.Region
	Endpoint  string
	Passcode  clevertap.Passcode
}

// Endpoint is the API base URL of a region.
func Endpoint(region v1alpha1.Region) string {
	return clevertap.Region(region).Endpoint()
}
