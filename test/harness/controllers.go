// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// controllers are those that tests need: what turns Deployments into Pods, and what follows ownerReferences.
const controllers = "deployment-controller,replicaset-controller,statefulset-controller,daemonset-controller," +
	"garbage-collector-controller"

// StartControllers starts kube-controller-manager beside the control plane.
func (c *ControlPlane) StartControllers() (stop func() error, err error) {
	folder, err := os.MkdirTemp("", "controllers-")
	if err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	kubeconfig := filepath.Join(folder, "kubeconfig")
	if err := os.WriteFile(kubeconfig, c.Kubeconfig(), 0o600); err != nil {
		return nil, fmt.Errorf("writing the kubeconfig: %w", err)
	}
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		return nil, fmt.Errorf("making the log: %w", err)
	}
	command := exec.Command(filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kube-controller-manager"),
		"--kubeconfig="+kubeconfig, "--leader-elect=false", "--secure-port=0",
		"--controllers="+controllers, "--kube-api-qps=200", "--kube-api-burst=400")
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting kube-controller-manager: %w", err)
	}
	return func() error {
		_ = command.Process.Kill() // it has nothing to say at its end
		_ = command.Wait()
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("removing what kube-controller-manager left: %w", err)
		}
		return nil
	}, nil
}
