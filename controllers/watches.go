// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/status"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

// reporting is the priority of passes that report what was done, below those that may publish, which have none: in a
// wave of rotations workloads come first. Those that find what still uses an old value come after that. Both are above
// what was there when the process started.
const (
	reporting = handler.LowPriority / 10
	retiring  = 2 * reporting
)

// SetupWithManager registers the watches. Objects are woken by themselves, by the Secrets that they name, by
// CleverTap's results and by the clock.
func (r *Reconciler) SetupWithManager(ctx context.Context, mgr ctrl.Manager, maxConcurrentReconciles int) error {
	r.states, r.workerShares = newStates(), newWorkerShares(maxConcurrentReconciles)
	r.scanner = consumers.NewScanner(ctx, r.APIReader, r.Clock, r.wakeAfterScan)
	if err := addIndexes(ctx, mgr); err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("clevertappasscode").
		For(&v1alpha1.CleverTapPasscode{}).
		Watches(&corev1.Secret{}, r.secretEvents(), builder.WithPredicates(r.recordDeletions())).
		Watches(&v1alpha1.CleverTapPasscode{}, r.sharedValueEvents()).
		WatchesRawSource(source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
			priorities, hasPriorities := queue.(priorityqueue.PriorityQueue[reconcile.Request])
			if !hasPriorities {
				return errors.New("the controller's queue has no priorities")
			}
			r.queue = priorities
			r.started.Store(true)
			return nil
		})).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: maxConcurrentReconciles,
			RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstBackoff, lastBackoff),
		}).
		Complete(reconcile.Func(r.reconcileFairly))
}

// recordDeletions lets every event pass.
func (r *Reconciler) recordDeletions() predicate.Predicate {
	return predicate.Funcs{DeleteFunc: func(e event.DeleteEvent) bool {
		if secret, isSecret := e.Object.(*corev1.Secret); isSecret && ownerOf(secret) != "" {
			r.states.recordDeletion(types.NamespacedName{Namespace: secret.Namespace, Name: ownerOf(secret)}, secret)
		}
		return true
	}}
}

// Wake has the object reconciled. It never blocks.
func (r *Reconciler) Wake(object types.NamespacedName) {
	r.queue.Add(reconcile.Request{NamespacedName: object})
}

// wakeAfterScan has the object reconciled once no pass waits that may publish, or that reports a publication.
func (r *Reconciler) wakeAfterScan(object types.NamespacedName) {
	below{r.queue, retiring}.Add(reconcile.Request{NamespacedName: object})
}

// secretEvents wakes the objects that name a Secret. That a target was written is mostly one's own doing.
func (r *Reconciler) secretEvents() handler.EventHandler {
	inner := handler.EnqueueRequestsFromMapFunc(r.objectsOf)
	queueFor := func(secret client.Object,
		q workqueue.TypedRateLimitingInterface[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request] {
		priorities, hasPriorities := q.(priorityqueue.PriorityQueue[reconcile.Request])
		if hasPriorities && secret.GetLabels()[v1alpha1.RoleLabel] == v1alpha1.RoleTarget {
			return below{priorities, reporting}
		}
		return q
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			inner.Create(ctx, e, queueFor(e.Object, q))
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			inner.Update(ctx, e, queueFor(e.ObjectNew, q))
		},
		DeleteFunc: inner.Delete,
	}
}

// manyShare is how many other objects may have the same passcode active before a message counts them no more, so that one
// passcode of thousands of objects does not wake them all for each of them.
const manyShare = 3

// sharedValueEvents wakes the objects of a namespace that have the same passcode active as one that has just changed its
// own, because each says so in its status, unless there are so many that no message changes.
func (r *Reconciler) sharedValueEvents() handler.EventHandler {
	wake := func(ctx context.Context, q workqueue.TypedRateLimitingInterface[reconcile.Request], o client.Object, fingerprints ...string) {
		for _, fingerprint := range fingerprints {
			others, err := r.othersWithActive(ctx, client.ObjectKeyFromObject(o), fingerprint)
			if err != nil {
				ctrl.LoggerFrom(ctx).Error(err, "finding the objects with the same passcode", "object", client.ObjectKeyFromObject(o))
			}
			for _, other := range others {
				if len(others) < manyShare || !saysSharedByMany(other) {
					q.Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(other)})
				}
			}
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			if !e.IsInInitialList { // all of those are reconciled anyway
				wake(ctx, q, e.Object, activeFingerprint(e.Object))
			}
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			if before, after := activeFingerprint(e.ObjectOld), activeFingerprint(e.ObjectNew); before != after {
				wake(ctx, q, e.ObjectNew, before, after)
			}
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			wake(ctx, q, e.Object, activeFingerprint(e.Object))
		},
	}
}

// saysSharedByMany reports whether the status says already that several others have the same passcode active.
func saysSharedByMany(o *v1alpha1.CleverTapPasscode) bool {
	return slices.ContainsFunc(o.Status.Passcodes, func(p v1alpha1.PasscodeStatus) bool {
		return p.State == v1alpha1.StateActive && strings.Contains(p.Message, status.SharedByMany)
	})
}

// othersWithActive returns the other objects of the namespace whose status has a value as active. They must not be changed.
func (r *Reconciler) othersWithActive(ctx context.Context, object types.NamespacedName, fingerprint string,
	options ...client.ListOption) ([]*v1alpha1.CleverTapPasscode, error) {
	if fingerprint == "" {
		return nil, nil
	}
	var list v1alpha1.CleverTapPasscodeList
	options = append(options, client.InNamespace(object.Namespace), client.MatchingFields{activeIndex: fingerprint}, client.UnsafeDisableDeepCopy)
	err := r.Client.List(ctx, &list, options...)
	if err != nil {
		return nil, fmt.Errorf("listing the CleverTapPasscodes with the same passcode: %w", err)
	}
	var others []*v1alpha1.CleverTapPasscode
	for i := range list.Items {
		if list.Items[i].Name != object.Name {
			others = append(others, &list.Items[i])
		}
	}
	return others, nil
}

// activeFingerprint returns the fingerprint of the passcode that the status of a CleverTapPasscode has as active; "" if there
// is none.
func activeFingerprint(o client.Object) string {
	object, isObject := o.(*v1alpha1.CleverTapPasscode)
	if !isObject {
		return ""
	}
	for _, p := range object.Status.Passcodes {
		if p.State == v1alpha1.StateActive {
			return p.Fingerprint
		}
	}
	return ""
}

// below is the queue with a lower priority for what is added without one.
type below struct {
	priorityqueue.PriorityQueue[reconcile.Request]
	priority int
}

func (b below) Add(request reconcile.Request) {
	b.AddWithOpts(priorityqueue.AddOpts{}, request)
}

func (b below) AddWithOpts(o priorityqueue.AddOpts, requests ...reconcile.Request) {
	if o.Priority == nil {
		o.Priority = &b.priority
	}
	b.PriorityQueue.AddWithOpts(o, requests...)
}

const (
	// secretNameIndex finds the objects that name a Secret, as source or as target.
	secretNameIndex = "secretName"
	// ownerIndex finds the targets of an object, by its name.
	ownerIndex = "owner"
	// fingerprintIndex finds the targets that contain a value.
	fingerprintIndex = "fingerprint"
	// activeIndex finds the objects that have a value as active, by its fingerprint.
	activeIndex = "activeFingerprint"
)

// index finds objects of a kind by what they say.
type index struct {
	kind client.Object
	name string
	keys client.IndexerFunc
}

// indexes are all that the reconciler finds things by.
func indexes() []index {
	return []index{
		{&corev1.Secret{}, ownerIndex, func(o client.Object) []string {
			if owner := ownerOf(o); owner != "" {
				return []string{owner}
			}
			return nil
		}},
		{&corev1.Secret{}, fingerprintIndex, func(o client.Object) []string {
			record, err := target.ParseRecord(o.GetAnnotations()[v1alpha1.RecordAnnotation])
			if err != nil || ownerOf(o) == "" || o.GetAnnotations()[v1alpha1.ReleasedAtAnnotation] != "" {
				return nil
			}
			return []string{record.Fingerprint}
		}},
		{&v1alpha1.CleverTapPasscode{}, activeIndex, func(o client.Object) []string {
			if fingerprint := activeFingerprint(o); fingerprint != "" {
				return []string{fingerprint}
			}
			return nil
		}},
		{&v1alpha1.CleverTapPasscode{}, secretNameIndex, func(o client.Object) []string {
			object := o.(*v1alpha1.CleverTapPasscode)
			names := []string{object.TargetName()}
			for _, entry := range object.Spec.Passcodes {
				names = append(names, entry.SecretKeyRef.Name)
			}
			return names
		}},
	}
}

func addIndexes(ctx context.Context, mgr ctrl.Manager) error {
	for _, i := range indexes() {
		if err := mgr.GetFieldIndexer().IndexField(ctx, i.kind, i.name, i.keys); err != nil {
			return fmt.Errorf("indexing %T by %s: %w", i.kind, i.name, err)
		}
	}
	return nil
}

// ownerOf is the name of the object that writes the target; "" if it is none.
func ownerOf(secret client.Object) string {
	if secret.GetLabels()[v1alpha1.RoleLabel] != v1alpha1.RoleTarget {
		return ""
	}
	return secret.GetAnnotations()[v1alpha1.OwnerAnnotation]
}

// objectsOf are those that name the Secret, and the one that wrote it. An informer that can't be read has no objects yet.
func (r *Reconciler) objectsOf(ctx context.Context, secret client.Object) []reconcile.Request {
	var list v1alpha1.CleverTapPasscodeList
	err := r.Client.List(ctx, &list, client.InNamespace(secret.GetNamespace()), client.MatchingFields{secretNameIndex: secret.GetName()},
		client.UnsafeDisableDeepCopy)
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "listing the objects that name a Secret", "secret", client.ObjectKeyFromObject(secret))
		return nil
	}
	requests := make([]reconcile.Request, 0, len(list.Items))
	for i := range list.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
	}
	if owner := ownerOf(secret); owner != "" {
		requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Namespace: secret.GetNamespace(), Name: owner}})
	}
	return requests
}
