// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/utils/clock"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

const namespace = "shop"

// stage is a control plane, a CleverTap, and the operator as a process of its own.
type stage struct {
	clock       clock.Clock
	folder      string
	kubeconfig  string
	kubectlPath string
	plane       *harness.ControlPlane
	vendor      *clevertaptest.Server
	http        *httptest.Server
	operator    *harness.Process
}

func newStage(clock clock.Clock) (*stage, error) {
	folder, err := os.MkdirTemp("", "clevertap-demo-")
	if err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	vendor := clevertaptest.New(clock)
	return &stage{
		clock:       clock,
		folder:      folder,
		kubeconfig:  filepath.Join(folder, "kubeconfig"),
		kubectlPath: filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl"),
		vendor:      vendor,
		http:        httptest.NewServer(vendor),
	}, nil
}

func (s *stage) start(ctx context.Context) error {
	fmt.Println("Starting etcd, kube-apiserver, a mock server of CleverTap, and the operator ...")
	var err error
	if s.plane, err = harness.Start(""); err != nil {
		return err
	}
	if err := os.WriteFile(s.kubeconfig, s.plane.Kubeconfig(), 0o600); err != nil {
		return fmt.Errorf("writing the kubeconfig: %w", err)
	}
	for _, name := range []string{namespace, "clevertap-passcode-operator-system"} {
		if _, err := s.kubectl(ctx, nil, "create", "namespace", name); err != nil {
			return err
		}
	}
	s.operator, err = harness.StartProcess(s.kubeconfig, "clevertap-passcode-operator-system", s.http.URL, "--health-probe-bind-address=0")
	return err
}

// close ends every process and leaves no file.
func (s *stage) close() error {
	problems := []error{s.operator.Stop()}
	s.http.CloseClientConnections()
	s.http.Close()
	if s.plane != nil {
		problems = append(problems, s.plane.Stop())
	}
	problems = append(problems, os.RemoveAll(s.folder))
	return errors.Join(problems...)
}

func (s *stage) kubectl(ctx context.Context, input []byte, args ...string) (string, error) {
	command := exec.CommandContext(ctx, s.kubectlPath, append([]string{"--kubeconfig=" + s.kubeconfig}, args...)...)
	command.Stdin = bytes.NewReader(input)
	out, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// show runs kubectl as a person would, and prints both.
func (s *stage) show(ctx context.Context, args ...string) error {
	out, err := s.kubectl(ctx, nil, append([]string{"-n", namespace}, args...)...)
	if err != nil {
		return err
	}
	fmt.Printf("\n  $ kubectl -n %s %s\n", namespace, strings.Join(args, " "))
	for line := range strings.Lines(out) {
		fmt.Print("  ", line)
	}
	return nil
}

func (s *stage) apply(ctx context.Context, manifest string) error {
	_, err := s.kubectl(ctx, []byte(manifest), "-n", namespace, "apply", "-f", "-")
	return err
}

// await looks until what kubectl prints is what is expected, and shows that time passes.
func (s *stage) await(ctx context.Context, what string, patience time.Duration, want string, args ...string) error {
	fmt.Printf("  waiting until %s ", what)
	deadline := s.clock.Now().Add(patience)
	var got string
	for s.clock.Now().Before(deadline) {
		var err error
		if got, err = s.kubectl(ctx, nil, append([]string{"-n", namespace, "get", "--ignore-not-found"}, args...)...); err != nil {
			return err
		}
		if got == want {
			fmt.Println("done")
			return nil
		}
		fmt.Print(".")
		select {
		case <-ctx.Done():
			return fmt.Errorf("interrupted while waiting until %s", what)
		case <-s.clock.After(500 * time.Millisecond):
		}
	}
	log, _ := os.ReadFile(filepath.Join(s.folder, "operator.log")) // what there is of it
	return fmt.Errorf("%s did not happen in %s: got %q, want %q\n%s", what, patience, got, want, log)
}
