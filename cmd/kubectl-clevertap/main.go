// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Command kubectl-clevertap is kubectl clevertap: what a person does about passcodes, in one step each.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/passcode-operator/clevertap-passcode-operator/cmd/kubectl-clevertap/plugin"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	command := plugin.New(genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}, clock.RealClock{})
	err := command.ExecuteContext(ctx)
	stop()
	os.Exit(plugin.ExitCode(err, os.Stderr))
}
