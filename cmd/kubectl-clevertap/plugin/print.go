// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"
	"sigs.k8s.io/yaml"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
)

const day = 24 * time.Hour

// printFlags are kubectl's own -o, with nothing as people's output.
func printFlags(command *cobra.Command) *genericclioptions.PrintFlags {
	flags := genericclioptions.NewPrintFlags("")
	if scheme, err := newScheme(); err == nil {
		flags = flags.WithTypeSetter(scheme)
	}
	flags.AddFlags(command)
	return flags
}

// printed prints the object if -o requests it, and reports whether it did.
func (c *cli) printed(flags *genericclioptions.PrintFlags, object runtime.Object) (bool, error) {
	if *flags.OutputFormat == "" {
		return false, nil
	}
	printer, err := flags.ToPrinter()
	if err != nil {
		return true, fmt.Errorf("-o: %w", err)
	}
	if *flags.OutputFormat != "name" {
		printer = &printers.OmitManagedFieldsPrinter{Delegate: printer}
	}
	return true, printer.PrintObj(object, c.Out)
}

// valueFlag is -o for what is no object of the API.
func valueFlag(command *cobra.Command) *string {
	return command.Flags().StringP("output", "o", "", "Output format: json or yaml.")
}

// printedValue prints the value if -o requests it, and reports whether it did.
func (c *cli) printedValue(format string, value any) (bool, error) {
	var (
		text []byte
		err  error
	)
	switch format {
	case "":
		return false, nil
	case "json":
		text, err = json.MarshalIndent(value, "", "    ")
	case "yaml":
		text, err = yaml.Marshal(value)
	default:
		return true, fmt.Errorf("-o %s: must be json or yaml", format)
	}
	if err != nil {
		return true, fmt.Errorf("printing: %w", err)
	}
	c.printf("%s", strings.TrimSpace(string(text)))
	return true, nil
}

// table prints rows under a heading, in kubectl's own columns. An empty heading is not printed.
func (c *cli) table(heading string, rows [][]string) error {
	w := printers.GetNewTabWriter(c.Out)
	if heading != "" {
		_, _ = fmt.Fprintln(w, strings.ReplaceAll(heading, " ", "\t")) // Flush reports it
	}
	for _, row := range rows {
		_, _ = fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// stampOf is a time of a status; absent is said in words.
func stampOf(t *metav1.Time, absent string) string {
	if t == nil {
		return absent
	}
	return schedule.Stamp(t.Time)
}

// days is a length of time in whole days, rounded towards what is safe.
func days(d time.Duration) int { return int(math.Floor(d.Hours() / 24)) }

// distance is how far away a moment is, in words.
func (c *cli) distance(t time.Time) string {
	d := t.Sub(c.now())
	unit := func(d time.Duration) string {
		if d >= 2*day {
			return fmt.Sprintf("%d days", days(d))
		}
		return d.Truncate(time.Minute).String()
	}
	if d < 0 {
		return unit(-d) + " ago"
	}
	return "in " + unit(d)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
