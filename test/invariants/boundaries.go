// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package invariants

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// NoValue is: nothing outside a Secret has a value, as it is, encoded, or plainly digested. The text may be anything that the
// operator wrote or sent.
func NoValue(where, text string, values ...string) error {
	for _, value := range values {
		sum := sha256.Sum256([]byte(value))
		for form, shape := range map[string]string{
			"itself": value, "in base64": strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(value)), "="),
			"as a digest": hex.EncodeToString(sum[:8]),
		} {
			if strings.Contains(text, shape) {
				return violated("no value outside a Secret", "%s has one %s", where, form)
			}
		}
	}
	return nil
}

// Within is: an object causes no request outside its namespace. paths are those of the requests that an operator sent which
// may read and write more; what belongs to no namespace is left out.
func Within(namespace string, paths []string) error {
	for _, path := range paths {
		_, after, inNamespace := strings.Cut(path, "/namespaces/")
		if name, _, _ := strings.Cut(after, "/"); inNamespace && name != namespace {
			return violated("an object causes no request outside its namespace", "%s, from an object in %s", path, namespace)
		}
	}
	return nil
}

// NotOurs is: the operator writes no Secret without the label of a target.
func NotOurs(labels map[string]string, managers []metav1.ManagedFieldsEntry) error {
	ours := func(m metav1.ManagedFieldsEntry) bool { return strings.HasPrefix(m.Manager, v1alpha1.ManagedBy) } // of restarts, too
	if labels[v1alpha1.RoleLabel] != v1alpha1.RoleTarget && slices.ContainsFunc(managers, ours) {
		return violated("not ours is not written", "managers %v", managers)
	}
	return nil
}

// Bounded is: CleverTap has at most two calls of an account at once from each operator.
func Bounded(busiest, operators int) error {
	if busiest > 2*operators {
		return violated("calls to CleverTap are bounded", "%d at once from %d operators", busiest, operators)
	}
	return nil
}
