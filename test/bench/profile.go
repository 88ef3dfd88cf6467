// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// profiles writes what the operator has spent its CPU on so far, and what its memory is, into the folder as text; "" is no
// folder. It needs a binary that is built with the tag profile, and can be done once in a process.
func (w *world) profiles(ctx context.Context, folder, name string) error {
	if folder == "" {
		return nil
	}
	if err := w.operator.Process.Signal(syscall.SIGUSR1); err != nil {
		return fmt.Errorf("requesting profiles: %w", err)
	}
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
		_, err := os.Stat(filepath.Join(w.folder, "heap.pprof"))
		return err == nil, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for profiles; was the operator built with -tags profile? %w", err)
	}
	for kind, options := range map[string][]string{"cpu": {"-cum"}, "heap": {"-inuse_space"}} {
		arguments := append([]string{"tool", "pprof", "-top", "-nodecount=60"}, options...)
		text, err := exec.CommandContext(ctx, "go", append(arguments, filepath.Join(w.folder, kind+".pprof"))...).Output()
		if err != nil {
			return fmt.Errorf("reading the profile %s: %w", kind, err)
		}
		path := filepath.Join(folder, fmt.Sprintf("%s-%s.txt", kind, name))
		if err := os.WriteFile(path, text, 0o644); err != nil { // documentation is read by everyone
			return fmt.Errorf("writing the profile: %w", err)
		}
	}
	return nil
}
