// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
)

func (c *cli) status() *cobra.Command {
	command := &cobra.Command{
		Use:   "status NAME",
		Short: "Show one object on one screen: the active passcode, the successor, the action required",
	}
	output := printFlags(command)
	return c.oneObject(command, func(_ context.Context, _ *access, o *v1alpha1.CleverTapPasscode) error {
		if done, err := c.printed(output, o); done {
			return err
		}
		return c.printStatus(o)
	})
}

func (c *cli) printStatus(o *v1alpha1.CleverTapPasscode) error {
	c.printf("%s/%s: %s, account %s in %s", o.Namespace, o.Name, orDash(string(o.Status.Phase)), o.Spec.AccountID, o.Spec.Region)
	for _, line := range [][2]string{
		{"Active", c.active(o)}, {"Expires", c.expiry(o)}, {"Next", c.next(o)}, {"Runway", c.until(o)},
		{"Rollout", rollout(o)}, {"Stale Pods", stalePods(o)},
	} {
		if line[1] != "" {
			c.printf("  %-10s %s", line[0], line[1])
		}
	}
	c.printf("")
	if err := c.printPasscodes(o); err != nil {
		return err
	}
	c.printf("")
	c.printSteps(o)
	return nil
}

func (c *cli) printSteps(o *v1alpha1.CleverTapPasscode) {
	var actions []step
	for _, s := range steps(o) {
		if s.waits {
			c.printf("Waiting: %s", s.action)
			continue
		}
		actions = append(actions, s)
	}
	switch {
	case o.Status.ObservedGeneration < 0:
		c.printf("Action required: %s", need(o).action)
	case len(actions) == 0:
		c.printf("Action required: %s", nothing().action)
	}
	for i, s := range actions {
		c.printf("Action required (%d of %d): %s", i+1, len(actions), s.action)
	}
}

func (c *cli) active(o *v1alpha1.CleverTapPasscode) string {
	if o.Status.ActivePasscode == "" {
		return "nothing yet"
	}
	if o.Spec.Observes() {
		return fmt.Sprintf("%q in Secret %q, which is observed", o.Status.ActivePasscode, o.Spec.Passcodes[0].SecretKeyRef.Name)
	}
	text := fmt.Sprintf("%q in Secret %q, revision %d", o.Status.ActivePasscode, o.Status.Target, o.Status.Revision)
	if len(o.Status.History) > 0 {
		newest := o.Status.History[0]
		text += fmt.Sprintf(", since %s (%s)", schedule.Stamp(newest.Time.Time), newest.Reason)
	}
	return text
}

func (c *cli) expiry(o *v1alpha1.CleverTapPasscode) string {
	switch {
	case o.Status.ActivePasscode == "":
		return ""
	case o.Status.ExpiresAt == nil:
		return "never"
	}
	return schedule.Stamp(o.Status.ExpiresAt.Time) + ", " + c.distance(o.Status.ExpiresAt.Time)
}

func (c *cli) next(o *v1alpha1.CleverTapPasscode) string {
	switch {
	case o.Status.NextPasscode == "":
		return withoutSuccessor(meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionSuccessorReady))
	case o.Status.NextRotationTime == nil:
		return fmt.Sprintf("%q, when a rotation is requested", o.Status.NextPasscode)
	}
	at := o.Status.NextRotationTime.Time
	return fmt.Sprintf("%q becomes active at %s, %s", o.Status.NextPasscode, schedule.Stamp(at), c.distance(at))
}

// withoutSuccessor says why nothing becomes active next: no entry can, or nothing rotates.
func withoutSuccessor(successor *metav1.Condition) string {
	switch {
	case successor == nil || successor.Status != metav1.ConditionFalse:
		return ""
	case successor.Reason == v1alpha1.ReasonNoSuccessor:
		return "there is no successor"
	}
	cause, _ := v1alpha1.SplitMessage(successor.Message)
	return cause
}

func (c *cli) until(o *v1alpha1.CleverTapPasscode) string {
	switch {
	case o.Status.ActivePasscode == "":
		return ""
	case o.Status.RunwayUntil == nil:
		return "forever"
	}
	return "until " + schedule.Stamp(o.Status.RunwayUntil.Time) + ", " + c.distance(o.Status.RunwayUntil.Time)
}

func rollout(o *v1alpha1.CleverTapPasscode) string {
	if complete := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionRolloutComplete); complete != nil {
		return complete.Reason + ": " + complete.Message
	}
	return ""
}

func stalePods(o *v1alpha1.CleverTapPasscode) string {
	stale := o.Status.StalePods
	if stale == nil || stale.Count == 0 {
		return ""
	}
	return fmt.Sprintf("%d Pods: %s", stale.Count, strings.Join(stale.Names, ", "))
}

func (c *cli) printPasscodes(o *v1alpha1.CleverTapPasscode) error {
	var rows [][]string
	for _, p := range o.Status.Passcodes {
		end := "never"
		if p.BeginsAt == nil {
			end = "-"
		}
		note, _ := v1alpha1.SplitMessage(p.Message)
		rows = append(rows, []string{p.Name, string(p.State), stampOf(p.ExpiresAt, end), stampOf(p.VerifiedAt, "-"), note})
	}
	return c.table("PASSCODE STATE EXPIRES VERIFIED NOTE", rows)
}
