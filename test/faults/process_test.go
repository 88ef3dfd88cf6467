// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

// The operator's real binary gets a SIGKILL, in workloads that need no time to go by, to show that a crash within this
// process is a true one.
func TestKilled(t *testing.T) {
	c := ofThisProcess(t)
	c.buildOperator(t)
	c.eachWorkload(t, true, func(t *testing.T, w workload, r *reference) {
		c.testCrashes(t, r, stride(5, 50), plan{kind: "kill -9", workload: w, replicas: 1, children: true})
	})
}

func (c *campaign) buildOperator(t *testing.T) {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", c.binary, ".")
	build.Dir = harness.Root()
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the operator: %v: %s", err, out)
	}
}

// child runs the operator's binary behind the fence until it ends; the incarnation's end is a SIGKILL.
func (s *scene) child(ctx context.Context, i *incarnation) error {
	kubernetes, err := s.proxy(i, false, s.config.Host)
	if err != nil {
		return err
	}
	defer kubernetes.Close()
	vendor, err := s.proxy(i, true, s.http.URL)
	if err != nil {
		return err
	}
	defer vendor.Close()
	command := exec.CommandContext(ctx, s.binary, // whose Cancel is a SIGKILL
		"--namespaces="+s.namespace, "--operator-namespace="+s.namespace, "--metrics-bind-address=0", "--health-probe-bind-address=0",
		"--clevertap-endpoint="+vendor.URL+"/{region}", "--verify-timeout=5s", "--verify-concurrency=2")
	folder, err := os.MkdirTemp("", "faults-")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	kubeconfig := filepath.Join(folder, "kubeconfig")
	if err := writeKubeconfig(kubeconfig, kubernetes.URL); err != nil {
		return err
	}
	command.Env = []string{"KUBECONFIG=" + kubeconfig}
	if err := command.Start(); err != nil {
		return fmt.Errorf("starting the operator: %w", err)
	}
	s.mu.Lock()
	s.process = command.Process.Pid
	s.mu.Unlock()
	return command.Wait() // that it was killed is what was requested
}

func writeKubeconfig(file, server string) error {
	access := clientcmdapi.NewConfig()
	access.Clusters["fence"] = &clientcmdapi.Cluster{Server: server}
	access.Contexts["fence"] = &clientcmdapi.Context{Cluster: "fence"}
	access.CurrentContext = "fence"
	if err := clientcmd.WriteToFile(*access, file); err != nil {
		return fmt.Errorf("writing the kubeconfig: %w", err)
	}
	return nil
}

// proxy is what the child takes for a server.
func (s *scene) proxy(i *incarnation, vendor bool, target string) (*httptest.Server, error) {
	at, err := url.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("reading a server's address: %w", err)
	}
	transport := s.delayed(http.DefaultTransport)
	if !vendor {
		if transport, err = rest.TransportFor(s.config); err != nil {
			return nil, fmt.Errorf("connecting: %w", err)
		}
	}
	return httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(at) },
		Transport:     s.fence.around(i, vendor)(transport),
		FlushInterval: -1, // a watch's frames are not kept back
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}), nil
}

// delayed is a slow way to CleverTap.
func (s *scene) delayed(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		s.count(1)
		defer s.count(-1)
		if s.delay > 0 {
			<-s.real.After(s.delay)
		}
		return next.RoundTrip(r)
	})
}

// count counts the calls that are under way.
func (s *scene) count(more int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls += more
	s.busiest = max(s.busiest, s.calls)
}

// peak is the memory that the child has taken at most, in megabytes.
func (s *scene) peak() (int, error) {
	s.mu.Lock()
	pid := s.process
	s.mu.Unlock()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("reading what the operator took: %w", err)
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	var kilobytes int
	if _, err := fmt.Sscan(after, &kilobytes); err != nil {
		return 0, fmt.Errorf("reading what the operator took: %w", err)
	}
	return kilobytes >> 10, nil
}
