// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Command clevertap-passcode-operator keeps working CleverTap passcodes in the Secrets that workloads mount.
package main

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"net/http"
	"os"
	"runtime/debug"

	// The roots that TLS is verified by, if the image has none: they must not depend on its base.
	_ "golang.org/x/crypto/x509roots/fallback"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/notification"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/operator"
)

// gcPercent is how much the heap may grow, in percent, before garbage is collected. Nearly all of it is what informers
// keep, which stays: collecting twice as often as by default takes a fifth off the memory for a little CPU
// (docs/performance.md).
const gcPercent = 50

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if err := run(ctrl.SetupSignalHandler(), flag.CommandLine, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "clevertap-passcode-operator:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, flags *flag.FlagSet, args []string) error {
	var (
		options operator.Options
		logging zap.Options
	)
	version := flags.Bool("version", false, "print version, commit and Go version, and exit")
	options.BindFlags(flags) // --kubeconfig is controller-runtime's own
	logging.BindFlags(flags)
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("reading the flags: %w", err)
	}
	if *version {
		fmt.Println(operator.ReadBuild())
		return nil
	}
	// Some services of --notification-url use the default client, which has no timeout and follows redirects with the URL's
	// token. Nothing else here uses it.
	http.DefaultClient = notification.Client()
	ctrl.SetLogger(operator.Logger(logging))
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("finding the cluster: %w", err)
	}
	return operator.Run(ctx, options, operator.Dependencies{Config: config, Clock: clock.RealClock{}, Random: rand.Reader, Registry: ctrlmetrics.Registry})
}
