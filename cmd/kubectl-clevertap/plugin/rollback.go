// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

func (c *cli) rollback() *cobra.Command {
	command := &cobra.Command{
		Use:   "rollback NAME",
		Short: "Pin the passcode that was active before, and wait until it is active again",
		Long: `Pin the passcode that was active before, and wait until it is active again.

The command sets spec.rotation.pin, so scheduled rotations wait until the pin is removed. If a GitOps tool or kubectl
apply manages that very field, the change to commit is printed instead, and the exit code is 6; --edit sets it anyway.`,
	}
	edit := command.Flags().Bool("edit", false, "Set spec.rotation.pin even if another tool manages it, which may revert the change.")
	timeout, output := timeoutFlag(command), printFlags(command)
	return c.oneObject(command, func(ctx context.Context, a *access, o *v1alpha1.CleverTapPasscode) error {
		if err := onlyManaged(o); err != nil {
			return err
		}
		previous, err := previousOf(o)
		if err != nil {
			return err
		}
		if owner := foreignOwner(o, "spec", "rotation", "pin"); owner != "" && !*edit {
			c.printf("spec:\n  rotation:\n    pin: %q", previous)
			return &outcome{ExitNotFinished, fmt.Sprintf("spec.rotation.pin is managed by %s: commit this to make %q active again", owner, previous)}
		}
		if err := a.pin(ctx, o, previous); err != nil {
			return err
		}
		err = c.await(ctx, a, o.Name, *timeout, func(now *v1alpha1.CleverTapPasscode) (bool, string, error) {
			o = now
			p := stateOf(now, previous)
			switch {
			case now.Status.ActivePasscode == previous:
				return true, fmt.Sprintf("rolled back: %q is active, revision %d, and stays until the pin is removed:\n  kubectl patch ctp -n %s %s --type merge -p '{\"spec\":{\"rotation\":{\"pin\":null}}}'",
					previous, now.Status.Revision, now.Namespace, now.Name), nil
			case now.Status.ObservedGeneration < now.Generation || p == nil:
			case p.State == v1alpha1.StateRejected || p.State == v1alpha1.StateMissing || p.State == v1alpha1.StateExpired:
				return true, "", rejected("%q is pinned but not active: %s (%s)", previous, p.Message, p.State)
			}
			return false, fmt.Sprintf("pinned %q; waiting for CleverTap to accept it", previous), nil
		})
		return c.finish(output, o, err)
	})
}

// previousOf is the newest passcode of the history that is still an entry, is not active and could work.
func previousOf(o *v1alpha1.CleverTapPasscode) (string, error) {
	for _, p := range o.Status.History {
		if s := stateOf(o, p.Passcode); s != nil && p.Passcode != o.Status.ActivePasscode {
			switch s.State {
			case v1alpha1.StateRetiring, v1alpha1.StateRetired, v1alpha1.StateStaged, v1alpha1.StateUnverified:
				return p.Passcode, nil
			default: // it could not be published
			}
		}
	}
	return "", fmt.Errorf("CleverTapPasscode %s/%s: no entry that was active before still works: see status.history and status.passcodes", o.Namespace,
		o.Name)
}

func (a *access) pin(ctx context.Context, o *v1alpha1.CleverTapPasscode, passcode string) error {
	patched := o.DeepCopy()
	if patched.Spec.Rotation == nil {
		patched.Spec.Rotation = &v1alpha1.Rotation{}
	}
	patched.Spec.Rotation.Pin = passcode
	if err := a.Patch(ctx, patched, client.MergeFrom(o), client.FieldOwner(fieldManager)); err != nil {
		return fmt.Errorf("pinning %q: %w", passcode, err)
	}
	return nil
}
