// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// What others may write is quoted no longer than a name can be.
var _ = DescribeTable("A conflict quotes", func(owner, quoted string) {
	secret := &corev1.Secret{Type: corev1.SecretTypeOpaque}
	secret.Name = "marketing"
	secret.Labels = map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleTarget, v1alpha1.ManagedByLabel: v1alpha1.ManagedBy}
	secret.Annotations = map[string]string{v1alpha1.OwnerAnnotation: owner}
	message := conflictMessage(newObject(), secret.Name, notOurs(newObject(), secret))
	Expect(message).To(ContainSubstring(quoted))
	Expect(len(message)).To(BeNumerically("<", 1000))
},
	Entry("another object", "other", `CleverTapPasscode "other"`),
	Entry("no text of 256 KiB", strings.Repeat("x", 256<<10), "another CleverTapPasscode"),
	Entry("no line breaks", "other\nREADY True", "another CleverTapPasscode"),
)
