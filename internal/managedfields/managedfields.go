// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package managedfields reads who owns a field from the managedFields that the API server keeps with every object.
package managedfields

import (
	"bytes"
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Owns reports whether the entry owns the field at the path, such as "spec", "rotation", "pin", or anything below it.
func Owns(entry metav1.ManagedFieldsEntry, path ...string) bool {
	if entry.FieldsV1 == nil || len(path) == 0 {
		return false
	}
	fields := entry.FieldsV1.GetRawBytes()
	if !bytes.Contains(fields, []byte(path[len(path)-1])) {
		return false // most do not, and decoding them costs
	}
	return contains(fields, path)
}

func contains(fields []byte, path []string) bool {
	if len(path) == 0 {
		return true
	}
	var children map[string]json.RawMessage
	if err := json.Unmarshal(fields, &children); err != nil {
		return false // not the API server's own form
	}
	child, there := children["f:"+path[0]]
	return there && contains(child, path[1:])
}
