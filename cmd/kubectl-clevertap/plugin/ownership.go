// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"encoding/json"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// byHand are the managers whose writes are a person's own: changing what they wrote fights with nobody. A deployer's,
// and kubectl apply's, come back with the next apply.
func byHand() []string {
	return []string{fieldManager, "kubectl-create", "kubectl-edit", "kubectl-patch", "kubectl-replace"}
}

// foreignOwner returns the manager that owns the field at the path, such as "spec", "rotation", "pin", and is not a
// person's hand; "" if there is none.
func foreignOwner(o metav1.Object, path ...string) string {
	for _, entry := range o.GetManagedFields() {
		if entry.FieldsV1 == nil || entry.Subresource != "" || slices.Contains(byHand(), entry.Manager) {
			continue
		}
		if owns(entry.FieldsV1.GetRawBytes(), path) {
			return entry.Manager
		}
	}
	return ""
}

// owns reports whether fields, in the API server's own form, contain the path.
func owns(fields []byte, path []string) bool {
	if len(path) == 0 {
		return true
	}
	var children map[string]json.RawMessage
	if err := json.Unmarshal(fields, &children); err != nil {
		return false // not the API server's own form
	}
	child, there := children["f:"+path[0]]
	return there && owns(child, path[1:])
}
