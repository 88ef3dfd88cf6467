// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
	"github.com/passcode-operator/clevertap-passcode-operator/test/invariants"
)

// One node has room for one story at a time.
var _ = Describe("A cluster", Ordered, func() {
	Describe("with the cluster-wide installation", clusterWide)
	Describe("with two releases", twoReleases)
	Describe("in a company's network", behindProxy)
	Describe("with the namespaced installation", namespaced)
	Describe("with a tenant's installation", byATenant)
})

func clusterWide() {
	var history *invariants.History
	It("is applied as it is shipped, and two replicas become ready", func() {
		apply(overlay(shipped("INSTALL", "dist/install.yaml"), ""))
		ready(system, "2")
		Expect(get("", "namespace/"+system, ".metadata.labels.pod-security\\.kubernetes\\.io/enforce")()).To(Equal("restricted"))
	})

	It("publishes, and Pods read what is published, as files and in their environment", func() {
		kubectl("create", "namespace", "shop")
		history = record("shop")
		declare("shop", "marketing", "  rollout: {auto: true}")
		Eventually(condition("shop", "marketing", "Ready")).Should(Equal("PasscodePublished"))
		published := value("shop", "marketing")()
		workload("shop", "files", "marketing", "files")
		workload("shop", "env", "marketing", "env")
		Expect(inPod("shop", "files", "cat", "/creds/passcode")()).To(Equal(published))
		Expect(inPod("shop", "files", "cat", "/creds/endpoint")()).To(Equal("https://in1.api.clevertap.com"))
		Expect(inEnv("shop", "env")()).To(Equal(published))
	})

	rotatesInPods()
	losesReplicas()
	itIsMeasured()
	runbooks()
	upgrades()

	It("is uninstalled, and what it published is still there", func() {
		before := value("shop", "marketing")()
		out, err := run("", "helm", "uninstall", "clevertap-passcode-operator", "--namespace", system, "--wait")
		Expect(err).NotTo(HaveOccurred(), out)
		Eventually(get(system, "pods", ".items")).Should(Equal("[]"))
		Expect(value("shop", "marketing")()).To(Equal(before))
		Expect(inPod("shop", "files", "cat", "/creds/passcode")()).To(Equal(before))
		Expect(get("shop", "ctp/marketing", ".status.activePasscode")()).To(Equal("marketing-two"))
	})

	It("checked against the invariants in every state that the namespace had, with Pods that really ran", func() {
		Expect(history.Violations()).To(BeEmpty())
	})
}

// rotatesInPods are the steps of Pods that read what is published.
func rotatesInPods() {
	It("rotates: the file changes with no restart, and the environment's Deployment is restarted once", func() {
		before := value("shop", "marketing")()
		files, env := podOf("shop", "files"), podOf("shop", "env")
		time.Sleep(1100 * time.Millisecond) //nolint:forbidigo // a container's start is known to the second
		kubectl("annotate", "ctp", "-n", "shop", "marketing", "clevertap.passcode-operator.io/rotate-requested-at=1")
		Eventually(value("shop", "marketing")).ShouldNot(Equal(before))
		after := value("shop", "marketing")()
		Eventually(get("shop", "ctp/marketing", ".status.stalePods.count")).ShouldNot(BeEmpty())

		Eventually(inEnv("shop", "env")).Should(Equal(after))
		Eventually(func() string { return podOf("shop", "env") }).ShouldNot(Equal(env))
		Eventually(inPod("shop", "files", "cat", "/creds/passcode")).Should(Equal(after))
		Expect(podOf("shop", "files")).To(Equal(files))
		Expect(get("shop", "pod/"+files, ".status.containerStatuses[0].restartCount")()).To(Equal("0"))
		Expect(get("shop", "deployment/env", ".metadata.generation")()).To(Equal("2"))
		Expect(get("shop", "deployment/files", ".metadata.generation")()).To(Equal("1"))
	})

	It("says when the old one can be deleted, once volumes are refreshed", func() {
		Eventually(condition("shop", "marketing", "RolloutComplete")).Should(Equal("Complete"))
		Eventually(get("shop", "ctp/marketing", ".status.passcodes[0].state"), 4*time.Minute).Should(Equal("Retired"))
		Expect(get("shop", "ctp/marketing", ".status.stalePods")()).To(BeEmpty())
		Eventually(func() string { return kubectl("get", "events", "-n", "shop", "-o=jsonpath={.items[*].reason}") }).Should(ContainSubstring("SafeToDelete"))
		fmt.Println(kubectl("get", "ctp", "-n", "shop"))
	})

	It("writes a file of headers, by which curl calls CleverTap before and after a rotation", func() {
		declare("shop", "curl", "  target: {files: [{key: headers, format: Headers}]}")
		Eventually(condition("shop", "curl", "Ready")).Should(Equal("PasscodePublished"))
		Eventually(get("shop", "ctp/curl", ".status.nextPasscode")).Should(Equal("curl-two"))
		workload("shop", "curl", "curl", "files")
		url := strings.ReplaceAll(endpoint, "{region}", "in1") + "/v1/connect?partner=e2e"
		call := inPod("shop", "curl", "/usr/bin/curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H", "@/creds/headers", url)
		Expect(call()).To(Equal("200"))
		kubectl("annotate", "ctp", "-n", "shop", "curl", "clevertap.passcode-operator.io/rotate-requested-at=1")
		Eventually(get("shop", "ctp/curl", ".status.activePasscode")).Should(Equal("curl-two"))
		after := value("shop", "curl")()
		Eventually(inPod("shop", "curl", "cat", "/creds/headers")).Should(ContainSubstring(after))
		vendor.Account(clevertap.India, account).Delete("shop/curl-one")
		Expect(call()).To(Equal("200"))
		// The version before does not know files, so a rollback would remove them: see docs/upgrade.md.
		kubectl("delete", "-n", "shop", "ctp/curl", "deployment/curl", "secret/curl")
	})
}

// losesReplicas are the steps in which one of two replicas goes.
func losesReplicas() {
	It("loses its leader in the middle of a rotation, which happens once all the same", func() {
		declare("shop", "second", "  rollout: {auto: true}")
		Eventually(condition("shop", "second", "Ready")).Should(Equal("PasscodePublished"))
		Eventually(get("shop", "ctp/second", ".status.nextPasscode")).Should(Equal("second-two"))
		workload("shop", "second", "second", "env")
		time.Sleep(1100 * time.Millisecond) //nolint:forbidigo // a container's start is known to the second
		pod := leader(system)
		kubectl("annotate", "ctp", "-n", "shop", "second", "clevertap.passcode-operator.io/rotate-requested-at=1")
		kubectl("delete", "pod", "-n", system, pod, "--grace-period=0", "--force")
		Eventually(get("shop", "ctp/second", ".status.lastHandledRotateAt")).Should(Equal("1"))
		Eventually(inEnv("shop", "second")).Should(Equal(value("shop", "second")()))
		Eventually(condition("shop", "second", "RolloutComplete")).Should(Equal("Complete"))
		Expect(get("shop", "ctp/second", ".status.revision")()).To(Equal("2"))
		Expect(get("shop", "deployment/second", ".metadata.generation")()).To(Equal("2"))
		ready(system, "2")
	})

	It("is evicted from its leader's Pod, and the other replica works on", func() {
		pod := leader(system)
		out, err := run(fmt.Sprintf(`{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":%q,"namespace":%q}}`, pod, system),
			"kubectl", "create", "--raw", "/api/v1/namespaces/"+system+"/pods/"+pod+"/eviction", "-f", "-")
		Expect(err).NotTo(HaveOccurred(), out)
		Eventually(func() string { return leader(system) }).ShouldNot(Equal(pod))
		kubectl("annotate", "ctp", "-n", "shop", "marketing", "clevertap.passcode-operator.io/verify-requested-at=1")
		Eventually(get("shop", "ctp/marketing", ".status.lastHandledVerifyAt")).Should(Equal("1"))
		ready(system, "2")
	})
}

// itIsMeasured is the step of Prometheus.
func itIsMeasured() {
	It("shows metrics over TLS, only to those who may read them", func() {
		kubectl("create", "serviceaccount", "-n", "shop", "scraper")
		address := get(system, "pod/"+leader(system), ".status.podIP")
		Expect(scrape(address(), "")).To(Equal("401 Unauthorized"))
		token := kubectl("create", "token", "-n", "shop", "scraper")
		Expect(scrape(address(), token)).To(Equal("403 Forbidden"))
		kubectl("create", "clusterrolebinding", "scraper", "--clusterrole=clevertap-passcode-operator-metrics-reader", "--serviceaccount=shop:scraper")
		Eventually(func() string {
			return scrape(address(),
				token)
		}).Should(ContainSubstring(`clevertap_passcode_status_condition{condition="Ready",name="marketing",namespace="shop",status="True"} 1`))
	})
}

// runbooks is the step of a person who looks at the operator's Pods.
func runbooks() {
	It("shows its Pods, its log and its Lease by the commands of the runbooks", func() {
		pages, err := filepath.Glob(filepath.Join(harness.Root(), "docs", "runbooks", "*.md"))
		Expect(err).NotTo(HaveOccurred())
		var commands int
		for _, page := range pages {
			text, err := os.ReadFile(page)
			Expect(err).NotTo(HaveOccurred())
			for _, block := range regexp.MustCompile("(?ms)^```sh elsewhere=e2e\n(.*?)^```").FindAllStringSubmatch(string(text), -1) {
				for command := range strings.Lines(block[1]) {
					arguments := strings.Fields(strings.ReplaceAll(command, "NAMESPACE", "shop"))
					Expect(arguments[0]).To(Equal("kubectl"), page)
					Expect(kubectl(arguments[1:]...)).NotTo(Or(BeEmpty(), ContainSubstring("No resources found")), command)
					commands++
				}
			}
		}
		Expect(commands).To(BeNumerically(">=", 5))
	})
}

// upgrades are the steps from the manifests to the chart, to the version before, and back.
func upgrades() {
	It("is upgraded from the manifests to the chart, which writes no target", func() {
		before := get("shop", "secret/marketing", ".metadata.resourceVersion")()
		// What has a selector is deleted first, as docs/installation.md says: the chart's carries the release.
		kubectl("delete", "-n", system, "deployment/clevertap-passcode-operator", "service/clevertap-passcode-operator-metrics",
			"poddisruptionbudget/clevertap-passcode-operator", "networkpolicy/clevertap-passcode-operator")
		out, err := run("", "helm", "upgrade", "--install", "clevertap-passcode-operator", chart(), "--namespace", system,
			"--take-ownership", "--wait", "--timeout", "3m", "--set", "clevertap.endpoint="+endpoint)
		Expect(err).NotTo(HaveOccurred(), out)
		ready(system, "2")
		kubectl("annotate", "ctp", "-n", "shop", "marketing", "--overwrite", "clevertap.passcode-operator.io/verify-requested-at=2")
		Eventually(get("shop", "ctp/marketing", ".status.lastHandledVerifyAt")).Should(Equal("2"))
		Expect(get("shop", "secret/marketing", ".metadata.resourceVersion")()).To(Equal(before))
	})

	It("is rolled back to the version before, rotates, and is upgraded again: nothing else comes of that", func() {
		if os.Getenv("PREVIOUS") == "" {
			Skip("NOT RUN: this clone has no history to build the version before from")
		}
		declare("shop", "third", "")
		Eventually(condition("shop", "third", "Ready")).Should(Equal("PasscodePublished"))
		Eventually(get("shop", "ctp/third", ".status.nextPasscode")).Should(Equal("third-two"))
		requests := 100
		helm := func(args ...string) {
			GinkgoHelper()
			requests++
			request := fmt.Sprint(requests)
			before := everythingIn("shop")
			// A request that is made while no leader works is not lost.
			kubectl("annotate", "ctp", "-n", "shop", "third", "--overwrite", "clevertap.passcode-operator.io/verify-requested-at="+request)
			out, err := run("", "helm", append(args, "--namespace", system, "--wait", "--timeout", "3m")...)
			Expect(err).NotTo(HaveOccurred(), out)
			ready(system, "2")
			Eventually(get("shop", "ctp/third", ".status.lastHandledVerifyAt"), time.Minute).Should(Equal(request))
			Expect(everythingIn("shop")).To(Equal(before), "targets, workloads and events")
		}
		release := []string{"clevertap-passcode-operator", chart(), "--reset-then-reuse-values"}
		helm(slices.Concat([]string{"upgrade"}, release, []string{"--set", "image.tag=previous"})...)

		kubectl("annotate", "ctp", "-n", "shop", "third", "clevertap.passcode-operator.io/rotate-requested-at=1")
		Eventually(get("shop", "ctp/third", ".status.activePasscode")).Should(Equal("third-two"))
		Eventually(get("shop", "ctp/third", ".status.passcodes[0].state"), 4*time.Minute).Should(Equal("Retired"))
		helm("rollback", "clevertap-passcode-operator")
		helm(slices.Concat([]string{"upgrade"}, release, []string{"--set", "image.tag=previous"})...)
		helm(slices.Concat([]string{"upgrade"}, release, []string{"--set", "image.tag="})...)
		Expect(get("shop", "ctp/third", ".status.revision")()).To(Equal("2"))
	})
}

// everythingIn is what an upgrade must leave as it is: the versions of Secrets and workloads, and the events of objects.
func everythingIn(namespace string) string {
	GinkgoHelper()
	return kubectl("get", "secrets", "-n", namespace, "-o=jsonpath={range .items[*]}{.metadata.name} {.metadata.resourceVersion}{'\\n'}{end}") +
		kubectl("get", "deployments", "-n", namespace, "-o=jsonpath={range .items[*]}{.metadata.name} {.metadata.generation}{'\\n'}{end}") +
		kubectl("get", "events", "-n", namespace, "--field-selector=involvedObject.kind=CleverTapPasscode", "-o=name")
}

func scrape(address, token string) string {
	GinkgoHelper()
	request, err := http.NewRequest(http.MethodGet, "https://"+address+":8443/metrics", nil)
	Expect(err).NotTo(HaveOccurred())
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // its certificate is its own
	response, err := client.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return response.Status
	}
	var body strings.Builder
	Expect(response.Write(&body)).To(Succeed())
	return body.String()
}

func namespaced() {
	const tenant = "tenant"

	It("is applied to a tenant's namespace, and becomes ready with only Roles", func() {
		kubectl("create", "namespace", "stranger")
		apply(strings.ReplaceAll(overlay(filepath.Join(harness.Root(), "config/namespaced"), tenant), "name: "+system+"\n", "name: "+tenant+"\n"))
		ready(tenant, "2")
	})

	It("publishes in its own namespace and nowhere else", func() {
		declare(tenant, "own", "")
		declare("stranger", "foreign", "")
		Eventually(condition(tenant, "own", "Ready")).Should(Equal("PasscodePublished"))
		Consistently(get("stranger", "ctp/foreign", ".status.observedGeneration"), 5*time.Second).Should(Equal("-1"))
	})

	It("can touch nothing else", func() {
		for _, verb := range []string{"get", "list", "watch", "create", "patch", "delete"} {
			out, _ := run("", "kubectl", "auth", "can-i", verb, "secrets", "-n", "stranger",
				"--as=system:serviceaccount:"+tenant+":clevertap-passcode-operator")
			Expect(out).To(Equal("no"), verb)
		}
		for verb, want := range map[string]string{"get": "yes", "patch": "yes", "delete": "no", "update": "no"} {
			out, _ := run("", "kubectl", "auth", "can-i", verb, "secrets", "-n", tenant, "--as=system:serviceaccount:"+tenant+":clevertap-passcode-operator")
			Expect(out).To(Equal(want), verb)
		}
	})

	It("says which right it lacks on its first lines, and is not ready", func() {
		kubectl("delete", "rolebinding", "-n", tenant, "clevertap-passcode-operator")
		kubectl("rollout", "restart", "-n", tenant, "deployment/clevertap-passcode-operator")
		Eventually(func() string {
			out, _ := run("", "kubectl", "logs", "-n", tenant, "-l", "app.kubernetes.io/name=clevertap-passcode-operator", "--tail=-1", "--prefix")
			return out // or why there is no log yet
		}).Should(MatchRegexp(`cannot (list|watch) resource \\*"secrets`))
		Consistently(get(tenant, "deployment/clevertap-passcode-operator", ".status.updatedReplicas"), 10*time.Second).ShouldNot(BeEmpty())
		Expect(get(tenant, "deployment/clevertap-passcode-operator",
			".status.conditions[?(@.type==\"Progressing\")].reason")()).NotTo(Equal("NewReplicaSetAvailable"))
	})
}
