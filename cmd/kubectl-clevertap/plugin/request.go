// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

func (c *cli) rotate() *cobra.Command {
	command := &cobra.Command{
		Use:   "rotate NAME",
		Short: "Rotate to the successor now, and wait until it is active",
	}
	timeout, output := timeoutFlag(command), printFlags(command)
	return c.oneObject(command, func(ctx context.Context, a *access, o *v1alpha1.CleverTapPasscode) error {
		if err := onlyManaged(o); err != nil {
			return err
		}
		value, err := c.request(ctx, a, o, v1alpha1.RotateRequestedAtAnnotation)
		if err != nil {
			return err
		}
		before := o.Status
		err = c.await(ctx, a, o.Name, *timeout, func(now *v1alpha1.CleverTapPasscode) (bool, string, error) {
			o = now
			if now.Status.LastHandledRotateAt != value {
				return false, "waiting for the operator to rotate" + next(now), nil
			}
			if now.Status.Revision == before.Revision {
				return true, "", rejected("not rotated: %s", denial(now))
			}
			return true, fmt.Sprintf("rotated: %q is active instead of %q, revision %d", now.Status.ActivePasscode, before.ActivePasscode,
				now.Status.Revision), nil
		})
		return c.finish(output, o, err)
	})
}

// onlyManaged denies what an object in mode Observe cannot do.
func onlyManaged(o *v1alpha1.CleverTapPasscode) error {
	if o.Spec.Observes() {
		return fmt.Errorf("CleverTapPasscode %s/%s is in mode Observe, in which the operator writes nothing: set spec.mode to Manage first", o.Namespace,
			o.Name)
	}
	return nil
}

func (c *cli) verify() *cobra.Command {
	command := &cobra.Command{
		Use:   "verify NAME",
		Short: "Verify every entry with CleverTap now, and wait for the results",
	}
	timeout, output := timeoutFlag(command), printFlags(command)
	return c.oneObject(command, func(ctx context.Context, a *access, o *v1alpha1.CleverTapPasscode) error {
		value, err := c.request(ctx, a, o, v1alpha1.VerifyRequestedAtAnnotation)
		if err != nil {
			return err
		}
		err = c.await(ctx, a, o.Name, *timeout, func(now *v1alpha1.CleverTapPasscode) (bool, string, error) {
			o = now
			if now.Status.LastHandledVerifyAt != value {
				return false, "waiting for the results", nil
			}
			return true, "verified", rejectedEntry(now)
		})
		if *output.OutputFormat == "" && *timeout > 0 {
			if err := c.printPasscodes(o); err != nil {
				return err
			}
		}
		return c.finish(output, o, err)
	})
}

// finish prints the object if -o requests it; the outcome stays what it was.
func (c *cli) finish(output *genericclioptions.PrintFlags, o *v1alpha1.CleverTapPasscode, ended error) error {
	if notFinished, is := errors.AsType[*outcome](ended); is && notFinished.code == ExitNotFinished {
		return ended // what to commit is all of the output
	}
	if _, err := c.printed(output, o); err != nil {
		return err
	}
	return ended
}

// request sets the annotation to a new value, which is returned.
func (c *cli) request(ctx context.Context, a *access, o *v1alpha1.CleverTapPasscode, annotation string) (string, error) {
	value := c.now().UTC().Format(time.RFC3339Nano)
	patched := o.DeepCopy()
	if patched.Annotations == nil {
		patched.Annotations = map[string]string{}
	}
	patched.Annotations[annotation] = value
	if err := a.Patch(ctx, patched, client.MergeFrom(o), client.FieldOwner(fieldManager)); err != nil {
		return "", fmt.Errorf("annotating CleverTapPasscode %s/%s: %w", o.Namespace, o.Name, err)
	}
	return value, nil
}

func next(o *v1alpha1.CleverTapPasscode) string {
	if o.Status.NextPasscode == "" {
		return ""
	}
	return fmt.Sprintf(" to %q", o.Status.NextPasscode)
}

// denial says why a requested rotation is denied.
func denial(o *v1alpha1.CleverTapPasscode) string {
	switch {
	case o.Spec.Suspend:
		return "spec.suspend is true: set it to false first"
	case o.Status.ActivePasscode == "":
		return "nothing is published yet: request it again once Ready is True"
	case o.Spec.Pin() == o.Status.ActivePasscode: // a pin whose passcode was rejected keeps nothing
		return fmt.Sprintf("spec.rotation.pin keeps %q active: remove the pin first", o.Spec.Pin())
	}
	if successor := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionSuccessorReady); successor != nil {
		return successor.Message
	}
	return need(o).action
}

// rejectedEntry is an error if CleverTap rejects an entry that is meant to work.
func rejectedEntry(o *v1alpha1.CleverTapPasscode) error {
	for _, p := range o.Status.Passcodes {
		if p.State == v1alpha1.StateRejected {
			return rejected("%q: %s", p.Name, p.Message)
		}
	}
	if v := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionVerified); v != nil && v.Reason == v1alpha1.ReasonRejected {
		return rejected("%q: %s", o.Status.ActivePasscode, v.Message)
	}
	return nil
}
