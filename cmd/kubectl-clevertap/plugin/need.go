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
	nothingTakesOver
	spareFaulty
	noSuccessorYet
	oldOnesToDelete
	nothingToDo
)

// step is what a person must do, and why.
type step struct {
	urgency urgency
	// name sums the step up in a word or two.
	name string
	text string
}

// steps are what a person must do about an object, the most urgent first; none where all is well.
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
		add(nothingTakesOver, soon)
		successor = nil
	}
	if rollout := is(v1alpha1.ConditionRolloutComplete, metav1.ConditionFalse); rollout != nil && rollout.Reason == v1alpha1.ReasonFailed {
		add(spareFaulty, rollout)
	}
	add(spareFaulty, is(v1alpha1.ConditionSourcesReady, metav1.ConditionFalse))
	all = append(all, refusedSpares(o)...)
	if o.Status.ExpiresAt != nil && o.Status.Phase == v1alpha1.PhaseActive {
		add(noSuccessorYet, successor)
	}
	return append(all, deletable(o)...)
}

// refusedSpares are listed passcodes that CleverTap refuses while another one is published.
func refusedSpares(o *v1alpha1.CleverTapPasscode) []step {
	var all []step
	for _, p := range o.Status.Passcodes {
		if p.State == v1alpha1.StateRejected && o.Status.Phase != v1alpha1.PhaseRejected && o.Status.Phase != v1alpha1.PhasePending {
			all = append(all, step{spareFaulty, "Rejected", fmt.Sprintf("%q: %s", p.Name, p.Message)})
		}
	}
	return all
}

// deletable are listed passcodes that are over: of those that were replaced the operator knows that nothing uses them,
// of those that only expired it does not.
func deletable(o *v1alpha1.CleverTapPasscode) []step {
	var all []step
	add := func(state v1alpha1.PasscodeState, name, text string) {
		if names := passcodesIn(o, state); names != "" {
			all = append(all, step{oldOnesToDelete, name, fmt.Sprintf(text, names)})
		}
	}
	if o.Spec.Type == v1alpha1.PasscodeTypeUser {
		add(v1alpha1.StateRetired, "Retired", "Take %s off the list: CleverTap ended it when it was replaced")
		add(v1alpha1.StateExpired, "Expired", "Take %s off the list: it is past its end")
		return all
	}
	add(v1alpha1.StateRetired, "SafeToDelete", "Delete %s on the dashboard and take it off the list: nothing that can be seen holds it")
	add(v1alpha1.StateExpired, "Expired", "Delete %s on the dashboard once nothing uses it, and take it off the list: it is past its end, and what uses it was not looked for")
	return all
}

// passcodesIn names the listed passcodes in a state but the published one; "" for none.
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
