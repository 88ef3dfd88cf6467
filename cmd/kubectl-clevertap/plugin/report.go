// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// bundle is the output of report. It has no values: Secrets are read as metadata only.
type bundle struct {
	Time       time.Time `json:"time"`
	Plugin     versions  `json:"plugin"`
	Kubernetes string    `json:"kubernetes,omitempty"`
	// Objects are without managedFields and without the annotation of kubectl apply.
	Objects []v1alpha1.CleverTapPasscode `json:"objects"`
	Events  []eventLine                  `json:"events"`
	Secrets []secretLine                 `json:"secrets"`
	// Problems are what could not be read, such as for lack of a permission.
	Problems []string `json:"problems,omitempty"`
}

// eventLine is one event of an object.
type eventLine struct {
	Time    time.Time `json:"time"`
	Object  string    `json:"object"`
	Type    string    `json:"type"`
	Reason  string    `json:"reason"`
	Message string    `json:"message"`
}

// secretLine is what a source or target Secret is, without what it contains.
type secretLine struct {
	Name    string            `json:"name"`
	Created time.Time         `json:"created"`
	Labels  map[string]string `json:"labels,omitempty"`
	// Annotations are the operator's own, without the record.
	Annotations map[string]string `json:"annotations,omitempty"`
	// Managers are the names under which the API server records who wrote the Secret.
	Managers []string `json:"managers,omitempty"`
}

func (c *cli) report() *cobra.Command {
	command := &cobra.Command{
		Use:   "report [NAME]",
		Args:  cobra.MaximumNArgs(1),
		Short: "Print a bundle for support: objects, conditions, events, versions, no values",
		Long: `Print a bundle for support: the objects of the namespace, or one of them, with their conditions and events, the metadata
of their Secrets, and the versions of plugin, operator and Kubernetes.

No value of a Secret is requested or printed. Names of objects, entries, Secrets and accounts are: read the bundle before
you send it. What you may not read is listed under problems.`,
		Example: `  kubectl clevertap report -n shop > report.yaml
  kubectl clevertap report marketing -n shop -o json`,
		ValidArgsFunction: c.completeName,
	}
	output := command.Flags().StringP("output", "o", "yaml", "Output format: yaml or json.")
	command.RunE = func(cmd *cobra.Command, names []string) error {
		a, err := c.connect()
		if err != nil {
			return err
		}
		b := &bundle{Time: c.now().UTC().Truncate(time.Second), Plugin: clientVersion(), Events: []eventLine{}, Secrets: []secretLine{}}
		if b.Objects, err = a.reported(cmd.Context(), names); err != nil {
			return err
		}
		b.collect(cmd.Context(), c, a)
		_, err = c.printedValue(*output, b)
		return err
	}
	return command
}

// reported returns the named object, or all of the namespace.
func (a *access) reported(ctx context.Context, names []string) ([]v1alpha1.CleverTapPasscode, error) {
	options := []client.ListOption{client.InNamespace(a.namespace)}
	if len(names) > 0 {
		name, err := objectName(names[0])
		if err != nil {
			return nil, err
		}
		options = append(options, client.MatchingFields{"metadata.name": name})
	}
	list, err := a.objects(ctx, options...)
	if err != nil {
		return nil, err
	}
	if len(list.Items) == 0 {
		return nil, fmt.Errorf("namespace %s has no such CleverTapPasscode: kubectl clevertap list -A shows all", a.namespace)
	}
	for i := range list.Items {
		list.Items[i].ManagedFields = nil
		delete(list.Items[i].Annotations, corev1.LastAppliedConfigAnnotation)
	}
	return list.Items, nil
}

// collect adds what can be read beside the objects; a problem with one part leaves out that part only.
func (b *bundle) collect(ctx context.Context, c *cli, a *access) {
	for _, part := range []struct {
		what string
		read func(context.Context) error
	}{
		{"the operator's Deployments", func(ctx context.Context) (err error) {
			b.Plugin.Operators, err = a.operators(ctx)
			return err
		}},
		{"the version of Kubernetes", func(context.Context) error { return b.readKubernetes(c) }},
		{"events", func(ctx context.Context) error { return b.readEvents(ctx, a) }},
		{"the metadata of Secrets", func(ctx context.Context) error { return b.readSecrets(ctx, a) }},
	} {
		if err := part.read(ctx); err != nil {
			b.Problems = append(b.Problems, fmt.Sprintf("reading %s: %v", part.what, err))
		}
	}
}

func (b *bundle) readKubernetes(c *cli) error {
	servers, err := c.flags.ToDiscoveryClient()
	if err != nil {
		return err
	}
	info, err := servers.ServerVersion()
	if err != nil {
		return err
	}
	b.Kubernetes = info.GitVersion
	return nil
}

func (b *bundle) readEvents(ctx context.Context, a *access) error {
	var list eventsv1.EventList
	ours := client.MatchingFieldsSelector{Selector: fields.OneTermEqualSelector("regarding.kind", "CleverTapPasscode")}
	if err := a.List(ctx, &list, client.InNamespace(a.namespace), ours); err != nil {
		return err
	}
	for _, e := range list.Items {
		if slices.ContainsFunc(b.Objects, func(o v1alpha1.CleverTapPasscode) bool { return o.Name == e.Regarding.Name }) {
			b.Events = append(b.Events, eventLine{
				Time: e.EventTime.UTC().Truncate(time.Second), Object: e.Regarding.Name, Type: e.Type, Reason: e.Reason, Message: e.Note,
			})
		}
	}
	slices.SortStableFunc(b.Events, func(x, y eventLine) int { return x.Time.Compare(y.Time) })
	return nil
}

// readSecrets reads the metadata of the source and target Secrets that the objects name.
func (b *bundle) readSecrets(ctx context.Context, a *access) error {
	named := map[string]bool{}
	for i := range b.Objects {
		o := &b.Objects[i]
		if !o.Spec.Observes() {
			named[o.TargetName()] = true
		}
		for _, entry := range o.Spec.Passcodes {
			named[entry.SecretKeyRef.Name] = true
		}
	}
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("SecretList"))
	if err := a.List(ctx, list, client.InNamespace(a.namespace)); err != nil {
		return err
	}
	for i := range list.Items {
		if s := &list.Items[i]; named[s.Name] {
			b.Secrets = append(b.Secrets, lineOf(s))
		}
	}
	return nil
}

// lineOf leaves out the annotations of others: kubectl apply keeps the whole Secret in one.
func lineOf(s *metav1.PartialObjectMetadata) secretLine {
	line := secretLine{Name: s.Name, Created: s.CreationTimestamp.UTC(), Labels: s.Labels, Annotations: map[string]string{}}
	for _, key := range []string{
		v1alpha1.OwnerAnnotation, v1alpha1.PasscodeAnnotation, v1alpha1.RevisionAnnotation, v1alpha1.ExpiresAtAnnotation, v1alpha1.ReleasedAtAnnotation,
	} {
		if value, there := s.Annotations[key]; there {
			line.Annotations[key] = value
		}
	}
	for _, m := range s.ManagedFields {
		line.Managers = append(line.Managers, m.Manager)
	}
	slices.Sort(line.Managers)
	line.Managers = slices.Compact(line.Managers)
	return line
}
