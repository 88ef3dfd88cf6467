// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/decision"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/notification"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/status"
)

// +kubebuilder:rbac:groups=clevertap.passcode-operator.io,resources=clevertappasscodes/status,verbs=patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// report writes the status, once and only if it changed, and then sends the events about it. It returns whether the status
// is as decided.
func (r *Reconciler) report(ctx context.Context, s *observation, d decision.Decision, state *objectState) (bool, error) {
	written, err := r.writeStatus(ctx, s, d, state)
	if err != nil || !written {
		return false, err
	}
	events := slices.Concat(state.pendingEvents, d.Events)
	state.pendingEvents = nil
	for _, event := range events {
		kind := corev1.EventTypeNormal
		if event.Warning {
			kind = corev1.EventTypeWarning
		}
		r.Events.Eventf(s.Object, nil, kind, event.Reason, "Reconcile", "%s", shortened(event.Message))
		r.Notify(r.notificationOf(s.Object, d.Status, event, kind))
	}
	logReported(ctrl.LoggerFrom(ctx), s.Object, d.Status, events)
	return true, nil
}

// notificationOf is the event as people outside the cluster get it, a notification.
func (r *Reconciler) notificationOf(object *v1alpha1.CleverTapPasscode, status v1alpha1.CleverTapPasscodeStatus, event status.Event,
	severity string) notification.Notification {
	now := r.Clock.Now()
	n := notification.Notification{
		Namespace: object.Namespace, Name: object.Name, Reason: event.Reason, At: now,
		Path: fmt.Sprintf("/apis/%s/namespaces/%s/clevertappasscodes/%s", v1alpha1.GroupVersion, object.Namespace, object.Name),
		Data: notification.Data{
			Severity: severity, AccountID: object.Spec.AccountID, Region: string(object.Spec.Region),
			Passcode: event.Passcode, Message: event.Message,
		},
	}
	// What is usable lasts until then: a person who is needed must have acted before.
	if event.Warning && status.RunwayUntil != nil && status.RunwayUntil.After(now) {
		due := status.RunwayUntil.UTC()
		n.Data.DueTime = &due
	}
	return n
}

// writeStatus reports whether the object has the decided status. If the object has changed or gone, the informer will show it, and
// its pass decides again. Two processes that know different things would overwrite each other without end: the one that was
// overwritten waits a while.
func (r *Reconciler) writeStatus(ctx context.Context, s *observation, d decision.Decision, state *objectState) (bool, error) {
	if equality.Semantic.DeepEqual(s.Object.Status, d.Status) {
		return true, nil
	}
	now := r.Clock.Now()
	if state.overwrittenByOther(&s.Object.Status, now) {
		s.readAgainAt(state.reportedAt.Add(catchUpTime))
		return false, nil
	}
	after := s.Object.DeepCopy()
	after.Status = d.Status
	patch := client.MergeFromWithOptions(s.Object, client.MergeFromWithOptimisticLock{})
	err := r.Client.Status().Patch(ctx, after, patch, client.FieldOwner(FieldManager))
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("writing the status of CleverTapPasscode %s/%s: %w", after.Namespace, after.Name, err)
	}
	state.object = after
	state.reported, state.reportedAt = digest(&after.Status), now
	return true, nil
}

// overwrittenByOther reports whether another process has written the status since this process did, a moment ago.
func (o *objectState) overwrittenByOther(status *v1alpha1.CleverTapPasscodeStatus, now time.Time) bool {
	return !o.reportedAt.IsZero() && now.Sub(o.reportedAt) < catchUpTime && digest(status) != o.reported
}

// digest distinguishes statuses, within this process.
func digest(status *v1alpha1.CleverTapPasscodeStatus) uint64 {
	sum := fnv.New64a()
	_ = json.NewEncoder(sum).Encode(status) // a hash takes all, and a status is plain
	return sum.Sum64()
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
