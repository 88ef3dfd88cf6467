// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

//go:build profile

package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"syscall"
)

// A binary that is built with the tag profile writes to the folder PROFILES, at its first SIGUSR1, what it has used since
// its start: make bench-profile. No release has this tag.
func init() {
	folder := os.Getenv("PROFILES")
	cpu, err := os.Create(filepath.Join(folder, "cpu.pprof"))
	if err := errors.Join(err, pprof.StartCPUProfile(cpu)); err != nil {
		fmt.Fprintln(os.Stderr, "profiling:", err)
		os.Exit(1)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		<-signals
		pprof.StopCPUProfile()
		if err := errors.Join(cpu.Close(), writeHeap(folder)); err != nil {
			fmt.Fprintln(os.Stderr, "profiling:", err)
		}
	}()
}

// writeHeap writes what is in use, under its name once it is whole.
func writeHeap(folder string) error {
	path := filepath.Join(folder, "heap.pprof")
	heap, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	runtime.GC()
	return errors.Join(pprof.WriteHeapProfile(heap), heap.Close(), os.Rename(path+".part", path))
}
