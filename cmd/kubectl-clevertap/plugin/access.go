// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/pager"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// fieldManager is the name under which the API server records what the plugin writes.
const fieldManager = "kubectl-clevertap"

// access is a client and the namespace that the flags and the kubeconfig point to.
type access struct {
	client.WithWatch
	namespace string
}

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("registering kinds: %w", err)
		}
	}
	return scheme, nil
}

func (c *cli) connect() (*access, error) {
	namespace, _, err := c.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config, err := c.flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	kube, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connecting to the cluster: %w", err)
	}
	return &access{WithWatch: kube, namespace: namespace}, nil
}

// object gets the object that an argument names.
func (a *access) object(ctx context.Context, argument string) (*v1alpha1.CleverTapPasscode, error) {
	name, err := objectName(argument)
	if err != nil {
		return nil, err
	}
	object := &v1alpha1.CleverTapPasscode{}
	if err := a.Get(ctx, client.ObjectKey{Namespace: a.namespace, Name: name}, object); err != nil {
		return nil, fmt.Errorf("getting CleverTapPasscode %s/%s: %w", a.namespace, name, err)
	}
	return object, nil
}

// oneObject is a command about one object that is named: its run is given access and the object.
func (c *cli) oneObject(command *cobra.Command, run func(ctx context.Context, a *access, o *v1alpha1.CleverTapPasscode) error) *cobra.Command {
	command.Args = cobra.ExactArgs(1)
	command.ValidArgsFunction = c.completeName
	command.RunE = func(cmd *cobra.Command, args []string) error {
		a, err := c.connect()
		if err != nil {
			return err
		}
		object, err := a.object(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		return run(cmd.Context(), a, object)
	}
	return command
}

// objectName returns the name in what a person types or "list -o name" prints: marketing, ctp/marketing,
// clevertappasscode.clevertap.passcode-operator.io/marketing.
func objectName(argument string) (string, error) {
	kind, name, hasKind := strings.Cut(argument, "/")
	if !hasKind {
		return argument, nil
	}
	resource, group, hasGroup := strings.Cut(strings.ToLower(kind), ".")
	known := slices.Contains([]string{"ctp", "clevertappasscode", "clevertappasscodes"}, resource)
	if !known || (hasGroup && group != v1alpha1.GroupVersion.Group) || name == "" {
		return "", fmt.Errorf("%q is no CleverTapPasscode: give its name, or what list -o name prints", argument)
	}
	return name, nil
}

// objects returns the CleverTapPasscodes that the options select. It reads them in pages, as a large cluster has many.
func (a *access) objects(ctx context.Context, options ...client.ListOption) (*v1alpha1.CleverTapPasscodeList, error) {
	all := &v1alpha1.CleverTapPasscodeList{}
	pages := pager.New(func(ctx context.Context, page metav1.ListOptions) (runtime.Object, error) {
		list := &v1alpha1.CleverTapPasscodeList{}
		err := a.List(ctx, list, append(options, &client.ListOptions{Raw: &page, Limit: page.Limit, Continue: page.Continue})...)
		return list, err
	})
	err := pages.EachListItem(ctx, metav1.ListOptions{}, func(item runtime.Object) error {
		if o, isObject := item.(*v1alpha1.CleverTapPasscode); isObject {
			o.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("CleverTapPasscode")) // printers read it of each
			all.Items = append(all.Items, *o)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing CleverTapPasscodes: %w", err)
	}
	return all, nil
}

// completeName offers the objects of the namespace to a shell.
func (c *cli) completeName(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	a, err := c.connect()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	list, err := a.objects(cmd.Context(), client.InNamespace(a.namespace))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, o := range list.Items {
		names = append(names, o.Name+"\t"+string(o.Status.Phase)+" "+o.Status.ActivePasscode)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
