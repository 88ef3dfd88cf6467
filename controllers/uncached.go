// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// The waits between uncached reads of a Secret that the informer does not have; in a conflict, its removal is waited for.
const (
	firstReadWait, lastReadWait = 5 * time.Second, 5 * time.Minute
	conflictReadWait            = 10 * time.Second
)

// uncachedRead is what the API server said of a Secret that the informer does not have.
type uncachedRead struct {
	exists     bool
	role       string
	generation int64 // of the object that it was read for
	wait       time.Duration
	due        time.Time
}

// labelled reports whether the informer is to show the Secret.
func (u *uncachedRead) labelled() bool {
	return u.role == v1alpha1.RoleSource || u.role == v1alpha1.RoleTarget
}

// readUncached reads the Secret's metadata from the API server: at once, then after growing waits, anew when the object
// changes. What is kept of it is its role: the annotations may contain its data as kubectl applied them.
func (r *Reconciler) readUncached(ctx context.Context, s *observation, name string, state *objectState) (*uncachedRead, error) {
	now := r.Clock.Now()
	last := state.uncachedReads[name]
	if last != nil && last.generation == s.Object.Generation && now.Before(last.due) {
		s.readAgainAt(last.due)
		return last, nil
	}
	// A name that cannot be one, which the schema denies, is never requested: as a part of a path, it might lead out of
	// the namespace.
	if len(validation.IsDNS1123Subdomain(name)) > 0 {
		return &uncachedRead{}, nil
	}
	metadata, err := r.metadata(ctx, corev1.SchemeGroupVersion.WithKind("Secret"), types.NamespacedName{Namespace: s.Object.Namespace, Name: name})
	// Without permission nothing is found, and the read is repeated.
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
		return nil, err
	}
	next := &uncachedRead{
		exists:     err == nil,
		role:       metadata.Labels[v1alpha1.RoleLabel],
		generation: s.Object.Generation,
	}
	next.wait = nextReadWait(last, next, s.Object, name)
	next.due = now.Add(next.wait)
	state.uncachedReads[name] = next
	s.readAgainAt(next.due)
	return next, nil
}

// metadata reads from the API server, not from the cache.
func (r *Reconciler) metadata(ctx context.Context, kind schema.GroupVersionKind, name types.NamespacedName) (*metav1.PartialObjectMetadata, error) {
	metadata := &metav1.PartialObjectMetadata{}
	metadata.SetGroupVersionKind(kind)
	if err := r.APIReader.Get(ctx, name, metadata); err != nil {
		return metadata, fmt.Errorf("reading %s %s from the API server: %w", kind.Kind, name, err)
	}
	return metadata, nil
}

// versionOf is the version that the API server has; "" if there is none.
func (r *Reconciler) versionOf(ctx context.Context, kind schema.GroupVersionKind, name types.NamespacedName) (string, error) {
	metadata, err := r.metadata(ctx, kind, name)
	return metadata.ResourceVersion, client.IgnoreNotFound(err)
}

// catchUpWait is how long to wait for an informer that does not show yet what the API server has: milliseconds, as a
// rule. What was read is not used for longer, because it may go as well.
func catchUpWait(last, next *uncachedRead) time.Duration {
	if last == nil || last.role != next.role {
		return cacheLag
	}
	return min(2*last.wait, catchUpTime)
}

func nextReadWait(last, next *uncachedRead, object *v1alpha1.CleverTapPasscode, name string) time.Duration {
	switch {
	case next.labelled():
		return catchUpWait(last, next)
	case name == object.TargetName() && !object.Spec.Observes():
		return conflictReadWait
	case last == nil || last.generation != object.Generation:
		return firstReadWait
	}
	return min(max(2*last.wait, firstReadWait), lastReadWait)
}

func (o *observation) readAgainAt(t time.Time) {
	if o.readAgain.IsZero() || t.Before(o.readAgain) {
		o.readAgain = t
	}
}
