// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// sameWrites is the floor's phase that the ratios of everything reported refer to.
const sameWrites = "floor, same writes"

// floorOfSameWrites measures, with no operator running, the writes that a rotation cannot do without: for each of n objects a
// patch of its target, a patch of a status of the size that the operator left, and an event.
func (w *world) floorOfSameWrites(ctx context.Context, prefix string, n int) (result, error) {
	objects := make([]*v1alpha1.CleverTapPasscode, n)
	err := each(n, func(i int) error {
		objects[i] = &v1alpha1.CleverTapPasscode{}
		return w.kube.Get(ctx, client.ObjectKey{Namespace: namespace(i), Name: objectName(prefix, i)}, objects[i])
	})
	if err != nil {
		return result{}, fmt.Errorf("preparing the floor of the same writes: %w", err)
	}
	begun := w.clock.Now()
	err = each(n, func(i int) error { return w.sameWrites(ctx, objects[i]) })
	if err != nil {
		return result{}, fmt.Errorf("measuring the floor of the same writes: %w", err)
	}
	return result{Phase: sameWrites, N: n, Settled: w.clock.Now().Sub(begun)}, nil
}

func (w *world) sameWrites(ctx context.Context, o *v1alpha1.CleverTapPasscode) error {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: o.Name}}
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:"3"}},"stringData":{"passcode":"c"}}`, v1alpha1.RevisionAnnotation)
	if err := w.kube.Patch(ctx, secret, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		return fmt.Errorf("patching a target: %w", err)
	}
	before := o.DeepCopy()
	o.Status.Revision++
	later := metav1.NewTime(w.clock.Now().Add(time.Hour))
	for i := range o.Status.Passcodes {
		o.Status.Passcodes[i].VerifiedAt = &later
	}
	if err := w.kube.Status().Patch(ctx, o, client.MergeFrom(before)); err != nil {
		return fmt.Errorf("patching a status: %w", err)
	}
	event := &eventsv1.Event{
		ObjectMeta: metav1.ObjectMeta{GenerateName: o.Name + "-", Namespace: o.Namespace}, EventTime: metav1.NewMicroTime(w.clock.Now()),
		ReportingController: "bench", ReportingInstance: "bench", Action: "Reconcile", Reason: v1alpha1.EventRotated, Type: corev1.EventTypeNormal,
		Regarding: corev1.ObjectReference{APIVersion: v1alpha1.GroupVersion.String(), Kind: "CleverTapPasscode", Namespace: o.Namespace, Name: o.Name,
			UID: o.UID},
		Note: fmt.Sprintf("Published %q in Secret %q, revision %d: Scheduled, in place of %q", "b", o.Name, o.Status.Revision, "a"),
	}
	if err := w.kube.Create(ctx, event); err != nil {
		return fmt.Errorf("creating an event: %w", err)
	}
	return nil
}
