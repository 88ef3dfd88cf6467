// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package retirement

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
)

// restartPause is how long a workload is left alone after a restart, whichever target it was for, so that two rotations
// fold into one. A user passcode can't wait that long: the old one does not work any more.
const (
	restartPause       = 5 * time.Minute
	userRestartPause   = 30 * time.Second
	userRestarts       = 3 // in restartPause
	maxRestartAttempts = 3 // for one revision
	// restartClockStep is how far a clock may have been set back since a publication, for its restart still to count.
	restartClockStep = time.Hour
)

// RestartMark returns what a restart writes into the annotation RestartKey of the Pod template: revision and time.
func (p *Publication) RestartMark() string {
	return strconv.FormatInt(p.Revision, 10) + "@" + p.Now.UTC().Format(time.RFC3339)
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
func (p *Publication) restartedFor(annotations map[string]string) bool {
	revision, at := parseRestart(annotations[p.RestartKey()])
	return revision >= p.Revision && !at.Before(p.PublishedAt.Add(-restartClockStep))
}

// Restart is one workload that uses an old value, and what to do with it.
type Restart struct {
	consumers.Rollout
	// Due reports whether to restart it now, and At when otherwise; zero if the operator must not restart it.
	Due bool
	At  time.Time
	// Undone reports whether the annotation that restarts it was removed, again and again.
	Undone bool
}

// Restarts are those that this process made of one workload.
type Restarts struct {
	// Annotation is the one that was last written, and Revision the revision it was written for; Count is how often that
	// was, and Times are when it was restarted, for whichever.
	Annotation string
	Revision   int64
	Count      int
	Times      []time.Time
}

// Restarts returns the workloads that started before this revision: all that use the target by environment variable
// or subPath, if rollout.auto is true, and those that rollout.targets names, whatever they use. A first
// publication restarts nothing.
func (p *Publication) Restarts() []Restart {
	if p.Rollout == nil || p.Scan == nil || p.Initial {
		return nil
	}
	var list []Restart
	for _, r := range p.Scan.Rollouts {
		if p.concerned(r.Workload) {
			list = append(list, p.planRestart(r))
		}
	}
	return list
}

func (p *Publication) planRestart(r consumers.Rollout) Restart {
	next := Restart{Rollout: r}
	attempts := p.restartAttempts(r.Workload)
	switch {
	case p.restartedFor(r.Restarts) || r.Paused || r.Manual != "" || r.Problem != "":
	case attempts >= maxRestartAttempts:
		next.Undone = true
	case attempts > 0:
		next.Due = true // it was made, and undone
	default:
		next.At = p.restartFrom(r)
		next.Due = !p.Now.Before(next.At)
	}
	return next
}

// restartAttempts is how often this process has restarted the workload for the present revision.
func (p *Publication) restartAttempts(w consumers.Workload) int {
	if made := p.Restarted[w]; made.Revision == p.Revision && made.Annotation == p.RestartKey() {
		return made.Count
	}
	return 0
}

// restartFrom is from when on the workload may be restarted, by what its annotations, of all targets, and this process
// know of earlier ones. A time in the future comes from a clock that was wrong, and says nothing.
func (p *Publication) restartFrom(r consumers.Rollout) time.Time {
	times := slices.Clone(p.Restarted[r.Workload].Times)
	for _, mark := range r.Restarts {
		if _, at := parseRestart(mark); !at.IsZero() {
			times = append(times, at)
		}
	}
	for i := range times {
		times[i] = schedule.WholeSecond(times[i]) // as annotations have them
	}
	times = slices.DeleteFunc(times, func(t time.Time) bool { return t.After(p.Now.Add(clockSkew)) })
	slices.SortFunc(times, func(a, b time.Time) int { return b.Compare(a) }) // the last one first
	times = slices.Compact(times)
	switch {
	case len(times) == 0:
		return time.Time{}
	case !p.User:
		return times[0].Add(restartPause)
	case len(times) < userRestarts:
		return times[0].Add(userRestartPause)
	}
	return schedule.Later(times[0].Add(userRestartPause), times[userRestarts-1].Add(restartPause))
}

// RestartKey returns the annotation of a Pod template that restarts it for this target.
func (p *Publication) RestartKey() string {
	return consumers.RestartAnnotation(p.Target)
}

func (p *Publication) concerned(w consumers.Workload) bool {
	named := p.names(w)
	return slices.ContainsFunc(p.Scan.Pods, func(pod consumers.Pod) bool {
		switch {
		case pod.Owner != w:
			return false
		case named && !pod.Pending && p.startedBefore(&pod, pod.StartedAt, p.PublishedAt):
			return true
		}
		return (named || p.Rollout.Auto) && p.frozenSinceBefore(&pod)
	})
}

func (p *Publication) names(w consumers.Workload) bool {
	return slices.ContainsFunc(p.Rollout.Targets, func(t v1alpha1.RolloutTarget) bool {
		return t.Kind == w.Kind && t.Name == w.Name
	})
}

// frozenSinceBefore reports whether one of the Pod's containers uses the target by environment variable or subPath, and
// started before this revision.
func (p *Publication) frozenSinceBefore(pod *consumers.Pod) bool {
	return slices.ContainsFunc(pod.Containers, func(c consumers.Container) bool {
		return !c.Waiting && p.startedBefore(pod, c.StartedAt, p.PublishedAt) &&
			slices.ContainsFunc(c.Uses, func(use consumers.Use) bool {
				return use.Way == consumers.Frozen && use.Of(p.Target, p.PreviousKey)
			})
	})
}
