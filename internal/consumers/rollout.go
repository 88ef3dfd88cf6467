// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package consumers

import (
	"cmp"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// Rollout is a workload as it is.
type Rollout struct {
	Workload
	UID             types.UID
	ResourceVersion string
	// Controller is what makes the workload, and may undo what others change in it; its Kind is "" for none.
	Controller Workload
	// Restarts are the annotations that say for which revisions it was restarted: its Pod template's.
	Restarts map[string]string
	// Manual says why a changed template restarts nothing by itself, and what to do; "" if it does.
	Manual string
	// Problem says why the operator could not restart it since the scan, and what to do; "" if it could, or did not try.
	Problem string
	// Paused reports whether it must not be restarted.
	Paused bool
	// Unfinished says what its rollout waits for; "" if all of its Pods are the newest template's and available.
	Unfinished string
	// Failed says why its rollout will not get there by itself; "" if it may.
	Failed string
}

// FromDeployment keeps what matters.
func FromDeployment(d *appsv1.Deployment) Rollout {
	s, want := d.Status, ptr.Deref(d.Spec.Replicas, 1)
	r := Rollout{
		Workload: Workload{Kind: "Deployment", Name: d.Name}, UID: d.UID, ResourceVersion: d.ResourceVersion, Controller: controllerOf(d),
		Restarts: restarts(d.Spec.Template.Annotations), Paused: d.Spec.Paused,
		Unfinished: unfinished(d.Generation, s.ObservedGeneration, want, s.UpdatedReplicas, s.AvailableReplicas, s.Replicas),
	}
	for _, c := range s.Conditions {
		if c.Type == appsv1.DeploymentProgressing && c.Status == corev1.ConditionFalse && s.ObservedGeneration >= d.Generation {
			r.Failed = quoted(c.Message)
		}
	}
	return r
}

// FromStatefulSet keeps what matters.
func FromStatefulSet(set *appsv1.StatefulSet) Rollout {
	s, want := set.Status, ptr.Deref(set.Spec.Replicas, 1)
	updated := s.UpdatedReplicas
	if s.UpdateRevision == s.CurrentRevision {
		updated = s.CurrentReplicas
	}
	r := Rollout{
		Workload: Workload{Kind: "StatefulSet", Name: set.Name}, UID: set.UID, ResourceVersion: set.ResourceVersion, Controller: controllerOf(set),
		Restarts:   restarts(set.Spec.Template.Annotations),
		Unfinished: unfinished(set.Generation, s.ObservedGeneration, want, updated, s.AvailableReplicas, s.Replicas),
	}
	switch update := set.Spec.UpdateStrategy; {
	case update.Type == appsv1.OnDeleteStatefulSetStrategyType:
		r.Manual = v1alpha1.Message("its updateStrategy is OnDelete", "delete its Pods")
	case update.RollingUpdate != nil && ptr.Deref(update.RollingUpdate.Partition, 0) > 0:
		r.Manual = v1alpha1.Message("its updateStrategy has a partition", "lower it to 0")
	}
	return r
}

// FromDaemonSet keeps what matters.
func FromDaemonSet(set *appsv1.DaemonSet) Rollout {
	s := set.Status
	r := Rollout{
		Workload: Workload{Kind: "DaemonSet", Name: set.Name}, UID: set.UID, ResourceVersion: set.ResourceVersion, Controller: controllerOf(set),
		Restarts: restarts(set.Spec.Template.Annotations),
		Unfinished: unfinished(set.Generation, s.ObservedGeneration, s.DesiredNumberScheduled, s.UpdatedNumberScheduled,
			s.NumberAvailable, s.CurrentNumberScheduled),
	}
	if set.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
		r.Manual = v1alpha1.Message("its updateStrategy is OnDelete", "delete its Pods")
	}
	return r
}

// ArgoRolloutKind is the kind of Argo's Rollout, in the group argoproj.io/v1alpha1.
const ArgoRolloutKind = "Rollout"

// FromArgoRollout keeps what matters. It is restarted by spec.restartAt, which leaves its Pod template alone, so the
// mark is on the Rollout itself.
func FromArgoRollout(o *unstructured.Unstructured) Rollout {
	text := func(fields ...string) string {
		value, _, _ := unstructured.NestedString(o.Object, fields...)
		return value
	}
	r := Rollout{
		Workload: Workload{Kind: ArgoRolloutKind, Name: o.GetName()}, UID: o.GetUID(), ResourceVersion: o.GetResourceVersion(), Controller: controllerOf(o),
		Restarts: restarts(o.GetAnnotations()),
	}
	r.Paused, _, _ = unstructured.NestedBool(o.Object, "spec", "paused")
	switch phase := text("status", "phase"); {
	case phase == "Degraded":
		r.Failed = cmp.Or(quoted(text("status", "message")), "it is Degraded")
	case text("status", "restartedAt") < text("spec", "restartAt"): // both are RFC 3339 in UTC
		r.Unfinished = "its controller has not restarted all of its Pods yet"
	case phase != "Healthy":
		r.Unfinished = "it is " + cmp.Or(quoted(phase), "new")
	}
	return r
}

// maxQuote is how much is quoted of what others wrote, in characters.
const maxQuote = 200

// quoted is a text of others', bounded.
func quoted(text string) string {
	if characters := []rune(text); len(characters) > maxQuote {
		return string(characters[:maxQuote]) + "…"
	}
	return text
}

func controllerOf(o metav1.Object) Workload {
	if ref := metav1.GetControllerOfNoCopy(o); ref != nil {
		return Workload{Kind: quoted(ref.Kind), Name: quoted(ref.Name)}
	}
	return Workload{}
}

// unfinished is as kubectl rollout status has it.
func unfinished(generation, observed int64, want, updated, available, all int32) string {
	switch {
	case observed < generation:
		return "its controller has not seen the change yet"
	case updated < want:
		return fmt.Sprintf("%d of %d Pods are updated", updated, want)
	case all > updated:
		return fmt.Sprintf("%d old Pods are still running", all-updated)
	case available < updated:
		return fmt.Sprintf("%d of %d updated Pods are available", available, updated)
	}
	return ""
}
