/*
Copyright 2026 The CleverTap Passcode Operator Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

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
