// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"encoding/json"
	"slices"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// byHand are the managers whose writes are a person's own: changing what they wrote fights with nobody. A deployer's,
// and kubectl apply's, come back with the next apply.
func byHand() []string {
	return []string{fieldManager, "kubectl-create", "kubectl-edit", "kubectl-patch", "kubectl-replace"}
}

// foreignOwner is a manager that owns the field of the spec, such as "f:passcodes", and is not a person's hand; ""
// where there is none.
func foreignOwner(o *v1alpha1.CleverTapPasscode, field string) string {
	for _, entry := range o.ManagedFields {
		if entry.FieldsV1 == nil || entry.Subresource != "" || slices.Contains(byHand(), entry.Manager) {
			continue
		}
		var owned struct {
			Spec map[string]json.RawMessage `json:"f:spec"`
		}
		if err := json.Unmarshal(entry.FieldsV1.GetRawBytes(), &owned); err != nil {
			continue // not the API server's own form
		}
		if _, owns := owned.Spec[field]; owns {
			return entry.Manager
		}
	}
	return ""
}
