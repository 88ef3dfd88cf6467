// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

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
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
)

// restartPause is how long a workload is left alone after a restart, whichever target it was for, so that two rotations
// fold into one. A user passcode can't wait that long: the old one is dead already.
const (
	restartPause       = 5 * time.Minute
	userRestartPause   = 30 * time.Second
	userRestarts       = 3 // in restartPause
	maxRestartAttempts = 3 // for one revision
	// restartClockStep is how far a clock may have been set back since a publication, for its restart still to count.
	restartClockStep = time.Hour
)

// restartMark is what a restart writes into the Pod template.
func (v *retirement) restartMark() string {
	return strconv.FormatInt(v.active.record.Revision, 10) + "@" + v.now.UTC().Format(time.RFC3339)
}

// parseRestart reads it; zeros for what is none.
func parseRestart(mark string) (revision int64, at time.Time) {
	number, moment, _ := strings.Cut(mark, "@")
	revision, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, time.Time{}
	}
	return revision, schedule.ParseTime(v1alpha1.Time(moment))
}

// restartedFor reports whether annotations say that a restart was made for the present revision, or a later one. An
// annotation from long before it was published is another object's, which had the name before.
func (v *retirement) restartedFor(annotations map[string]string) bool {
	revision, at := parseRestart(annotations[v.restartKey()])
	return revision >= v.active.record.Revision && !at.Before(v.active.record.PublishedAt.Add(-restartClockStep))
}

// restart is one workload that uses an old value, and what to do with it.
type restart struct {
	consumers.Rollout
	// due reports whether to restart it now, and at when otherwise; zero if the operator must not restart it.
	due bool
	at  time.Time
	// undone reports whether somebody took the annotation away that restarts it, again and again.
	undone bool
}

// findRestarts lists the workloads that started before this revision: all that use the target by environment variable
// or subPath, if rollout.auto is true, and those that rollout.targets names, whatever they use. A first
// publication restarts nothing.
func (v *retirement) findRestarts() []restart {
	if v.activeInTarget() == nil || v.spec.Rollout == nil || v.Scan == nil || len(v.active.record.Replaced) == 0 || v.paused() {
		return nil
	}
	var list []restart
	for _, r := range v.Scan.Rollouts {
		if v.concerned(r.Workload) {
			list = append(list, v.planRestart(r))
		}
	}
	return list
}

func (v *retirement) planRestart(r consumers.Rollout) restart {
	next := restart{Rollout: r}
	attempts := v.restartAttempts(r.Workload)
	switch {
	case v.restartedFor(r.Restarts) || r.Paused || r.Manual != "" || r.Problem != "":
	case attempts >= maxRestartAttempts:
		next.undone = true
	case attempts > 0:
		next.due = true // it was made, and undone
	default:
		next.at = v.restartFrom(r)
		next.due = !v.now.Before(next.at)
	}
	return next
}

// restartAttempts is how often this process has restarted the workload for the present revision.
func (v *retirement) restartAttempts(w consumers.Workload) int {
	if made := v.Restarted[w]; made.Revision == v.active.record.Revision && made.Annotation == v.restartKey() {
		return made.Count
	}
	return 0
}

// restartFrom is from when on the workload may be restarted, by what its annotations, of all targets, and this process
// know of earlier ones. A time in the future comes from a clock that was wrong, and says nothing.
func (v *retirement) restartFrom(r consumers.Rollout) time.Time {
	times := slices.Clone(v.Restarted[r.Workload].Times)
	for _, mark := range r.Restarts {
		if _, at := parseRestart(mark); !at.IsZero() {
			times = append(times, at)
		}
	}
	for i := range times {
		times[i] = schedule.WholeSecond(times[i]) // as annotations have them
	}
	times = slices.DeleteFunc(times, func(t time.Time) bool { return t.After(v.now.Add(clockSkew)) })
	slices.SortFunc(times, func(a, b time.Time) int { return b.Compare(a) }) // the last one first
	times = slices.Compact(times)
	switch {
	case len(times) == 0:
		return time.Time{}
	case v.spec.Type != v1alpha1.PasscodeTypeUser:
		return times[0].Add(restartPause)
	case len(times) < userRestarts:
		return times[0].Add(userRestartPause)
	}
	return schedule.Later(times[0].Add(userRestartPause), times[userRestarts-1].Add(restartPause))
}

func (v *retirement) restartKey() string {
	return consumers.RestartAnnotation(v.Object.TargetName())
}

func (v *retirement) concerned(w consumers.Workload) bool {
	named := v.names(w)
	return slices.ContainsFunc(v.Scan.Pods, func(pod consumers.Pod) bool {
		switch {
		case pod.Owner != w:
			return false
		case named && !pod.Pending && v.startedBefore(&pod, pod.StartedAt, v.active.record.PublishedAt):
			return true
		}
		return (named || v.spec.Rollout.Auto) && v.frozenSinceBefore(&pod)
	})
}

func (v *retirement) names(w consumers.Workload) bool {
	return slices.ContainsFunc(v.spec.Rollout.Targets, func(t v1alpha1.RolloutTarget) bool {
		return t.Kind == w.Kind && t.Name == w.Name
	})
}

// frozenSinceBefore reports whether one of the Pod's containers uses the target by environment variable or subPath, and
// started before this revision.
func (v *retirement) frozenSinceBefore(pod *consumers.Pod) bool {
	return slices.ContainsFunc(pod.Containers, func(c consumers.Container) bool {
		return !c.Waiting && v.startedBefore(pod, c.StartedAt, v.active.record.PublishedAt) &&
			slices.ContainsFunc(c.Uses, func(use consumers.Use) bool {
				return use.Way == consumers.Frozen && use.Of(v.Object.TargetName(), v.active.record.Keys.PreviousPasscode)
			})
	})
}

// unfinishedRestart names a workload that was restarted for this revision and is not there yet; "" for none.
func (v *retirement) unfinishedRestart() string {
	if v.spec.Rollout == nil || v.Scan == nil {
		return ""
	}
	for _, r := range v.Scan.Rollouts {
		if v.restartedFor(r.Restarts) && r.Unfinished != "" {
			return fmt.Sprintf("%s %q: %s", r.Kind, r.Name, r.Unfinished)
		}
	}
	return ""
}

// rolloutComplete is about environment variables and subPaths, and about what was restarted; it does not wait for volumes.
func (v *retirement) rolloutComplete() metav1.Condition {
	if v.Scan == nil {
		return condition(metav1.ConditionFalse, v1alpha1.ReasonInProgress, "A scan for what uses the Secret is under way")
	}
	if failed := v.rolloutFailure(); failed != "" {
		return condition(metav1.ConditionFalse, v1alpha1.ReasonFailed, failed)
	}
	if waits := v.rolloutProgress(); waits != "" {
		return condition(metav1.ConditionFalse, v1alpha1.ReasonInProgress, waits)
	}
	text := fmt.Sprintf("No environment variable or subPath mount has a value older than revision %d", v.active.record.Revision)
	if without := v.podsWithout(); len(without) > 0 {
		text += fmt.Sprintf(". Pods that had started before the first publication, or in the same seconds, may have no passcode, as their variable is optional: restart %s", listing(without))
	}
	return condition(metav1.ConditionTrue, v1alpha1.ReasonComplete, text)
}

// podsWithout names the Pods that started before a first publication, with an optional variable that was not there yet.
// Nothing is restarted for a first publication.
func (v *retirement) podsWithout() []string {
	if len(v.active.record.Replaced) > 0 {
		return nil
	}
	var names []string
	for i := range v.Scan.Pods {
		pod := &v.Scan.Pods[i]
		if !pod.CreatedAt.After(v.active.record.PublishedAt) && slices.ContainsFunc(pod.Containers, v.startedWithout) {
			names = append(names, pod.Name)
		}
	}
	return names
}

func (v *retirement) startedWithout(c consumers.Container) bool {
	if c.Waiting || c.StartedAt.IsZero() || !c.StartedAt.Before(v.active.record.PublishedAt.Add(clockSkew)) {
		return false
	}
	return slices.ContainsFunc(c.Uses, func(use consumers.Use) bool {
		return use.Way == consumers.Frozen && use.Optional && use.Of(v.Object.TargetName(), "")
	})
}

// rolloutFailure is what only a person can mend.
func (v *retirement) rolloutFailure() string {
	if v.Scan.Problem != "" {
		return v.Scan.Problem
	}
	if v.Scan.ArgoProblem != "" {
		if w := v.argoRollout(); w != "" {
			return fmt.Sprintf("Rollout %q: %s", w, v.Scan.ArgoProblem)
		}
	}
	for _, t := range v.spec.Rollout.Targets {
		if !slices.ContainsFunc(v.Scan.Rollouts, func(r consumers.Rollout) bool { return r.Kind == t.Kind && r.Name == t.Name }) {
			return fmt.Sprintf("%s %q of spec.rollout.targets does not exist: create it, or remove it from the list", t.Kind, t.Name)
		}
	}
	for _, r := range v.restarts {
		switch {
		case r.Paused:
			return fmt.Sprintf("%s %q uses an old value and is paused: kubectl rollout resume -n %s %s/%s", r.Kind, r.Name, v.Object.Namespace, strings.ToLower(r.Kind), r.Name)
		case r.Manual != "":
			return fmt.Sprintf("%s %q uses an old value, and %s", r.Kind, r.Name, r.Manual)
		case r.Problem != "":
			return fmt.Sprintf("%s %q uses an old value, and %s", r.Kind, r.Name, r.Problem)
		case r.undone:
			return v.undoneMessage(r)
		}
	}
	for _, r := range v.Scan.Rollouts {
		if v.restartedFor(r.Restarts) && r.Failed != "" {
			return fmt.Sprintf("%s %q was restarted, and its rollout failed: %s", r.Kind, r.Name, r.Failed)
		}
	}
	return ""
}

// undoneMessage names who undoes restarts, as far as that is known.
func (v *retirement) undoneMessage(r restart) string {
	by := "its controller or a deployer"
	if r.Controller.Kind != "" {
		by = fmt.Sprintf("its controller, %s %q,", r.Controller.Kind, r.Controller.Name)
	}
	return fmt.Sprintf("%s %q uses an old value, and was restarted %d times: %s removes the annotation %s from its Pod template each time. Configure it to ignore that annotation, then restart the workload: kubectl rollout restart -n %s %s/%s",
		r.Kind, r.Name, maxRestartAttempts, by, v.restartKey(), v.Object.Namespace, strings.ToLower(r.Kind), r.Name)
}

// argoRollout names one of Argo's that is to be restarted, or may have to be; "" for none.
func (v *retirement) argoRollout() string {
	for _, t := range v.spec.Rollout.Targets {
		if t.Kind == consumers.ArgoRolloutKind {
			return t.Name
		}
	}
	for i := range v.Scan.Pods {
		if pod := &v.Scan.Pods[i]; pod.Owner.Kind == consumers.ArgoRolloutKind && v.spec.Rollout.Auto && v.frozenSinceBefore(pod) {
			return pod.Owner.Name
		}
	}
	return ""
}

// rolloutProgress is what is waited for; "" for nothing.
func (v *retirement) rolloutProgress() string {
	if unfinished := v.unfinishedRestart(); unfinished != "" {
		return unfinished
	}
	for _, r := range v.restarts {
		if r.due {
			return fmt.Sprintf("%s %q is being restarted", r.Kind, r.Name)
		}
		if !r.at.IsZero() {
			return fmt.Sprintf("%s %q was restarted a moment ago, and is restarted again at %s", r.Kind, r.Name, r.at.UTC().Format("15:04:05 UTC"))
		}
	}
	if len(v.active.record.Replaced) == 0 {
		return ""
	}
	var stale []string
	for i := range v.Scan.Pods {
		if v.frozenSinceBefore(&v.Scan.Pods[i]) {
			stale = append(stale, v.Scan.Pods[i].Name)
		}
	}
	if len(stale) == 0 {
		return ""
	}
	return "Pods still use an old value by environment variable or subPath mount: " + listing(stale)
}

// rolloutCondition is absent without spec.rollout; where nothing is outstanding, it stays as it was.
func (v *retirement) rolloutCondition(before *metav1.Condition) *metav1.Condition {
	if v.spec.Rollout == nil || v.activeInTarget() == nil {
		return nil
	}
	if v.Scan == nil && before != nil && !v.rolloutUnfinished() {
		return &metav1.Condition{Status: before.Status, Reason: before.Reason, Message: before.Message}
	}
	if v.Scan == nil && before != nil && v.spec.Suspend {
		return &metav1.Condition{Status: before.Status, Reason: before.Reason, Message: before.Message}
	}
	c := v.rolloutComplete()
	return &c
}
