// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// timeoutFlag is how long a command waits for its outcome.
func timeoutFlag(command *cobra.Command) *time.Duration {
	return command.Flags().Duration("timeout", 2*time.Minute, "How long to wait for the result; 0 does not wait.")
}

// outcomeCheck reports whether the object shows the outcome, and which; progress is what is known so far.
type outcomeCheck func(o *v1alpha1.CleverTapPasscode) (done bool, progress string, err error)

// await watches the object until the check is done or the time is over, and prints each step of progress once.
func (c *cli) await(ctx context.Context, a *access, name string, timeout time.Duration, check outcomeCheck) error {
	if timeout == 0 {
		c.progressf("not waiting: kubectl clevertap why -n %s %s says how it went", a.namespace, name)
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	last := ""
	_, err := watchtools.UntilWithSync(ctx, a.watching(name), &v1alpha1.CleverTapPasscode{}, nil, func(event watch.Event) (bool, error) {
		object, isObject := event.Object.(*v1alpha1.CleverTapPasscode)
		if event.Type == watch.Deleted || !isObject {
			return true, fmt.Errorf("CleverTapPasscode %s/%s was deleted meanwhile", a.namespace, name)
		}
		done, progress, err := check(object)
		if progress != last && progress != "" {
			c.progressf("%s", progress)
			last = progress
		}
		return done, err
	})
	if wait.Interrupted(err) && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &outcome{ExitTimedOut,
			fmt.Sprintf("no outcome within %s (%s): kubectl clevertap why -n %s %s says more, and kubectl clevertap version whether an operator runs that is as new as this plugin", timeout, orDash(last), a.namespace, name)}
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return &outcome{ExitInterrupted,
			fmt.Sprintf("interrupted (%s): what was requested goes on; kubectl clevertap why -n %s %s says how it went", orDash(last), a.namespace, name)}
	}
	return err
}

// watching lists and watches one object.
func (a *access) watching(name string) cache.ListerWatcher {
	options := func(raw metav1.ListOptions) *client.ListOptions {
		return &client.ListOptions{Namespace: a.namespace, FieldSelector: fields.OneTermEqualSelector("metadata.name", name), Raw: &raw}
	}
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, raw metav1.ListOptions) (runtime.Object, error) {
			list := &v1alpha1.CleverTapPasscodeList{}
			return list, a.List(ctx, list, options(raw))
		},
		WatchFuncWithContext: func(ctx context.Context, raw metav1.ListOptions) (watch.Interface, error) {
			return a.Watch(ctx, &v1alpha1.CleverTapPasscodeList{}, options(raw))
		},
	}
}

// stateOf is what the status says of an entry; nil if it says nothing.
func stateOf(o *v1alpha1.CleverTapPasscode, passcode string) *v1alpha1.PasscodeStatus {
	for i := range o.Status.Passcodes {
		if o.Status.Passcodes[i].Name == passcode {
			return &o.Status.Passcodes[i]
		}
	}
	return nil
}
