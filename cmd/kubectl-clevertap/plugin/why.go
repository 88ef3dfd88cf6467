// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/status"
)

// explanation is the output of why.
type explanation struct {
	Object  string   `json:"object"`
	Phase   string   `json:"phase"`
	Because []string `json:"because"`
	Do      []string `json:"do"`
}

func (c *cli) why() *cobra.Command {
	command := &cobra.Command{
		Use:   "why NAME",
		Short: "Explain the state of an object",
	}
	output := valueFlag(command)
	return c.oneObject(command, func(_ context.Context, _ *access, o *v1alpha1.CleverTapPasscode) error {
		e := explain(o)
		if done, err := c.printedValue(*output, e); done {
			return err
		}
		c.printf("%s is %s, because:", e.Object, e.Phase)
		for _, reason := range e.Because {
			c.printf("- %s", reason)
		}
		for _, do := range e.Do {
			c.printf("Action required: %s", do)
		}
		return nil
	})
}

func explain(o *v1alpha1.CleverTapPasscode) explanation {
	e := explanation{Object: o.Namespace + "/" + o.Name, Phase: orDash(string(o.Status.Phase)), Because: []string{}, Do: []string{}}
	because := func(cause string) {
		if !slices.ContainsFunc(e.Because, func(before string) bool { return strings.Contains(before, cause) }) {
			e.Because = append(e.Because, cause)
		}
	}
	for _, name := range []string{
		v1alpha1.ConditionReady, v1alpha1.ConditionStalled, v1alpha1.ConditionReconciling, v1alpha1.ConditionVerified,
		v1alpha1.ConditionExpiringSoon, v1alpha1.ConditionSuccessorReady, v1alpha1.ConditionSourcesReady, v1alpha1.ConditionRolloutComplete,
	} {
		if c := meta.FindStatusCondition(o.Status.Conditions, name); c != nil {
			cause, _ := v1alpha1.SplitMessage(c.Message)
			because(cause)
		}
	}
	if len(o.Status.History) > 0 {
		because(published(o.Status.History))
	}
	if o.Spec.Suspend {
		because(status.Suspended)
	}
	if o.Status.ObservedGeneration < 0 {
		because(need(o).action)
	}
	for _, s := range steps(o) {
		if !s.waits {
			e.Do = append(e.Do, s.action)
		}
	}
	return e
}

// published says how what is published came to be.
func published(history []v1alpha1.Publication) string {
	newest := history[0]
	text := fmt.Sprintf("%q became active at %s: %s", newest.Passcode, schedule.Stamp(newest.Time.Time), cause(newest.Reason))
	if len(history) > 1 {
		text += fmt.Sprintf("; before it was %q", history[1].Passcode)
	}
	return text
}

func cause(reason v1alpha1.RotationReason) string {
	switch reason {
	case v1alpha1.RotationInitial:
		return "nothing was published before"
	case v1alpha1.RotationScheduled:
		return "the rotation time had come"
	case v1alpha1.RotationRequested:
		return "a person requested it"
	case v1alpha1.RotationRejected:
		return "CleverTap rejected the passcode before"
	case v1alpha1.RotationExpired:
		return "CleverTap rejected the passcode before, in its last 24 hours or later"
	case v1alpha1.RotationSourceChanged:
		return "the value of its source, the account or the region changed"
	case v1alpha1.RotationRemoved:
		return "the entry before was removed"
	case v1alpha1.RotationPinned:
		return "rotation.pin names it"
	}
	return string(reason)
}
