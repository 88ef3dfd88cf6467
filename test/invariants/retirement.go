// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package invariants

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// Change is what a watch reported of one object. Changes of all kinds are in the order of their resource versions.
type Change struct {
	Object  client.Object
	Deleted bool
}

// SafeToDelete is: when an event calls a replaced value safe to delete, no Pod runs that took its target into its environment
// before the present value was published, and the value is not the one that the target has.
func SafeToDelete(changes []Change) error {
	pods, targets := map[string]*corev1.Pod{}, map[string]Target{}
	for _, change := range inOrder(changes) {
		switch o := change.Object.(type) {
		case *corev1.Pod:
			pods[o.Name] = o
			if change.Deleted {
				delete(pods, o.Name)
			}
		case *corev1.Secret:
			if !change.Deleted && o.Labels[v1alpha1.RoleLabel] == v1alpha1.RoleTarget {
				targets[o.Annotations[v1alpha1.OwnerAnnotation]] = TargetOf(o)
			}
		case *eventsv1.Event:
			if o.Reason != v1alpha1.EventSafeToDelete || change.Deleted {
				continue
			}
			present := targets[o.Regarding.Name]
			for _, pod := range pods {
				published := present.PublishedAt.Truncate(time.Second) // as the start of a container is given
				if since, uses := runsWith(pod, present.Name); uses && since.Before(published) {
					return violated("safe to delete is not in use", "%q, while Pod %s has the value from before revision %d, published %s, since %s",
						o.Note, pod.Name, present.Revision, present.PublishedAt, since)
				}
			}
		}
	}
	return nil
}

// runsWith reports whether a container of the Pod runs that has a Secret in its environment, and since when.
func runsWith(pod *corev1.Pod, secret string) (since time.Time, uses bool) {
	if pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded {
		return time.Time{}, false
	}
	for _, container := range pod.Spec.Containers {
		for _, status := range pod.Status.ContainerStatuses {
			if status.Name == container.Name && status.State.Running != nil && hasInEnvironment(container, secret) {
				return status.State.Running.StartedAt.Time, true
			}
		}
	}
	return time.Time{}, false
}

func hasInEnvironment(container corev1.Container, secret string) bool {
	return slices.ContainsFunc(container.EnvFrom, func(from corev1.EnvFromSource) bool {
		return from.SecretRef != nil && from.SecretRef.Name == secret
	}) || slices.ContainsFunc(container.Env, func(e corev1.EnvVar) bool {
		return e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil && e.ValueFrom.SecretKeyRef.Name == secret
	})
}

func inOrder(changes []Change) []Change {
	version := func(c Change) int64 {
		number, _ := strconv.ParseInt(c.Object.GetResourceVersion(), 10, 64) // the API server's are numbers
		return number
	}
	return slices.SortedStableFunc(slices.Values(changes), func(a, b Change) int { return cmp.Compare(version(a), version(b)) })
}
