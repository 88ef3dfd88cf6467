// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/status"
)

// urgency is how soon a person is needed; less is sooner.
type urgency int

const (
	workloadsFail urgency = iota
	specNotMet
	notYetReady
	noSuccessorInTime
	successorFaulty
	noSuccessorYet
	deletable
	nothingToDo
)

// step is an action that a person must take.
type step struct {
	urgency urgency
	// name sums the step up in a word or two.
	name string
	// action is what to do; the cause if nothing can be done but to wait.
	action string
	// waits reports whether that is so.
	waits bool
}

// steps are the actions that an object requires, the most urgent first; none if all is well. Conditions that require the
// same action are one step, which has the action in full.
func steps(o *v1alpha1.CleverTapPasscode) []step {
	var all []step
	is := func(name string, status metav1.ConditionStatus) *metav1.Condition {
		if c := meta.FindStatusCondition(o.Status.Conditions, name); c != nil && c.Status == status {
			return c
		}
		return nil
	}
	successor := is(v1alpha1.ConditionSuccessorReady, metav1.ConditionFalse)
	add := func(u urgency, c *metav1.Condition) {
		if c != nil {
			action := actionOf(c)
			all = withStep(all, step{u, c.Reason, dated(inFull(cmp.Or(action, c.Message), successor), o.Status.ExpiresAt), action == ""})
		}
	}
	add(workloadsFail, is(v1alpha1.ConditionReady, metav1.ConditionFalse))
	add(specNotMet, is(v1alpha1.ConditionStalled, metav1.ConditionTrue))
	add(notYetReady, is(v1alpha1.ConditionReady, metav1.ConditionUnknown))
	for _, c := range []struct {
		urgency urgency
		name    string
	}{
		{specNotMet, v1alpha1.ConditionReconciling}, {noSuccessorInTime, v1alpha1.ConditionExpiringSoon}, {successorFaulty, v1alpha1.ConditionReady},
	} {
		if is := is(c.name, metav1.ConditionTrue); is != nil && actionOf(is) != "" {
			add(c.urgency, is)
		}
	}
	rollout := is(v1alpha1.ConditionRolloutComplete, metav1.ConditionFalse)
	if rollout != nil && (rollout.Reason == v1alpha1.ReasonFailed || actionOf(rollout) != "") {
		add(successorFaulty, rollout)
	}
	add(successorFaulty, is(v1alpha1.ConditionSourcesReady, metav1.ConditionFalse))
	for _, s := range faultyEntries(o) {
		all = withStep(all, s)
	}
	if o.Status.ExpiresAt != nil || o.Status.Phase == v1alpha1.PhaseRejected {
		add(noSuccessorYet, successor)
	}
	if rollout == nil { // else it says what is to be restarted, or what is waited for
		all = append(all, retiringEntries(o)...)
	}
	return append(all, deletableEntries(o)...)
}

func actionOf(c *metav1.Condition) string {
	_, action := v1alpha1.SplitMessage(c.Message)
	return action
}

// dated replaces "before then" by the time.
func dated(action string, expiry *metav1.Time) string {
	if rest, dated := strings.CutPrefix(action, "before then, "); dated && expiry != nil {
		return "before " + schedule.Stamp(expiry.Time) + ", " + rest
	}
	return action
}

// withStep appends the step, unless one before has its action.
func withStep(all []step, s step) []step {
	if slices.ContainsFunc(all, func(before step) bool { return strings.Contains(before.action, withoutDate(s.action)) }) {
		return all
	}
	return append(all, s)
}

// withoutDate is the action without the time before which it must be taken.
func withoutDate(action string) string {
	if rest, dated := strings.CutPrefix(action, "before "); dated {
		_, rest, _ = strings.Cut(rest, ", ")
		return rest
	}
	return action
}

// inFull replaces an action that only points to the condition with its details by what that condition says.
func inFull(action string, successor *metav1.Condition) string {
	if successor == nil {
		return action
	}
	for _, short := range []string{status.CreateNext, status.FixEntry} {
		if at := strings.LastIndex(action, short); at >= 0 {
			return action[:at] + withoutDate(actionOf(successor))
		}
	}
	return action
}

// faultyEntries are those that CleverTap rejects while another one is active, and those that could be used but for what a person
// must correct.
func faultyEntries(o *v1alpha1.CleverTapPasscode) []step {
	var all []step
	for _, p := range o.Status.Passcodes {
		cause, action := v1alpha1.SplitMessage(p.Message)
		switch {
		case p.State == v1alpha1.StateRejected && o.Status.Phase != v1alpha1.PhaseRejected && o.Status.Phase != v1alpha1.PhasePending:
			all = append(all, step{urgency: successorFaulty, name: "Rejected", action: fmt.Sprintf("%q: %s", p.Name, cmp.Or(action, cause))})
		case (p.State == v1alpha1.StateActive || p.State == v1alpha1.StateStaged) && action != "":
			all = append(all, step{urgency: successorFaulty, name: "EntryFaulty", action: fmt.Sprintf("%q: %s", p.Name, action)})
		}
	}
	return all
}

// retiringEntries are those that were replaced, and are in use by what only a person can change.
func retiringEntries(o *v1alpha1.CleverTapPasscode) []step {
	var all []step
	for _, p := range o.Status.Passcodes {
		if cause, action := v1alpha1.SplitMessage(p.Message); p.State == v1alpha1.StateRetiring && action != "" {
			all = append(all, step{urgency: deletable, name: "Retiring", action: fmt.Sprintf("%q: %s: %s", p.Name, cause, action)})
		}
	}
	return all
}

// deletableEntries are those that were replaced, of which the operator knows that nothing uses them, and those that only
// expired, of which it does not.
func deletableEntries(o *v1alpha1.CleverTapPasscode) []step {
	var all []step
	add := func(state v1alpha1.PasscodeState, name, text string) {
		if names := passcodesIn(o, state); names != "" {
			all = append(all, step{urgency: deletable, name: name, action: fmt.Sprintf(text, names)})
		}
	}
	if o.Spec.Type == v1alpha1.PasscodeTypeUser {
		add(v1alpha1.StateRetired, "Retired", "Remove %s from spec.passcodes: a reset ended it")
		add(v1alpha1.StateExpired, "Expired", "Remove %s from spec.passcodes: it has expired")
		return all
	}
	add(v1alpha1.StateRetired, "SafeToDelete", "Delete %s on the dashboard and remove it from spec.passcodes: it was replaced and is not in use")
	add(v1alpha1.StateExpired, "Expired", "Delete %s on the dashboard once nothing uses it, and remove it from spec.passcodes: it has expired")
	return all
}

// passcodesIn names the entries in a state, except the active one; "" for none.
func passcodesIn(o *v1alpha1.CleverTapPasscode, state v1alpha1.PasscodeState) string {
	var names []string
	for _, p := range o.Status.Passcodes {
		if p.State == state && p.Name != o.Status.ActivePasscode {
			names = append(names, fmt.Sprintf("%q", p.Name))
		}
	}
	return strings.Join(names, ", ")
}

// need is the most urgent step.
func need(o *v1alpha1.CleverTapPasscode) step {
	if o.Status.ObservedGeneration < 0 {
		return step{urgency: notYetReady, name: "NotSeen", action: "The operator has not seen this object: make sure that it is running and watches this namespace"}
	}
	if all := steps(o); len(all) > 0 {
		return all[0]
	}
	return nothing()
}

func nothing() step { return step{urgency: nothingToDo, name: "-", action: "nothing"} }
