/*
Copyright 2026 The CleverTap Passcode Operator Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package rotation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
)

// restartPause is how long a workload is left alone after a restart, so that two rotations fold into one. A user
// passcode can't wait: the old one is dead already.
const restartPause = 5 * time.Minute

// restartMark is what a restart writes into the Pod template.
func (v *view) restartMark() string {
	return strconv.FormatInt(v.published.record.Revision, 10) + "@" + v.now.UTC().Format(time.RFC3339)
}

// parseRestart reads it; zeros for what is none.
func parseRestart(mark string) (revision int64, at time.Time) {
	number, moment, _ := strings.Cut(mark, "@")
	revision, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, time.Time{}
	}
	return revision, parseTime(v1alpha1.Time(moment))
}

// restart is one workload that holds an old value, and what is to become of it.
type restart struct {
	consumers.Rollout
	// due is whether to restart it now, and at when otherwise; zero where it is not for us to do.
	due bool
	at  time.Time
}

// findRestarts lists the workloads that started before this revision: all that hold the target by environment variable
// or subPath, where rollout.auto says so, and those that rollout.targets names, whatever they hold. A first
// publication restarts nothing.
func (v *view) findRestarts() []restart {
	if v.holding() == nil || v.spec.Rollout == nil || v.Look == nil || len(v.published.record.Replaced) == 0 || v.handsOff() {
		return nil
	}
	var list []restart
	for _, r := range v.Look.Rollouts {
		if !v.concerned(r.Workload) {
			continue
		}
		revision, last := parseRestart(r.Restarts[v.restartKey()])
		next := restart{Rollout: r}
		switch {
		case revision == v.published.record.Revision || r.Paused || r.Manual != "" || r.Problem != "":
		case v.spec.Type != v1alpha1.PasscodeTypeUser && v.now.Before(last.Add(restartPause)):
			next.at = last.Add(restartPause)
		default:
			next.due = true
		}
		list = append(list, next)
	}
	return list
}

func (v *view) restartKey() string {
	return consumers.RestartAnnotation(EffectiveTarget(v.Object))
}

func (v *view) concerned(w consumers.Workload) bool {
	named := v.names(w)
	return slices.ContainsFunc(v.Look.Pods, func(pod consumers.Pod) bool {
		switch {
		case pod.Owner != w:
			return false
		case named:
			return v.startedBefore(&pod, pod.StartedAt, v.published.record.PublishedAt)
		}
		return v.spec.Rollout.Auto && v.frozenSinceBefore(&pod)
	})
}

func (v *view) names(w consumers.Workload) bool {
	return slices.ContainsFunc(v.spec.Rollout.Targets, func(t v1alpha1.RolloutTarget) bool {
		return t.Kind == w.Kind && t.Name == w.Name
	})
}

// frozenSinceBefore is whether one of the Pod's containers holds the target by environment variable or subPath, and
// started before this revision.
func (v *view) frozenSinceBefore(pod *consumers.Pod) bool {
	return slices.ContainsFunc(pod.Containers, func(c consumers.Container) bool {
		return v.startedBefore(pod, c.StartedAt, v.published.record.PublishedAt) &&
			slices.ContainsFunc(c.Uses, func(use consumers.Use) bool {
				return use.Way == consumers.Frozen && use.Of(EffectiveTarget(v.Object), v.published.record.Keys.PreviousPasscode)
			})
	})
}

// unfinishedRestart names a workload that was restarted for this revision and is not there yet; "" for none.
func (v *view) unfinishedRestart() string {
	if v.spec.Rollout == nil || v.Look == nil {
		return ""
	}
	for _, r := range v.Look.Rollouts {
		revision, _ := parseRestart(r.Restarts[v.restartKey()])
		if revision == v.published.record.Revision && r.Unfinished != "" {
			return fmt.Sprintf("%s %q: %s", r.Kind, r.Name, r.Unfinished)
		}
	}
	return ""
}

// rolloutComplete speaks of environment variables and subPaths, and of what was restarted; volumes are not waited for.
func (v *view) rolloutComplete() metav1.Condition {
	if v.Look == nil {
		return condition(metav1.ConditionFalse, v1alpha1.ReasonInProgress, "Who holds the Secret is being looked up")
	}
	if failed := v.rolloutFailure(); failed != "" {
		return condition(metav1.ConditionFalse, v1alpha1.ReasonFailed, failed)
	}
	if waits := v.rolloutProgress(); waits != "" {
		return condition(metav1.ConditionFalse, v1alpha1.ReasonInProgress, waits)
	}
	return condition(metav1.ConditionTrue, v1alpha1.ReasonComplete, fmt.Sprintf("No environment variable or subPath mount holds a value before revision %d", v.published.record.Revision))
}

// rolloutFailure is what only a person can mend.
func (v *view) rolloutFailure() string {
	if v.Look.Problem != "" {
		return v.Look.Problem
	}
	if v.Look.ArgoProblem != "" {
		if w := v.argoRollout(); w != "" {
			return fmt.Sprintf("Rollout %q: %s", w, v.Look.ArgoProblem)
		}
	}
	for _, t := range v.spec.Rollout.Targets {
		if !slices.ContainsFunc(v.Look.Rollouts, func(r consumers.Rollout) bool { return r.Kind == t.Kind && r.Name == t.Name }) {
			return fmt.Sprintf("%s %q of spec.rollout.targets does not exist: create it, or take it off the list", t.Kind, t.Name)
		}
	}
	for _, r := range v.restarts {
		switch {
		case r.Paused:
			return fmt.Sprintf("%s %q holds an old value and is paused: kubectl rollout resume -n %s %s/%s", r.Kind, r.Name, v.Object.Namespace, strings.ToLower(r.Kind), r.Name)
		case r.Manual != "":
			return fmt.Sprintf("%s %q holds an old value, and %s", r.Kind, r.Name, r.Manual)
		case r.Problem != "":
			return fmt.Sprintf("%s %q holds an old value, and %s", r.Kind, r.Name, r.Problem)
		}
	}
	for _, r := range v.Look.Rollouts {
		revision, _ := parseRestart(r.Restarts[v.restartKey()])
		if revision == v.published.record.Revision && r.Failed != "" {
			return fmt.Sprintf("%s %q was restarted and does not get there: %s", r.Kind, r.Name, r.Failed)
		}
	}
	return ""
}

// argoRollout names one of Argo's that is to be restarted, or may have to be; "" for none.
func (v *view) argoRollout() string {
	for _, t := range v.spec.Rollout.Targets {
		if t.Kind == consumers.ArgoRolloutKind {
			return t.Name
		}
	}
	for i := range v.Look.Pods {
		if pod := &v.Look.Pods[i]; pod.Owner.Kind == consumers.ArgoRolloutKind && v.spec.Rollout.Auto && v.frozenSinceBefore(pod) {
			return pod.Owner.Name
		}
	}
	return ""
}

// rolloutProgress is what is waited for; "" for nothing.
func (v *view) rolloutProgress() string {
	if unfinished := v.unfinishedRestart(); unfinished != "" {
		return unfinished
	}
	for _, r := range v.restarts {
		if r.due {
			return fmt.Sprintf("%s %q is being restarted", r.Kind, r.Name)
		}
		if !r.at.IsZero() {
			return fmt.Sprintf("%s %q was restarted less than five minutes ago, and is restarted again at %s", r.Kind, r.Name, r.at.UTC().Format("15:04:05 UTC"))
		}
	}
	if len(v.published.record.Replaced) == 0 {
		return ""
	}
	var stale []string
	for i := range v.Look.Pods {
		if v.frozenSinceBefore(&v.Look.Pods[i]) {
			stale = append(stale, v.Look.Pods[i].Name)
		}
	}
	if len(stale) == 0 {
		return ""
	}
	return "Pods still hold an old value by environment variable or subPath: " + listing(stale)
}

// rolloutCondition is absent without spec.rollout; where nothing is outstanding, it stays as it was.
func (v *view) rolloutCondition(before *metav1.Condition) *metav1.Condition {
	if v.spec.Rollout == nil || v.holding() == nil {
		return nil
	}
	if v.Look == nil && before != nil && !v.rolloutUnfinished() {
		return &metav1.Condition{Status: before.Status, Reason: before.Reason, Message: before.Message}
	}
	if v.Look == nil && before != nil && v.spec.Suspend {
		return &metav1.Condition{Status: before.Status, Reason: before.Reason, Message: before.Message}
	}
	c := v.rolloutComplete()
	return &c
}
