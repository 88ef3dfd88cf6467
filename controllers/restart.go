// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/decision"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/status"
)

// +kubebuilder:rbac:groups="",resources=pods,verbs=list
// +kubebuilder:rbac:groups=apps,resources=deployments;statefulsets;daemonsets,verbs=list;patch

// requestScan requests the scan that finds out what uses the target.
func (r *Reconciler) requestScan(s *observation, d decision.Decision, state *objectState) {
	if !d.Scan {
		return
	}
	state.scanRequestedAt = r.Clock.Now()
	scope := consumers.Scope{Workloads: s.Object.Spec.Rollout != nil}
	scope.Argo = scope.Workloads && slices.ContainsFunc(s.Object.Spec.Rollout.Targets, func(t v1alpha1.RolloutTarget) bool {
		return t.Kind == consumers.ArgoRolloutKind
	})
	r.scanner.Request(client.ObjectKeyFromObject(s.Object), scope)
}

// restart writes one annotation into each Pod template that has not changed since the scan. What was written, and what
// failed, is what is reported.
func (r *Reconciler) restart(ctx context.Context, s *observation, d decision.Decision, state *objectState) error {
	if len(d.Restart) == 0 {
		return nil
	}
	scan := *state.scan
	scan.Rollouts = slices.Clone(scan.Rollouts)
	var problems []error
	for _, workload := range d.Restart {
		err := r.restartOne(ctx, s.Object.Namespace, workload, d.MarkKey, d.Mark)
		r.Counters.Restarted(workload.Kind, err)
		switch {
		case err == nil:
			scan.Restarted(workload.Workload, d.MarkKey, d.Mark)
			state.restarted(workload.Workload, d.MarkKey, s.Target.Record.Revision, r.Clock.Now())
			state.pendingEvents = append(state.pendingEvents, status.Event{
				Reason: v1alpha1.EventRolloutRestarted, Passcode: s.Target.Record.Passcode,
				Message: fmt.Sprintf("Restarted %s %q for revision %d of Secret %q", workload.Kind, workload.Name, s.Target.Record.Revision, s.secret.Name),
			})
		case apierrors.IsConflict(err) || apierrors.IsNotFound(err):
			scan.Outdated(workload.Workload)
		default:
			scan.Failed(workload.Workload, restartProblem(err))
			problems = append(problems, err)
		}
	}
	state.scan, s.Scan, s.Restarted, s.effectsChanged = &scan, &scan, state.restarts, true
	return errors.Join(problems...)
}

func (r *Reconciler) restartOne(ctx context.Context, namespace string, workload consumers.Rollout, key, mark string) error {
	patch, err := restartPatch(workload, key, mark)
	if err != nil {
		return err
	}
	object := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: workload.Name}}
	object.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind(workload.Kind))
	if workload.Kind == consumers.ArgoRolloutKind {
		object.SetGroupVersionKind(consumers.ArgoRollout())
	}
	if err := r.Client.Patch(ctx, object, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(RestartFieldManager)); err != nil {
		return fmt.Errorf("restarting %s %s/%s: %w", workload.Kind, namespace, workload.Name, err)
	}
	return nil
}

// restartPatch names the annotation, and the version and uid that it was decided on.
func restartPatch(workload consumers.Rollout, key, mark string) ([]byte, error) {
	metadata := map[string]any{"resourceVersion": workload.ResourceVersion, "uid": workload.UID}
	annotations := map[string]string{key: mark}
	patch := map[string]any{
		"metadata": metadata,
		"spec":     map[string]any{"template": map[string]any{"metadata": map[string]any{"annotations": annotations}}},
	}
	if workload.Kind == consumers.ArgoRolloutKind {
		metadata["annotations"] = annotations
		_, at, _ := strings.Cut(mark, "@")
		patch["spec"] = map[string]any{"restartAt": at}
	}
	body, err := json.Marshal(patch)
	if err != nil {
		return nil, fmt.Errorf("encoding the patch of a workload: %w", err)
	}
	return body, nil
}

// restartProblem is for people.
func restartProblem(err error) string {
	if apierrors.IsForbidden(err) {
		return v1alpha1.Message("the operator is not permitted to restart it",
			"allow its service account to patch deployments, statefulsets, daemonsets, and Argo's rollouts if they are used (rbac.rollouts in the chart; the component config/no-rollouts removes the permission), and check for an admission policy")
	}
	return fmt.Sprintf("restarting it failed: %s. The operator tries again", apierrors.ReasonForError(err))
}
