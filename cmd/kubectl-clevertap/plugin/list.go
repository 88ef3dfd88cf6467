// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

func (c *cli) list() *cobra.Command {
	var (
		everywhere bool
		noHeaders  bool
		selector   string
	)
	command := &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Args: cobra.NoArgs,
		Short: "List passcodes, those that require action first",
		Example: `  kubectl clevertap list -A
  kubectl clevertap list -o name`,
	}
	command.Flags().BoolVarP(&everywhere, "all-namespaces", "A", false, "List the objects of all namespaces.")
	command.Flags().BoolVar(&noHeaders, "no-headers", false, "Print no headers.")
	command.Flags().StringVarP(&selector, "selector", "l", "", "List the objects with these labels.")
	output := printFlags(command)
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		objects, err := c.find(cmd.Context(), everywhere, selector)
		if err != nil {
			return err
		}
		if done, err := c.printedList(output, objects); done {
			return err
		}
		if len(objects.Items) == 0 {
			c.progressf("No CleverTapPasscodes found.")
			return nil
		}
		return c.printList(objects.Items, everywhere, noHeaders)
	}
	return command
}

// printedList is printed for a list; kubectl's own printer of names takes no typed ones.
func (c *cli) printedList(flags *genericclioptions.PrintFlags, list *v1alpha1.CleverTapPasscodeList) (bool, error) {
	if *flags.OutputFormat != "name" {
		return c.printed(flags, list)
	}
	for i := range list.Items {
		if _, err := c.printed(flags, &list.Items[i]); err != nil {
			return true, err
		}
	}
	return true, nil
}

func (c *cli) find(ctx context.Context, everywhere bool, selector string) (*v1alpha1.CleverTapPasscodeList, error) {
	a, err := c.connect()
	if err != nil {
		return nil, err
	}
	matching, err := labels.Parse(selector)
	if err != nil {
		return nil, fmt.Errorf("--selector: %w", err)
	}
	options := &client.ListOptions{Namespace: a.namespace, LabelSelector: matching}
	if everywhere {
		options.Namespace = ""
	}
	list, err := a.objects(ctx, options)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list.Items, func(a, b v1alpha1.CleverTapPasscode) int {
		return cmp.Or(cmp.Compare(need(&a).urgency, need(&b).urgency), ends(&a).Compare(ends(&b)))
	})
	return list, nil
}

// ends is when what is published ends; what never does comes last.
func ends(o *v1alpha1.CleverTapPasscode) time.Time {
	if o.Status.ExpiresAt == nil {
		return time.Unix(1<<40, 0)
	}
	return o.Status.ExpiresAt.Time
}

func (c *cli) printList(objects []v1alpha1.CleverTapPasscode, namespaced, noHeaders bool) error {
	heading := "NAME STATUS PASSCODE LEFT NEXT RUNWAY NEEDS"
	switch {
	case noHeaders:
		heading = ""
	case namespaced:
		heading = "NAMESPACE " + heading
	}
	if c.coloured() {
		heading = strings.Replace(heading, "LEFT", painted(foreground, "LEFT"), 1)
	}
	var rows [][]string
	for i := range objects {
		o := &objects[i]
		row := []string{
			o.Name, orDash(string(o.Status.Phase)), orDash(o.Status.ActivePasscode), c.left(o),
			orDash(o.Status.NextPasscode), c.runway(o), need(o).name,
		}
		if namespaced {
			row = append([]string{o.Namespace}, row...)
		}
		rows = append(rows, row)
	}
	if err := c.table(heading, rows); err != nil {
		return err
	}
	for _, names := range sharing(objects) {
		c.progressf("The same passcode is active in " + names + ": delete it on the dashboard only once all of them have replaced it.")
	}
	return nil
}

// sharing names the objects, as namespace/name, whose active passcode is the same: the operator reports nothing of one namespace to
// another, but a person who may list both sees equal fingerprints.
func sharing(objects []v1alpha1.CleverTapPasscode) []string {
	by := map[string][]string{}
	for i := range objects {
		o := &objects[i]
		for _, p := range o.Status.Passcodes {
			if p.State == v1alpha1.StateActive && p.Fingerprint != "" {
				by[p.Fingerprint] = append(by[p.Fingerprint], o.Namespace+"/"+o.Name)
			}
		}
	}
	var shared []string
	for _, names := range by {
		if len(names) > 1 {
			shared = append(shared, strings.Join(names, ", "))
		}
	}
	slices.Sort(shared)
	return shared
}

// left is how many days the active passcode has left, with a bar of 90 days on a terminal.
func (c *cli) left(o *v1alpha1.CleverTapPasscode) string {
	const full, cells = 90, 10
	if o.Status.ActivePasscode == "" && c.coloured() {
		return painted(foreground, "-")
	}
	if o.Status.ActivePasscode == "" {
		return "-"
	}
	n := full
	text := "forever"
	if end := o.Status.ExpiresAt; end != nil {
		n = days(end.Sub(c.now()))
		text = fmt.Sprintf("%dd", n)
	}
	if !c.coloured() {
		return text
	}
	colour := green
	switch {
	case n <= 7:
		colour = red
	case n <= 30:
		colour = yellow
	}
	if !c.wide() {
		return painted(colour, text)
	}
	filled := min(cells, max(0, (n*cells+full-1)/full))
	return painted(colour, strings.Repeat("█", filled)+strings.Repeat("░", cells-filled)) + " " + text
}

// The colours of a terminal's own palette.
const (
	red        = 31
	green      = 32
	yellow     = 33
	foreground = 39
)

// painted is a text in a colour. What a terminal does not show counts as width in a table, and is as long for each colour: a column
// of which every cell is painted stays in line.
func painted(colour int, text string) string {
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", colour, text)
}

func (c *cli) runway(o *v1alpha1.CleverTapPasscode) string {
	switch {
	case o.Status.ActivePasscode == "":
		return "-"
	case o.Status.RunwayUntil == nil:
		return "forever"
	}
	return fmt.Sprintf("%dd", days(o.Status.RunwayUntil.Sub(c.now())))
}
