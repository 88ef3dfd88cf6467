// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package retirement

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
)

// UnfinishedRestart names a workload that was restarted for this revision and is not there yet; "" for none.
func (p *Publication) UnfinishedRestart() string {
	if p.Rollout == nil || p.Scan == nil {
		return ""
	}
	for _, r := range p.Scan.Rollouts {
		if p.restartedFor(r.Restarts) && r.Unfinished != "" {
			return fmt.Sprintf("%s %q: %s", r.Kind, r.Name, r.Unfinished)
		}
	}
	return ""
}

// RolloutComplete returns the condition of that name, less its type. It is about environment variables and subPaths, and about
// what was restarted, and does not wait for volumes.
func (p *Publication) RolloutComplete(restarts []Restart) metav1.Condition {
	if p.Scan == nil {
		return condition(metav1.ConditionFalse, v1alpha1.ReasonInProgress, "A scan for what uses the Secret is under way")
	}
	if failed := p.rolloutFailure(restarts); failed != "" {
		return condition(metav1.ConditionFalse, v1alpha1.ReasonFailed, failed)
	}
	if waits := p.rolloutProgress(restarts); waits != "" {
		return condition(metav1.ConditionFalse, v1alpha1.ReasonInProgress, waits)
	}
	text := fmt.Sprintf("No environment variable or subPath mount has a value older than revision %d", p.Revision)
	if without := p.podsWithout(); len(without) > 0 {
		text += fmt.Sprintf(". Pods that had started before the first publication, or in the same seconds, may have no passcode, as their variable is optional: restart %s", Listing(without))
	}
	return condition(metav1.ConditionTrue, v1alpha1.ReasonComplete, text)
}

// podsWithout names the Pods that started before a first publication, with an optional variable that was not there yet.
// Nothing is restarted for a first publication.
func (p *Publication) podsWithout() []string {
	if !p.Initial {
		return nil
	}
	var names []string
	for i := range p.Scan.Pods {
		pod := &p.Scan.Pods[i]
		if !pod.CreatedAt.After(p.PublishedAt) && slices.ContainsFunc(pod.Containers, p.startedWithout) {
			names = append(names, pod.Name)
		}
	}
	return names
}

func (p *Publication) startedWithout(c consumers.Container) bool {
	if c.Waiting || c.StartedAt.IsZero() || !c.StartedAt.Before(p.PublishedAt.Add(clockSkew)) {
		return false
	}
	return slices.ContainsFunc(c.Uses, func(use consumers.Use) bool {
		return use.Way == consumers.Frozen && use.Optional && use.Of(p.Target, "")
	})
}

// rolloutFailure is what only a person can fix.
func (p *Publication) rolloutFailure(restarts []Restart) string {
	if p.Scan.Problem != "" {
		return p.Scan.Problem
	}
	if p.Scan.ArgoProblem != "" {
		if w := p.argoRollout(); w != "" {
			return fmt.Sprintf("Rollout %q: %s", w, p.Scan.ArgoProblem)
		}
	}
	for _, t := range p.Rollout.Targets {
		if !slices.ContainsFunc(p.Scan.Rollouts, func(r consumers.Rollout) bool { return r.Kind == t.Kind && r.Name == t.Name }) {
			return v1alpha1.Message(fmt.Sprintf("%s %q of spec.rollout.targets does not exist", t.Kind, t.Name), "create it, or remove it from the list")
		}
	}
	for _, r := range restarts {
		switch {
		case r.Paused:
			return v1alpha1.Message(fmt.Sprintf("%s %q uses an old value and is paused", r.Kind, r.Name),
				fmt.Sprintf("kubectl rollout resume -n %s %s/%s", p.Namespace, strings.ToLower(r.Kind), r.Name))
		case r.Manual != "":
			return fmt.Sprintf("%s %q uses an old value, and %s", r.Kind, r.Name, r.Manual)
		case r.Problem != "":
			return fmt.Sprintf("%s %q uses an old value, and %s", r.Kind, r.Name, r.Problem)
		case r.Undone:
			return p.undoneMessage(r)
		}
	}
	for _, r := range p.Scan.Rollouts {
		if p.restartedFor(r.Restarts) && r.Failed != "" {
			return v1alpha1.Message(fmt.Sprintf("%s %q was restarted, and its rollout failed: %s", r.Kind, r.Name, r.Failed),
				fmt.Sprintf("find out why its Pods are not ready: kubectl describe -n %s %s/%s", p.Namespace, strings.ToLower(r.Kind), r.Name))
		}
	}
	return ""
}

// undoneMessage names who undoes restarts, as far as that is known.
func (p *Publication) undoneMessage(r Restart) string {
	by := "its controller or a deployer"
	if r.Controller.Kind != "" {
		by = fmt.Sprintf("its controller, %s %q,", r.Controller.Kind, r.Controller.Name)
	}
	return v1alpha1.Message(
		fmt.Sprintf("%s %q uses an old value, and was restarted %d times: %s removes the annotation %s from its Pod template each time",
			r.Kind, r.Name, maxRestartAttempts, by, p.RestartKey()),
		fmt.Sprintf("configure it to ignore that annotation, then restart the workload: kubectl rollout restart -n %s %s/%s",
			p.Namespace, strings.ToLower(r.Kind), r.Name))
}

// argoRollout names one of Argo's that is to be restarted, or may have to be; "" for none.
func (p *Publication) argoRollout() string {
	for _, t := range p.Rollout.Targets {
		if t.Kind == consumers.ArgoRolloutKind {
			return t.Name
		}
	}
	for i := range p.Scan.Pods {
		if pod := &p.Scan.Pods[i]; pod.Owner.Kind == consumers.ArgoRolloutKind && p.Rollout.Auto && p.frozenSinceBefore(pod) {
			return pod.Owner.Name
		}
	}
	return ""
}

// rolloutProgress is what is waited for; "" for nothing.
func (p *Publication) rolloutProgress(restarts []Restart) string {
	if unfinished := p.UnfinishedRestart(); unfinished != "" {
		return unfinished
	}
	for _, r := range restarts {
		if r.Due {
			return fmt.Sprintf("%s %q is being restarted", r.Kind, r.Name)
		}
		if !r.At.IsZero() {
			return fmt.Sprintf("%s %q was restarted a moment ago, and is restarted again at %s", r.Kind, r.Name, r.At.UTC().Format("15:04:05 UTC"))
		}
	}
	if p.Initial {
		return ""
	}
	var stale []string
	for i := range p.Scan.Pods {
		if p.frozenSinceBefore(&p.Scan.Pods[i]) {
			stale = append(stale, p.Scan.Pods[i].Name)
		}
	}
	if len(stale) == 0 {
		return ""
	}
	return v1alpha1.Message("Pods still use an old value by environment variable or subPath mount: "+Listing(stale),
		"restart what they belong to")
}

func condition(status metav1.ConditionStatus, reason, message string) metav1.Condition {
	return metav1.Condition{Status: status, Reason: reason, Message: message}
}
