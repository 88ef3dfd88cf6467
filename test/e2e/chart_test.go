// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

// chart is that of the release that is played, or of this checkout.
func chart() string { return shipped("CHART", "charts/clevertap-passcode-operator") }

// install installs a release of the chart with values, and waits for it.
func install(release, namespace, values string, flags ...string) {
	GinkgoHelper()
	args := append([]string{"install", release, chart(), "--namespace", namespace, "-f", "-", "--wait", "--timeout", "3m"}, flags...)
	out, err := run(values, "helm", args...)
	Expect(err).NotTo(HaveOccurred(), out)
}

func uninstall(release, namespace string) {
	GinkgoHelper()
	out, err := run("", "helm", "uninstall", release, "--namespace", namespace, "--wait")
	Expect(err).NotTo(HaveOccurred(), out)
}

// listen serves on the node's address, where Pods reach it, until the suite ends.
func listen(server *httptest.Server) {
	GinkgoHelper()
	listener, err := net.Listen("tcp", nodeAddress+":0")
	Expect(err).NotTo(HaveOccurred())
	server.Listener = listener
	DeferCleanup(server.Close)
}

// twoReleases are shards: each reconciles the objects that its selector chooses.
func twoReleases() {
	const values = "replicaCount: 1\nclevertap: {endpoint: %q}\nwatchLabelSelector: shard=%s\ncrds: {enabled: %t}\n"

	It("is shared by two releases, each of which has objects of its own", func() {
		// The CRD of the release that was uninstalled is kept, and becomes the next release's.
		install("one", system, fmt.Sprintf(values, endpoint, "one", true), "--take-ownership")
		install("two", system, fmt.Sprintf(values, endpoint, "two", false))
		kubectl("create", "namespace", "mall")
		for name, shard := range map[string]string{"first": "one", "second": "two"} {
			declare("mall", name, "")
			kubectl("label", "ctp", "-n", "mall", name, "shard="+shard)
			Eventually(condition("mall", name, "Ready")).Should(Equal("PasscodePublished"))
			Eventually(get("mall", "ctp/"+name, ".status.nextPasscode")).Should(Equal(name + "-two"))
		}
		Expect(kubectl("logs", "-n", system, "deployment/one-clevertap-passcode-operator")).NotTo(ContainSubstring("second-one"))
		Expect(kubectl("logs", "-n", system, "deployment/two-clevertap-passcode-operator")).NotTo(ContainSubstring("first-one"))
	})

	It("has an object change hands with its label: nothing is written, and the other release rotates it", func() {
		before := everythingIn("mall")
		kubectl("label", "ctp", "-n", "mall", "first", "--overwrite", "shard=two")
		kubectl("annotate", "ctp", "-n", "mall", "first", "clevertap.passcode-operator.io/verify-requested-at=1")
		Eventually(get("mall", "ctp/first", ".status.lastHandledVerifyAt")).Should(Equal("1"))
		Expect(everythingIn("mall")).To(Equal(before), "targets, workloads and events")
		kubectl("annotate", "ctp", "-n", "mall", "first", "clevertap.passcode-operator.io/rotate-requested-at=1")
		Eventually(get("mall", "ctp/first", ".status.activePasscode")).Should(Equal("first-two"))
		Expect(get("mall", "ctp/first", ".status.revision")()).To(Equal("2"))
		Expect(kubectl("logs", "-n", system, "deployment/two-clevertap-passcode-operator")).To(ContainSubstring("first-two"))
		Expect(kubectl("logs", "-n", system, "deployment/one-clevertap-passcode-operator")).NotTo(ContainSubstring("first-two"))
	})

	It("loses the release that owns the CRD, and the other one works on", func() {
		uninstall("one", system)
		declare("mall", "third", "")
		kubectl("label", "ctp", "-n", "mall", "third", "shard=two")
		Eventually(condition("mall", "third", "Ready")).Should(Equal("PasscodePublished"))
		uninstall("two", system)
	})
}

// behindProxy is a company's network: only a forward proxy leads out, and its certificates have a private root.
func behindProxy() {
	It("is installed behind a forward proxy, and trusts a private root", func() {
		certificate, root, err := harness.Certificate()
		Expect(err).NotTo(HaveOccurred())
		mock := httptest.NewUnstartedServer(vendor)
		listen(mock)
		mock.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
		mock.StartTLS()
		proxy := &harness.ForwardProxy{Vendor: mock.Listener.Addr().String()}
		server := httptest.NewUnstartedServer(http.Handler(proxy))
		listen(server)
		server.Start()

		install("proxied", system, fmt.Sprintf(`
clevertap: {endpoint: "https://%s/{region}"}
extraEnv:
- {name: HTTPS_PROXY, value: %q}
- {name: NO_PROXY, value: "10.0.0.0/24"}
- {name: SSL_CERT_DIR, value: /roots}
extraVolumes: [{name: roots, configMap: {name: company-roots}}]
extraVolumeMounts: [{name: roots, mountPath: /roots, readOnly: true}]
extraObjects:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: company-roots, namespace: %s}
  data:
    company.pem: |
%s`, harness.VendorHost, server.URL, system, indented(string(root), 6)), "--take-ownership")
		declare("mall", "proxied", "")
		Eventually(condition("mall", "proxied", "Ready")).Should(Equal("PasscodePublished"))
		Expect(proxy.Tunnels.Load()).To(BeNumerically(">", 0))
		Expect(proxy.Strange.Load()).To(BeZero(), "the API server is reached past the proxy")
		uninstall("proxied", system)
	})
}

func indented(text string, by int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Repeat(" ", by) + strings.Join(lines, "\n"+strings.Repeat(" ", by)) + "\n"
}

// byATenant is an installation by someone who may administer one namespace, and nothing of the cluster.
func byATenant() {
	const team = "team"

	It("is installed with the chart by the admin of a namespace", func() {
		kubectl("create", "namespace", team)
		kubectl("create", "rolebinding", "-n", team, "admin", "--clusterrole=admin", "--user=alice")
		out, _ := run("", "kubectl", "auth", "can-i", "create", "clusterroles", "--as=alice")
		Expect(out).To(ContainSubstring("no"))
		values := fmt.Sprintf("clevertap: {endpoint: %q}\nwatchNamespaces: [%s]\ncrds: {enabled: false}\nrbac: {aggregateClusterRoles: false}\n", endpoint, team)
		install("ours", team, values, "--kube-as-user", "alice")
		declare(team, "own", "")
		Eventually(condition(team, "own", "Ready")).Should(Equal("PasscodePublished"))
		Consistently(get("stranger", "ctp/foreign", ".status.observedGeneration"), 3*time.Second).Should(Equal("-1"))
	})

	It("is uninstalled by that admin as well", func() {
		out, err := run("", "helm", "uninstall", "ours", "--namespace", team, "--kube-as-user", "alice", "--wait")
		Expect(err).NotTo(HaveOccurred(), out)
		Expect(get(team, "secret/own", ".metadata.name")()).To(Equal("own"))
	})
}
