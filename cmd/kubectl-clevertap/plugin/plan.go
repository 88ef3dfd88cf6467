// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/forecast"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
)

// timeline is the output of plan.
type timeline struct {
	Object string         `json:"object"`
	Events []timelineStep `json:"events"`
	// RunwayUntil is when the last entry that becomes active expires; absent means never.
	RunwayUntil *time.Time `json:"runwayUntil,omitempty"`
	// UnknownExpiry names the entries of which nobody can say when they expire: they have days and neither a createdAt
	// nor a first sight in status. Their days are counted from now.
	UnknownExpiry []string `json:"unknownExpiry,omitempty"`
}

type timelineStep struct {
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"`
	Passcode string    `json:"passcode"`
}

func (c *cli) plan() *cobra.Command {
	var (
		files     resource.FilenameOptions
		minRunway string
	)
	command := &cobra.Command{
		Use:               "plan NAME | -f FILE",
		Short:             "Show the dated timeline: warnings, rotations, expiry",
		ValidArgsFunction: c.completeName,
		Long: `Show the dated timeline of warnings, rotations and expiry, computed by the operator's own code.

It assumes that CleverTap accepts every entry that is not known to be missing, malformed or rejected, and that nobody
changes anything. With -f it needs no cluster: it validates the file as the API server does.

The expiry of an entry with days is unknown until the entry has a createdAt or the operator has seen its value. Its days
are counted from now, and --min-runway exits with 5.`,
		Example: `  kubectl clevertap plan marketing
  kubectl clevertap plan -f passcodes.yaml --min-runway 60d   # in CI: exits with 5 if less is left`,
	}
	command.Flags().StringSliceVarP(&files.Filenames, "filename", "f", nil, "File, folder or - with CleverTapPasscodes, instead of the cluster's.")
	command.Flags().BoolVarP(&files.Recursive, "recursive", "R", false, "Process the folder given with -f recursively.")
	command.Flags().StringVar(&minRunway, "min-runway", "", "Exit with 5 if the last entry expires sooner than this, such as 60d or 36h.")
	output := valueFlag(command)
	command.RunE = func(cmd *cobra.Command, names []string) error {
		least, err := parseRunway(minRunway)
		if err != nil {
			return err
		}
		objects, err := c.planned(cmd.Context(), names, files)
		if err != nil {
			return err
		}
		return c.printPlans(objects, *output, least)
	}
	return command
}

func parseRunway(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	if number, isDays := strings.CutSuffix(text, "d"); isDays {
		if n, err := strconv.ParseUint(number, 10, 16); err == nil {
			return time.Duration(n) * day, nil // 16 bits of days are no overflow
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("--min-runway %s: must be days or a duration, such as 60d or 36h", text)
	}
	return d, nil
}

// planned are the objects to make plans for.
func (c *cli) planned(ctx context.Context, names []string, files resource.FilenameOptions) ([]*v1alpha1.CleverTapPasscode, error) {
	switch {
	case len(names) == 1 && len(files.Filenames) == 0:
		a, err := c.connect()
		if err != nil {
			return nil, err
		}
		object, err := a.object(ctx, names[0])
		return []*v1alpha1.CleverTapPasscode{object}, err
	case len(names) == 0 && len(files.Filenames) > 0:
		return read(ctx, files)
	}
	return nil, fmt.Errorf("name one object, or one or more files with -f")
}

// read reads the CleverTapPasscodes of files, which must be valid; objects of other kinds are ignored.
func read(ctx context.Context, files resource.FilenameOptions) ([]*v1alpha1.CleverTapPasscode, error) {
	valid, err := newValidator()
	if err != nil {
		return nil, err
	}
	infos, err := resource.NewLocalBuilder().Unstructured().Local().FilenameParam(false, &files).Flatten().Do().Infos()
	if err != nil {
		return nil, fmt.Errorf("reading: %w", err)
	}
	var objects []*v1alpha1.CleverTapPasscode
	for _, info := range infos {
		content, isContent := info.Object.(*unstructured.Unstructured)
		if !isContent || content.GroupVersionKind().Group != v1alpha1.GroupVersion.Group || content.GetKind() != "CleverTapPasscode" {
			continue
		}
		if content.GetAPIVersion() != v1alpha1.GroupVersion.String() {
			return nil, fmt.Errorf("%s: CleverTapPasscode %q has apiVersion %s, and this plugin knows only %s", info.Source, content.GetName(),
				content.GetAPIVersion(), v1alpha1.GroupVersion)
		}
		object, err := valid.decode(ctx, content.Object)
		if err != nil {
			return nil, fmt.Errorf("%s: CleverTapPasscode %q is not valid: %w", info.Source, content.GetName(), err)
		}
		objects = append(objects, object)
	}
	if len(objects) == 0 {
		return nil, fmt.Errorf("no CleverTapPasscode in %s", strings.Join(files.Filenames, ", "))
	}
	return objects, nil
}

func (c *cli) printPlans(objects []*v1alpha1.CleverTapPasscode, format string, least time.Duration) error {
	var (
		all   []timeline
		short []string
	)
	for _, o := range objects {
		t := c.timelineOf(o)
		all = append(all, t)
		switch until := t.RunwayUntil; {
		case least > 0 && len(t.UnknownExpiry) > 0:
			short = append(short, fmt.Sprintf("%s: the expiry of %s is unknown, set createdAt to a time in the past", t.Object, quoted(t.UnknownExpiry)))
		case until != nil && until.Before(c.now().Add(least)):
			short = append(short, fmt.Sprintf("%s expires %s", t.Object, schedule.Stamp(*until)))
		}
	}
	done, err := c.printedValue(format, all)
	for i := 0; i < len(all) && !done; i++ {
		err = c.printTimeline(all[i])
	}
	if err != nil {
		return err
	}
	if len(short) > 0 {
		return &outcome{ExitRunwayShort, fmt.Sprintf("less runway than %d days: %s", days(least), strings.Join(short, "; "))}
	}
	return nil
}

func (c *cli) timelineOf(o *v1alpha1.CleverTapPasscode) timeline {
	now := c.now().UTC().Truncate(time.Second)
	t := timeline{Object: o.Namespace + "/" + o.Name, Events: []timelineStep{}}
	if o.Namespace == "" {
		t.Object = o.Name
	}
	t.UnknownExpiry = unknownExpiry(now, o)
	published := o.Status.ActivePasscode != "" || o.Spec.Observes()
	for _, m := range forecast.Of(now, o) {
		t.Events = append(t.Events, timelineStep{At: m.At.UTC().Truncate(time.Second), Kind: string(m.Kind), Passcode: m.Passcode})
		published = published || m.Kind == forecast.Published
		if m.Kind == forecast.Expired {
			t.RunwayUntil = &t.Events[len(t.Events)-1].At
		}
	}
	if !published {
		t.RunwayUntil = &now
	}
	return t
}

// unknownExpiry names the entries that expire some days after a moment that nobody knows: there is no createdAt, or it is in
// the future and so ignored.
func unknownExpiry(now time.Time, o *v1alpha1.CleverTapPasscode) []string {
	var names []string
	for i := range o.Spec.Passcodes {
		e := &o.Spec.Passcodes[i]
		expiry := o.Spec.ExpiryOf(e)
		counts := expiry.Days != nil || (expiry.Forever != nil && o.Spec.Type == v1alpha1.PasscodeTypeUser) // ten years
		seen := stateOf(o, e.Name)
		if counts && (e.CreatedAt == nil || schedule.ParseTime(*e.CreatedAt).After(now)) && (seen == nil || seen.FirstSeenAt == nil) {
			names = append(names, e.Name)
		}
	}
	return names
}

// quoted lists names for people.
func quoted(names []string) string {
	list := make([]string, 0, len(names))
	for _, name := range names {
		list = append(list, strconv.Quote(name))
	}
	return strings.Join(list, ", ")
}

func (c *cli) printTimeline(t timeline) error {
	c.printf("%s", t.Object)
	words := map[string]string{
		string(forecast.Published): "is published", string(forecast.ExpiringSoon): "has 30 days left, and there is no successor",
		string(forecast.Expired): "expires, and workloads fail",
	}
	var rows [][]string
	for _, e := range t.Events {
		when := c.distance(e.At)
		if !e.At.After(c.now()) {
			when = "now"
		}
		rows = append(rows, []string{schedule.Stamp(e.At), when, e.Kind, fmt.Sprintf("%q %s", e.Passcode, words[e.Kind])})
	}
	if err := c.table("AT WHEN EVENT WHAT", rows); err != nil {
		return err
	}
	if len(t.UnknownExpiry) > 0 {
		c.printf("The expiry of %s is unknown, and counted from now: set createdAt to when it was created on the dashboard, which is in the past.",
			quoted(t.UnknownExpiry))
	}
	if t.RunwayUntil == nil {
		c.printf("Runway: never expires\n")
		return nil
	}
	c.printf("Runway: until %s, %d days. Stage the next passcode before then.\n", schedule.Stamp(*t.RunwayUntil), max(0, days(t.RunwayUntil.Sub(c.now()))))
	return nil
}
