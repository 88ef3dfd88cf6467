// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package plugin is the commands of kubectl clevertap.
package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"
)

// Exit codes, beside 0 for done and 1 for an error.
const (
	// ExitRejected: CleverTap rejected the passcode, or the operator denied the request.
	ExitRejected = 3
	// ExitTimedOut: the outcome did not come in time; what was requested may still happen.
	ExitTimedOut = 4
	// ExitRunwayShort: plan found less runway than --min-runway.
	ExitRunwayShort = 5
	// ExitNotFinished: what to commit was printed, and the rest happens once that is done.
	ExitNotFinished = 6
	// ExitInterrupted: a signal ended the command.
	ExitInterrupted = 130
)

// outcome is an error that has an exit code of its own.
type outcome struct {
	code    int
	message string
}

func (o *outcome) Error() string { return o.message }

func rejected(format string, args ...any) error {
	return &outcome{code: ExitRejected, message: fmt.Sprintf(format, args...)}
}

// ExitCode prints the error, if there is one, and returns the process's exit code.
func ExitCode(err error, out io.Writer) int {
	if err == nil {
		return 0
	}
	if errors.Is(err, context.Canceled) {
		err = &outcome{ExitInterrupted, "interrupted"}
	}
	_, _ = fmt.Fprintf(out, "error: %v%s\n", err, remedy(err)) // nothing can be reported if this fails
	if o, ok := errors.AsType[*outcome](err); ok {
		return o.code
	}
	return 1
}

// remedy says what to do about errors of a cluster that is not ready for this plugin; "" for all others.
func remedy(err error) string {
	switch {
	case meta.IsNoMatchError(err):
		return "\nThe cluster has no CleverTapPasscodes: install the operator, or choose another cluster with --context."
	case apierrors.IsForbidden(err):
		return "\nYou lack this permission: an administrator grants it with the ClusterRole edit, or view to read only, bound in the namespace, or in the cluster for -A."
	case apierrors.IsNotFound(err):
		return "\nkubectl clevertap list shows what is there; choose another namespace with -n."
	case isUnreachable(err):
		return "\nThe cluster cannot be reached: check the network, and which cluster the kubeconfig or --context chooses."
	case apierrors.IsUnauthorized(err):
		return "\nThe cluster does not accept your credentials: log in again."
	}
	return ""
}

// isUnreachable reports whether no connection came about.
func isUnreachable(err error) bool {
	_, failed := errors.AsType[*net.OpError](err)
	return failed
}

// cli is what every command is given.
type cli struct {
	genericiooptions.IOStreams
	clock clock.PassiveClock
	flags *genericclioptions.ConfigFlags
}

// New returns kubectl clevertap.
func New(streams genericiooptions.IOStreams, clock clock.PassiveClock) *cobra.Command {
	c := &cli{IOStreams: streams, clock: clock, flags: genericclioptions.NewConfigFlags(true)}
	root := &cobra.Command{
		Use:   "kubectl-clevertap",
		Short: "Show CleverTap passcodes, stage the next passcode, rotate and verify",
		Long: `Show CleverTap passcodes, stage the next passcode, rotate and verify.

Exit codes: 0 done; 1 error; 3 rejected by CleverTap, or denied by the operator; 4 timed out;
5 less runway than plan --min-runway requires; 6 not finished: what to commit was printed; 130 interrupted.`,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl clevertap"},
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.ErrOut)
	c.flags.AddFlags(root.PersistentFlags())
	root.AddCommand(c.list(), c.status(), c.why(), c.plan(), c.stage(), c.rotate(), c.verify(), c.rollback(), c.adopt(), c.report(), c.version())
	return root
}

func (c *cli) now() time.Time { return c.clock.Now() }

// onTerminal reports whether a person looks at the output directly.
func (c *cli) onTerminal() bool {
	file, isFile := c.Out.(*os.File)
	return isFile && term.IsTerminal(int(file.Fd())) // a descriptor is a small number
}

// wide reports whether the terminal has room for more than words.
func (c *cli) wide() bool {
	file, isFile := c.Out.(*os.File)
	if !isFile {
		return false
	}
	columns, _, err := term.GetSize(int(file.Fd())) // a descriptor is a small number
	return err == nil && columns >= 90
}

// coloured reports whether colours are wanted: NO_COLOR is honoured (no-color.org).
func (c *cli) coloured() bool {
	return c.onTerminal() && os.Getenv("NO_COLOR") == ""
}

// printf prints a line. A reader that went away ends the process by its signal; there is nothing to do about others.
func (c *cli) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(c.Out, format+"\n", args...)
}

// progressf prints a line for a person who waits, if it is in nobody's pipe.
func (c *cli) progressf(format string, args ...any) {
	_, _ = fmt.Fprintf(c.ErrOut, format+"\n", args...)
}
