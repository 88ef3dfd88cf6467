// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/operator"
)

// Client returns a client without a cache for an administrator's access, that knows all kinds that the operator does.
func Client(config *rest.Config) (client.WithWatch, error) {
	scheme, err := operator.Scheme()
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	config = rest.CopyConfig(config)
	config.QPS = -1 // as ctrl.GetConfig has it: the API server's own fairness is the limit
	kube, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	return kube, nil
}

// Options returns those of an operator that listens nowhere, keeps its key in a namespace, and calls a mock server.
func Options(namespace, mockServer string) operator.Options {
	return operator.Options{
		OperatorNamespace: namespace, MetricsBindAddress: "0", HealthProbeBindAddress: "0",
		ClevertapEndpoint: mockServer + "/{region}", VerifyTimeout: 5 * time.Second, VerifyConcurrency: 2,
		MaxConcurrentReconciles: 4, VolumeRefresh: 2 * time.Minute,
	}
}

// StartOperator starts an operator in this process. Stop ends it and returns the error that it ended with; a second call does
// nothing.
func StartOperator(options operator.Options, dependencies operator.Dependencies) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- operator.Run(ctx, options, dependencies) }()
	var once sync.Once
	return func() (err error) {
		once.Do(func() {
			cancel()
			err = <-ended
		})
		return err
	}
}

// Process is an operator in a process of its own, built by make build.
type Process struct {
	*exec.Cmd
	log *os.File
}

// StartProcess starts one that reads the kubeconfig and writes its log beside it.
func StartProcess(kubeconfig, namespace, mockServer string, flags ...string) (*Process, error) {
	log, err := os.Create(filepath.Join(filepath.Dir(kubeconfig), "operator.log"))
	if err != nil {
		return nil, fmt.Errorf("making the operator's log: %w", err)
	}
	command := exec.Command(filepath.Join(Root(), "bin", "clevertap-passcode-operator"), append([]string{
		"--kubeconfig=" + kubeconfig, "--operator-namespace=" + namespace,
		"--clevertap-endpoint=" + mockServer + "/{region}", "--metrics-bind-address=0",
	}, flags...)...)
	command.Stdout, command.Stderr = log, log
	command.Env = append(os.Environ(), "PROFILES="+filepath.Dir(kubeconfig)) // which a binary reads that is built for profiles
	// A Ctrl-C is the caller's to handle: it ends the operator in its own time.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the operator: %w", err), log.Close())
	}
	return &Process{Cmd: command, log: log}, nil
}

// Stop has the process end, and waits for that; a nil one has ended.
func (p *Process) Stop() error {
	if p == nil {
		return nil
	}
	return errors.Join(p.Process.Signal(syscall.SIGTERM), p.Wait(), p.log.Close())
}
