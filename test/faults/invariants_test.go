// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
	"github.com/passcode-operator/clevertap-passcode-operator/test/invariants"
)

type violation = invariants.ViolationError

// ending is what a run leaves behind, without what differs by itself: times, versions, names of namespaces.
type ending struct {
	Secrets    map[string]secretEnd
	Objects    map[string]objectEnd
	Deployment string
	// TargetStates is how many states each target went through, and Restarts how often a Deployment was changed.
	TargetStates map[string]int
	Restarts     int64
}

type secretEnd struct {
	Data     map[string]string
	Labels   map[string]string
	Revision string
	Passcode string
	Owned    int
}

type objectEnd struct {
	Phase, Active, Next, Target string
	Revision                    int64
	States, Conditions          map[string]string
	History                     []string
	Rotate, Verify              string
}

// uncounted is without revisions.
func (e ending) uncounted() ending {
	after := e
	after.Secrets, after.Objects, after.TargetStates = maps.Clone(e.Secrets), maps.Clone(e.Objects), nil
	for name, secret := range after.Secrets {
		secret.Revision = ""
		after.Secrets[name] = secret
	}
	for name, object := range after.Objects {
		object.Revision, object.History = 0, nil
		after.Objects[name] = object
	}
	return after
}

func readyReason(o *v1alpha1.CleverTapPasscode) string {
	if c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady); c != nil {
		return c.Reason
	}
	return ""
}

// end is the ending; the operator's own key is not part of it.
func (s *scene) end(ctx context.Context) (ending, error) {
	e := ending{Secrets: map[string]secretEnd{}, Objects: map[string]objectEnd{}, TargetStates: map[string]int{}}
	var secrets corev1.SecretList
	var objects v1alpha1.CleverTapPasscodeList
	var deployments appsv1.DeploymentList
	for _, list := range []client.ObjectList{&secrets, &objects, &deployments} {
		if err := s.kube.List(ctx, list, client.InNamespace(s.namespace)); err != nil {
			return e, fmt.Errorf("looking at the end: %w", err)
		}
	}
	for _, secret := range secrets.Items {
		if secret.Labels[v1alpha1.RoleLabel] == "" {
			continue
		}
		end := secretEnd{Data: map[string]string{}, Labels: secret.Labels, Owned: len(secret.OwnerReferences),
			Revision: secret.Annotations[v1alpha1.RevisionAnnotation], Passcode: secret.Annotations[v1alpha1.PasscodeAnnotation]}
		for key, value := range secret.Data {
			end.Data[key] = string(value)
		}
		e.Secrets[secret.Name] = end
	}
	for i := range objects.Items {
		e.Objects[objects.Items[i].Name] = endOf(&objects.Items[i])
	}
	for _, d := range deployments.Items {
		e.Deployment, _, _ = strings.Cut(s.restartMark(ctx), "@")
		e.Restarts = d.Generation
	}
	for _, state := range s.targetStates() {
		e.TargetStates[state.Name]++
	}
	return e, nil
}

func endOf(o *v1alpha1.CleverTapPasscode) objectEnd {
	end := objectEnd{
		Phase: string(o.Status.Phase), Active: o.Status.ActivePasscode, Next: o.Status.NextPasscode, Target: o.Status.Target,
		Revision: o.Status.Revision, States: map[string]string{}, Conditions: map[string]string{},
		Rotate: o.Status.LastHandledRotateAt, Verify: o.Status.LastHandledVerifyAt,
	}
	for _, p := range o.Status.Passcodes {
		end.States[p.Name] = string(p.State)
	}
	for _, c := range o.Status.Conditions {
		end.Conditions[c.Type] = string(c.Status) + " " + c.Reason
	}
	for _, p := range o.Status.History {
		end.History = append(end.History, fmt.Sprintf("%d %s %s", p.Revision, p.Passcode, p.Reason))
	}
	return end
}

// targetStates are the states that targets went through, in order.
func (s *scene) targetStates() []state {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.states)
}

// changesSeen are those of all that SafeToDelete looks at.
func (s *scene) changesSeen() []invariants.Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.changes)
}

// objectStates are the states that objects went through, in order.
func (s *scene) objectStates() []invariants.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.reported)
}

// judge looks at every state that was, at the end, and at CleverTap's log.
func (s *scene) judge(ctx context.Context, w workload, reference *ending, failure error) ([]violation, int, error) {
	var found []violation
	add := func(invariant, format string, args ...any) {
		found = append(found, violation{Invariant: invariant, What: fmt.Sprintf(format, args...)})
	}
	if failure != nil {
		add("reaches what was requested", "%v", failure)
	}
	late := s.violation(w)
	if err := s.recordedAll(); err != nil {
		return nil, 0, err
	}
	states := s.targetStates()
	if s.restless {
		add("it comes to rest", "%d requests", s.fence.counted())
	}
	if len(late) > 0 {
		add("nothing is requested once settled", "%v", late)
	}
	leaks, err := s.judgeValues(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, err := range slices.Concat(leaks, s.judgeTargets(w, states), s.judgeStatuses(states), []error{
		invariants.Bounded(s.vendor.Busiest(), s.replicas), invariants.SafeToDelete(s.changesSeen()),
	}) {
		if v, isViolation := errors.AsType[*violation](err); isViolation {
			found = append(found, *v)
		}
	}
	end, err := s.end(ctx)
	if err != nil {
		return nil, 0, err
	}
	if reference != nil && failure == nil && !s.passedOver() {
		s.judgeEnd(w, states, *reference, end, add)
	}
	return found, len(states), nil
}

// judgeEnd compares with the end of the run without faults.
func (s *scene) judgeEnd(w workload, states []state, want, end ending, add func(string, string, ...any)) {
	if w.forgets && s.fence.crashes() {
		end, want = end.uncounted(), want.uncounted()
	}
	same := cmp.Equal(end.TargetStates, want.TargetStates)
	if w.marks { // a use that a fault kept from being seen leaves no mark
		same = end.TargetStates["o"] <= want.TargetStates["o"]
	}
	if !same || end.Restarts != want.Restarts {
		add("as many writes as without faults", "states %v, %d restarts; without faults %v, %d; the last differ by %s",
			end.TargetStates, end.Restarts, want.TargetStates, want.Restarts, lastChange(states))
	}
	end.TargetStates, end.Restarts = want.TargetStates, want.Restarts
	if diff := cmp.Diff(want, end); diff != "" {
		add("the same end as without faults", "%s", diff)
	}
}

// lastChange is what the last write of a target changed.
func lastChange(states []state) string {
	if len(states) < 2 {
		return "nothing"
	}
	before, after := states[len(states)-2], states[len(states)-1]
	return cmp.Diff(before.Annotations, after.Annotations) + cmp.Diff(before.Data, after.Data)
}

// due reports whether a request may come although nothing happens: an event that the API server required to come back later, the
// next verification of a rejected entry, and its status, and looks at what is awaited.
func (w workload) due(what string) bool {
	switch resource := path.Base(what); {
	case resource == "events":
		return true
	case what == "CleverTap" || resource == "status":
		return w.verifiesAgain
	case strings.HasSuffix(what, "/secrets/o"):
		return w.conflicts
	}
	return w.outstanding && strings.HasPrefix(what, "GET ")
}

// routinely reports whether CleverTap was, from a call on, requested to verify only what it last verified nearly an hour
// before or longer: such verifications come round by themselves.
func routinely(calls []clevertaptest.Call, from int) bool {
	last := map[string]time.Time{}
	for i, call := range calls {
		before, asked := last[call.Value]
		if i >= from && (!asked || call.At.Sub(before) < 54*time.Minute) {
			return false
		}
		last[call.Value] = call.At
	}
	return len(calls) > from
}

// violation is what is requested although nothing is due; nil for nothing. What comes once may be what a busy machine had
// still to do, such as an incarnation that was slow to start; what comes for ever comes again.
func (s *scene) violation(w workload) (late []string) {
	if s.binary != "" {
		return nil // by the real clock, something is always due
	}
	for range 2 {
		before, called := s.fence.counted(), len(s.vendor.Calls())
		s.rest()
		w.verifiesAgain = w.verifiesAgain || routinely(s.vendor.Calls(), called)
		late = s.unasked(w, before)
		if len(late) == 0 || s.fence.suffersFrom(before) {
			return nil
		}
	}
	return late
}

// unasked are the requests from a number on without those that are due.
func (s *scene) unasked(w workload, from int) []string {
	s.fence.mu.Lock()
	defer s.fence.mu.Unlock()
	var late []string
	for _, what := range s.fence.trace[from:] {
		if !w.due(what) {
			late = append(late, what)
		}
	}
	return late
}

// judgeTargets looks at every state that a target was ever in.
func (s *scene) judgeTargets(w workload, states []state) []error {
	calls, heard := s.vendor.Calls(), 0
	verified := map[string]bool{}
	var published []invariants.Publication
	for _, state := range states {
		for ; heard < state.calls; heard++ {
			verified[calls[heard].Value] = true
		}
		t := invariants.TargetOf(state.Secret)
		p := invariants.Publication{Target: t, Expected: invariants.Place{AccountID: accountID, Region: "in1", Endpoint: "https://in1.api.clevertap.com"},
			Accepted: s.made[t.Value] && (verified[t.Value] || w.unverified)}
		if w.unverified { // another account may be published, in another region
			p.Expected = t.Place
		}
		if string(state.Data["region"]) == "eu1" && w.edits { // what someone edited is not judged by itself
			p.Unexplained, p.Expected, p.Accepted = nil, t.Place, true
		}
		published = append(published, p)
	}
	staged := s.secret(context.Background(), "staged")
	return append(invariants.Publications(published, w.goesBack), invariants.NotOurs(staged.Labels, staged.ManagedFields))
}

// judgeStatuses looks at what every status said.
func (s *scene) judgeStatuses(states []state) []error {
	targets := make([]invariants.Target, 0, len(states))
	for _, state := range states {
		targets = append(targets, invariants.TargetOf(state.Secret))
	}
	return invariants.Reports(s.objectStates(), targets)
}

// judgeValues looks for values where none may be.
func (s *scene) judgeValues(ctx context.Context) (found []error, err error) {
	for _, list := range []client.ObjectList{&v1alpha1.CleverTapPasscodeList{}, &eventsv1.EventList{}} {
		if err := s.kube.List(ctx, list, client.InNamespace(s.namespace)); err != nil {
			return nil, fmt.Errorf("looking for values: %w", err)
		}
		text, err := json.Marshal(list)
		if err != nil {
			return nil, fmt.Errorf("looking for values: %w", err)
		}
		found = append(found, invariants.NoValue(fmt.Sprintf("%T", list), string(text), slices.Collect(maps.Keys(s.made))...))
	}
	return found, nil
}
