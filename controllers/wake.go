// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// reporting is the priority of passes that tell of what was done, below those that may publish, which have none: in a
// wave of rotations workloads come first. Those that see who still holds an old value come after that. Both are above
// what was there when the process started.
const (
	reporting = handler.LowPriority / 10
	retiring  = 2 * reporting
)

// Wake has the object looked at. It never blocks.
func (r *Reconciler) Wake(object types.NamespacedName) {
	r.queue.Add(reconcile.Request{NamespacedName: object})
}

// wakeToRetire has the object looked at once nothing that may publish or has been published waits.
func (r *Reconciler) wakeToRetire(object types.NamespacedName) {
	below{r.queue, retiring}.Add(reconcile.Request{NamespacedName: object})
}

// secretEvents wakes the objects that name a Secret. That a target was written is mostly one's own doing.
func (r *Reconciler) secretEvents() handler.EventHandler {
	inner := handler.EnqueueRequestsFromMapFunc(r.objectsOf)
	queueFor := func(secret client.Object, q workqueue.TypedRateLimitingInterface[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request] {
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

// below is the queue with a lower priority for what is added without one.
type below struct {
	priorityqueue.PriorityQueue[reconcile.Request]
	priority int
}

func (q below) Add(request reconcile.Request) {
	q.AddWithOpts(priorityqueue.AddOpts{}, request)
}

func (q below) AddWithOpts(o priorityqueue.AddOpts, requests ...reconcile.Request) {
	if o.Priority == nil {
		o.Priority = &q.priority
	}
	q.PriorityQueue.AddWithOpts(o, requests...)
}
