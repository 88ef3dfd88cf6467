// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package managedfields

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
)

// Requester is who set an annotation that requests something, as far as the object's managedFields show. They name a
// field manager, such as kubectl-annotate, and no person: the API server's audit log does.
type Requester struct {
	// Manager is "" if it is not known.
	Manager string
	// At is when the manager last wrote one of its fields; zero if it is not known.
	At time.Time
}

// RequesterOf returns who set the annotation; zero if managedFields do not show it.
func RequesterOf(managed []metav1.ManagedFieldsEntry, annotation string) Requester {
	for _, entry := range managed {
		if !ownsAnnotation(entry, annotation) {
			continue
		}
		r := Requester{Manager: entry.Manager}
		if entry.Time != nil {
			r.At = entry.Time.UTC()
		}
		return r
	}
	return Requester{}
}

// By says who it was, to follow a verb; "" if that is not known. A manager's name is quoted, because anybody can choose it.
func (r Requester) By() string {
	switch {
	case r.Manager == "":
		return ""
	case r.At.IsZero():
		return fmt.Sprintf(" by %q", r.Manager)
	}
	return fmt.Sprintf(" by %q at %s", r.Manager, schedule.Stamp(r.At))
}

// KeepRequesters returns what RequesterOf reads of managedFields, and leaves the rest out: they are longer than the object.
func KeepRequesters(managed []metav1.ManagedFieldsEntry) []metav1.ManagedFieldsEntry {
	var kept []metav1.ManagedFieldsEntry
	for _, annotation := range []string{v1alpha1.RotateRequestedAtAnnotation, v1alpha1.VerifyRequestedAtAnnotation} {
		for _, entry := range managed {
			if !ownsAnnotation(entry, annotation) {
				continue
			}
			entry.FieldsV1 = metav1.NewFieldsV1(fmt.Sprintf(`{"f:metadata":{"f:annotations":{%q:{}}}}`, "f:"+annotation))
			kept = append(kept, entry)
		}
	}
	return kept
}

func ownsAnnotation(entry metav1.ManagedFieldsEntry, annotation string) bool {
	return Owns(entry, "metadata", "annotations", annotation)
}
