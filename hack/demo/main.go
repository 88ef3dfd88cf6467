// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Command demo shows the main job on a control plane of its own: make demo.
//
// On a terminal it stays up until Ctrl-C. Without one, or with DEMO_EXIT=1, it exits 0 once every step was seen to
// have happened, and non-zero if one was not.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
	"k8s.io/utils/clock"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	s, err := newStage(clock.RealClock{})
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := s.close(); err == nil {
			err = closeErr
		}
	}()
	if err := s.start(ctx); err != nil {
		return err
	}
	if err := s.play(ctx); err != nil {
		return err
	}
	if os.Getenv("DEMO_EXIT") == "1" || !term.IsTerminal(int(os.Stdout.Fd())) {
		fmt.Println("\nEvery step was seen to happen.")
		return nil
	}
	fmt.Printf("\nEvery step was seen to happen. Look around in another terminal, end with Ctrl-C:\n\n  export KUBECONFIG=%s\n  %s get ctp -n %s -o wide\n",
		s.kubeconfig, s.kubectlPath, namespace)
	<-ctx.Done()
	return nil
}
