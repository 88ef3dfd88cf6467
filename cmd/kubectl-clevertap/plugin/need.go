// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
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

// step is an action that a person must take, and why.
type step struct {
	urgency urgency
	// name sums the step up in a word or two.
	name string
	text string
}

// steps are the actions that an object requires, the most urgent first; none if all is well.
func steps(o *v1alpha1.CleverTapPasscode) []step {
	var all []step
	is := func(name string, status metav1.ConditionStatus) *metav1.Condition {
		if c := meta.FindStatusCondition(o.Status.Conditions, name); c != nil && c.Status == status {
			return c
		}
		return nil
	}
	add := func(u urgency, c *metav1.Condition) {
		for _, s := range all {
			if c == nil || s.text == c.Message {
				return // said already
			}
		}
		if c != nil {
			all = append(all, step{u, c.Reason, c.Message})
		}
	}
	add(workloadsFail, is(v1alpha1.ConditionReady, metav1.ConditionFalse))
	add(specNotMet, is(v1alpha1.ConditionStalled, metav1.ConditionTrue))
	add(notYetReady, is(v1alpha1.ConditionReady, metav1.ConditionUnknown))
	successor := is(v1alpha1.ConditionSuccessorReady, metav1.ConditionFalse)
	if soon := is(v1alpha1.ConditionExpiringSoon, metav1.ConditionTrue); soon != nil && successor != nil {
		all = append(all, step{noSuccessorInTime, soon.Reason, successor.Message}) // which has the date and the command
		successor = nil
	}
	if rollout := is(v1alpha1.ConditionRolloutComplete, metav1.ConditionFalse); rollout != nil && rollout.Reason == v1alpha1.ReasonFailed {
		add(successorFaulty, rollout)
	}
	add(successorFaulty, is(v1alpha1.ConditionSourcesReady, metav1.ConditionFalse))
	all = append(all, rejectedSuccessors(o)...)
	if o.Status.ExpiresAt != nil || o.Status.Phase == v1alpha1.PhaseRejected {
		add(noSuccessorYet, successor)
	}
	return append(all, deletableEntries(o)...)
}

// rejectedSuccessors are entries that CleverTap rejects while another one is active.
func rejectedSuccessors(o *v1alpha1.CleverTapPasscode) []step {
	var all []step
	for _, p := range o.Status.Passcodes {
		if p.State == v1alpha1.StateRejected && o.Status.Phase != v1alpha1.PhaseRejected && o.Status.Phase != v1alpha1.PhasePending {
			all = append(all, step{successorFaulty, "Rejected", fmt.Sprintf("%q: %s", p.Name, p.Message)})
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
			all = append(all, step{deletable, name, fmt.Sprintf(text, names)})
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
		return step{notYetReady, "NotSeen", "The operator has not seen this object: is it running, and does it watch this namespace?"}
	}
	if all := steps(o); len(all) > 0 {
		return all[0]
	}
	return step{nothingToDo, "-", "nothing"}
}
