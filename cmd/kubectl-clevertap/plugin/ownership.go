// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/managedfields"
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
		if entry.Subresource == "" && !slices.Contains(byHand(), entry.Manager) && managedfields.Owns(entry, path...) {
			return entry.Manager
		}
	}
	return ""
}
