// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package harness starts the real control plane that suites and the demo run on.
package harness

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// ControlPlane is a running etcd and kube-apiserver with the CRD installed.
type ControlPlane struct {
	environment *envtest.Environment
}

// Start starts the binaries in KUBEBUILDER_ASSETS, which make test sets. The API server's audit log goes to the file
// auditLog; "" means none.
func Start(auditLog string) (*ControlPlane, error) {
	environment := &envtest.Environment{
		CRDDirectoryPaths:     []string{filepath.Join(Root(), "config", "crd", "bases")},
		ErrorIfCRDPathMissing: true,
	}
	if auditLog != "" {
		environment.ControlPlane.GetAPIServer().Configure().
			Append("audit-log-path", auditLog).
			Append("audit-log-maxsize", "100000"). // in MB: a log that is rotated can't be read on
			Append("audit-policy-file", filepath.Join(Root(), "test", "harness", "audit-policy.yaml"))
	}
	if _, err := environment.Start(); err != nil {
		// What did start must not outlive the attempt.
		err = errors.Join(err, environment.Stop())
		return nil, fmt.Errorf("starting the control plane (make controlplane finds or builds its binaries): %w", err)
	}
	return &ControlPlane{environment: environment}, nil
}

// Config is an administrator's.
func (c *ControlPlane) Config() *rest.Config {
	return rest.CopyConfig(c.environment.Config)
}

// Kubeconfig is Config as kubectl reads it.
func (c *ControlPlane) Kubeconfig() []byte {
	return c.environment.KubeConfig
}

// EtcdURL is where the API server stores.
func (c *ControlPlane) EtcdURL() *url.URL {
	return c.environment.ControlPlane.Etcd.URL
}

// Another is a second API server, on what is at the URL: this control plane's etcd, or a proxy of it.
type Another struct {
	Config *rest.Config
	server *envtest.APIServer
}

// StartAnother starts a second API server.
func StartAnother(etcd *url.URL) (*Another, error) {
	server := &envtest.APIServer{EtcdURL: etcd}
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("starting another API server: %w", errors.Join(err, server.Stop()))
	}
	plane := envtest.ControlPlane{APIServer: server}
	user, err := plane.AddUser(envtest.User{Name: "another", Groups: []string{"system:masters"}}, nil)
	if err != nil {
		return nil, fmt.Errorf("making a user: %w", errors.Join(err, server.Stop()))
	}
	return &Another{Config: user.Config(), server: server}, nil
}

// Stop ends its process.
func (a *Another) Stop() error {
	if err := a.server.Stop(); err != nil {
		return fmt.Errorf("stopping another API server: %w", err)
	}
	return nil
}

// Stop ends the processes and removes what they stored.
func (c *ControlPlane) Stop() error {
	if err := c.environment.Stop(); err != nil {
		return fmt.Errorf("stopping the control plane: %w", err)
	}
	return nil
}

// Root is the repository's folder, found from the working directory up.
func Root() string {
	folder, err := os.Getwd()
	for err == nil && folder != filepath.Dir(folder) {
		if _, missing := os.Stat(filepath.Join(folder, "PROJECT")); missing == nil {
			return folder
		}
		folder = filepath.Dir(folder)
	}
	return "."
}
