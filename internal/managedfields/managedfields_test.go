// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package managedfields_test

import (
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/managedfields"
)

func TestOwns(t *testing.T) {
	const fields = `{"f:metadata":{"f:annotations":{".":{},"f:example.com/a":{}}},"f:spec":{"f:passcodes":{"k:{\"name\":\"a\"}":{}},"f:rotation":{"f:pin":{}}}}`
	for name, row := range map[string]struct {
		fields string
		path   []string
		owns   bool
	}{
		"a field":                               {fields, []string{"spec", "rotation", "pin"}, true},
		"a field with owned fields below it":    {fields, []string{"spec", "passcodes"}, true},
		"an annotation, whose name has a slash": {fields, []string{"metadata", "annotations", "example.com/a"}, true},
		"a field beside it":                     {fields, []string{"spec", "rotation", "before"}, false},
		"the same name elsewhere":               {fields, []string{"spec", "pin"}, false},
		"a longer annotation":                   {fields, []string{"metadata", "annotations", "example.com/ab"}, false},
		"what is not the API server's form":     {`"pin"`, []string{"spec", "rotation", "pin"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			entry := metav1.ManagedFieldsEntry{FieldsV1: metav1.NewFieldsV1(row.fields)}
			NewWithT(t).Expect(managedfields.Owns(entry, row.path...)).To(Equal(row.owns))
		})
	}
	NewWithT(t).Expect(managedfields.Owns(metav1.ManagedFieldsEntry{}, "spec")).To(BeFalse())
}
