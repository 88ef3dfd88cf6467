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

package controllers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
)

// +kubebuilder:rbac:groups=clevertap.passcode-operator.io,resources=clevertappasscodes/status,verbs=patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// report writes the status, once and only if it changed, and then sends the events that tell of it.
func (r *Reconciler) report(ctx context.Context, s *seen, decision rotation.Decision, known *recollection) error {
	if err := r.writeStatus(ctx, s, decision, known); err != nil {
		return err
	}
	for _, event := range decision.Events {
		kind := corev1.EventTypeNormal
		if event.Warning {
			kind = corev1.EventTypeWarning
		}
		r.Events.Eventf(s.Object, nil, kind, event.Reason, "Reconcile", "%s", shortened(event.Message))
	}
	return nil
}

func (r *Reconciler) writeStatus(ctx context.Context, s *seen, decision rotation.Decision, known *recollection) error {
	if equality.Semantic.DeepEqual(s.Object.Status, decision.Status) {
		return nil
	}
	after := s.Object.DeepCopy()
	after.Status = decision.Status
	patch := client.MergeFromWithOptions(s.Object, client.MergeFromWithOptimisticLock{})
	err := r.Client.Status().Patch(ctx, after, patch, client.FieldOwner(FieldManager))
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil // the object changed or went: the informer will show it, and wakes it
	}
	if err != nil {
		return fmt.Errorf("writing the status of CleverTapPasscode %s/%s: %w", after.Namespace, after.Name, err)
	}
	known.object = after
	return nil
}

// maxNote is how long the API server lets an event's note be, in bytes.
const maxNote = 1024

func shortened(message string) string {
	if len(message) <= maxNote {
		return message
	}
	const more = "…"
	cut := maxNote - len(more)
	for cut > 0 && message[cut]&0xC0 == 0x80 { // not within a character
		cut--
	}
	return message[:cut] + more
}
