// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package controllers reconciles CleverTapPasscodes: observe, decide, act, report.
package controllers

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/fingerprint"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/metrics"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/notification"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/verification"
)

// FieldManager is the operator's name in what it writes.
const FieldManager = v1alpha1.ManagedBy

// RestartFieldManager owns the one annotation that restarts a workload, so that deployers can leave it alone by name.
const RestartFieldManager = v1alpha1.ManagedBy + "-restart"

// longestSleep bounds how long an object sleeps, so that the correction of a wrong clock takes effect.
const longestSleep = 30 * time.Minute

// cacheLag is how soon to reconcile again for what the API server has and the informer does not show yet.
const cacheLag = 20 * time.Millisecond

// The waits after a pass that failed. The last one is short: what a person has fixed should work soon.
const firstBackoff, lastBackoff = 50 * time.Millisecond, 30 * time.Second

// Reconciler keeps a working passcode in every object's target.
type Reconciler struct {
	// Client reads from the informers and writes.
	Client client.Client
	// APIReader reads metadata from the API server, not from the informers.
	APIReader client.Reader
	// Key makes the fingerprints.
	Key fingerprint.Key
	// Verification calls CleverTap.
	Verification *verification.Pool
	// Clock also wakes objects.
	Clock clock.WithDelayedExecution
	// Events sends events.
	Events events.EventRecorder
	// Notify sends a notification for each event; it never blocks.
	Notify func(notification.Notification)
	// VolumeRefresh is how long kubelets may take to refresh a mounted Secret.
	VolumeRefresh time.Duration
	// Counters count publications.
	Counters *metrics.Counters
	// AllowedTargetAnnotations are prefixes of copy-triggering annotations that objects may set on targets.
	AllowedTargetAnnotations []string
	// Endpoint is what messages call the base URL that is called in place of CleverTap's hosts: its scheme and host; ""
	// for none.
	Endpoint string
	// NamespacesChanged is called when the API server has forbidden something, or an object has gone: a permission, or a namespace, may
	// be gone. It must not block; nil is not called.
	NamespacesChanged func()

	// started reports whether the queue is there.
	started      atomic.Bool
	queue        priorityqueue.PriorityQueue[reconcile.Request]
	states       *states
	scanner      *consumers.Scanner
	workerShares *workerShares
}

// reconcileFairly reconciles if the namespace has a worker left.
func (r *Reconciler) reconcileFairly(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	wait, ok := r.workerShares.enter(request)
	if !ok {
		return ctrl.Result{RequeueAfter: wait}, nil
	}
	again := false
	defer func() { r.workerShares.leave(request, again) }() // after a panic too, which the manager recovers from
	result, err := r.Reconcile(ctx, request)
	again = result.RequeueAfter > 0 || (err != nil && r.queue.NumRequeues(request) < quickRetries)
	return result, err
}

// quickRetries is how many retries of a failed pass follow at once. The later ones wait for what may take long.
const quickRetries = 2

// Idle reports whether nothing is to come before the clock, a watch or a person brings it: no pass is under way, due, or
// about to be tried again, and neither is a verification or a scan. It is safe for concurrent use.
func (r *Reconciler) Idle() bool {
	return r.started.Load() && r.queue.Len() == 0 && r.workerShares.idle() && !r.Verification.Busy() && !r.scanner.Busy()
}

// atOnce has an object reconciled again as soon as a worker is free: zero would mean never.
const atOnce = time.Nanosecond

// Reconcile makes one pass: observe, decide, act, report. It never waits for CleverTap: a result wakes the object.
// A pass that has published ends there, and the pass after it reports.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	object, state, err := r.get(ctx, request.NamespacedName)
	if apierrors.IsNotFound(err) || (err == nil && !object.DeletionTimestamp.IsZero()) {
		r.forget(request.NamespacedName)
		return ctrl.Result{}, nil
	}
	if err != nil {
		return ctrl.Result{}, err
	}
	observation, err := r.observe(ctx, object, state)
	if err != nil {
		return ctrl.Result{}, err
	}
	if observation.cacheBehind {
		r.sleep(request.NamespacedName, state, observation.readAgain, r.Clock.Now().Add(catchUpTime))
		return ctrl.Result{}, nil
	}
	d, err := r.act(ctx, observation, state)
	switch {
	case err == nil && observation.reported:
		return ctrl.Result{RequeueAfter: atOnce}, nil
	case err == nil && observation.published:
		return ctrl.Result{RequeueAfter: atOnce, Priority: new(reporting)}, nil
	}
	_, reportErr := r.report(ctx, observation, d, state)
	err = errors.Join(err, reportErr)
	if r.NamespacesChanged != nil && apierrors.IsForbidden(err) {
		r.NamespacesChanged()
	}
	r.sleep(request.NamespacedName, state, d.Next, observation.readAgain)
	return ctrl.Result{}, err
}

// get is the object, and what this process knows of it.
func (r *Reconciler) get(ctx context.Context, name types.NamespacedName) (*v1alpha1.CleverTapPasscode, *objectState, error) {
	object := &v1alpha1.CleverTapPasscode{}
	if err := r.Client.Get(ctx, name, object); err != nil {
		return nil, nil, fmt.Errorf("reading CleverTapPasscode %s: %w", name, err)
	}
	state, replaced := r.states.of(name, object.UID)
	if replaced {
		r.scanner.Forget(name)
		r.Counters.Forget(name)
	}
	return state.newestObjectUntilCached(object), state, nil
}

func (r *Reconciler) forget(object types.NamespacedName) {
	if r.NamespacesChanged != nil {
		r.NamespacesChanged()
	}
	r.Verification.Retain(object)
	r.scanner.Forget(object)
	r.Counters.Forget(object)
	r.states.forget(object)
}

// sleep sets the timer for the earliest of the times that are not zero.
func (r *Reconciler) sleep(object types.NamespacedName, state *objectState, times ...time.Time) {
	state.stopTimer()
	now := r.Clock.Now()
	wait := longestSleep
	for _, t := range times {
		if !t.IsZero() {
			wait = min(wait, t.Sub(now))
		}
	}
	state.timer = r.Clock.AfterFunc(max(wait, time.Millisecond), func() { r.Wake(object) })
}
