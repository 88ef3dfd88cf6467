// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package e2e plays the whole story on a real node: the shipped manifests, the operator as a Pod, and Pods that mount
// what it publishes. make e2e runs it.
package e2e

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/clock"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
	"github.com/passcode-operator/clevertap-passcode-operator/test/invariants"
)

const (
	system  = "clevertap-passcode-operator-system"
	account = "TEST-5RW-K78-985Z"
	// nodeAddress is where Pods reach this process.
	nodeAddress = "10.99.0.1"
)

var (
	vendor   *clevertaptest.Server
	endpoint string
)

func TestE2E(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(2 * time.Minute)
	SetDefaultEventuallyPollingInterval(time.Second)
	RunSpecs(t, "E2E")
}

var _ = BeforeSuite(func() {
	vendor = clevertaptest.New(clock.RealClock{})
	server := httptest.NewUnstartedServer(vendor)
	listen(server)
	server.Start()
	endpoint = server.URL + "/{region}"
})

// What a person reads when a step fails.
var _ = AfterEach(func() {
	if !CurrentSpecReport().Failed() {
		return
	}
	const ofOperator = " -l app.kubernetes.io/name=clevertap-passcode-operator"
	commands := []string{"get pods -A -o wide", "get ctp -A -o wide", "get events -A --sort-by=.metadata.creationTimestamp", "describe pods -A" + ofOperator}
	namespaces, _ := run("", "kubectl", strings.Fields("get pods -A -o=jsonpath={.items[*].metadata.namespace}"+ofOperator)...)
	for _, namespace := range slices.Compact(strings.Fields(namespaces)) {
		commands = append(commands, "logs -n "+namespace+ofOperator+" --tail=40 --prefix")
	}
	for _, args := range commands {
		out, _ := run("", "kubectl", strings.Fields(args)...)
		GinkgoWriter.Printf("$ kubectl %s\n%s\n", args, out)
	}
})

// run runs a program of the cluster's version or of make's tools.
func run(input, program string, args ...string) (string, error) {
	path := filepath.Join(os.Getenv("BIN"), program)
	if program != "kubectl" {
		path = filepath.Join(harness.Root(), "bin", "tools", program)
	}
	command := exec.Command(path, args...)
	command.Stdin = strings.NewReader(input)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	return strings.TrimSpace(out.String()), err
}

func kubectl(args ...string) string {
	GinkgoHelper()
	out, err := run("", "kubectl", args...)
	Expect(err).NotTo(HaveOccurred(), "kubectl %s: %s", strings.Join(args, " "), out)
	return out
}

func apply(manifest string) {
	GinkgoHelper()
	out, err := run(manifest, "kubectl", "apply", "--server-side", "-f", "-")
	Expect(err).NotTo(HaveOccurred(), out)
}

// get is kubectl get for Eventually: "" if there is nothing.
func get(namespace, what, path string) func() string {
	return func() string {
		out, err := run("", "kubectl", "get", "-n", namespace, what, "-o=jsonpath={"+path+"}")
		if err != nil {
			return ""
		}
		return out
	}
}

func condition(namespace, name, condition string) func() string {
	return get(namespace, "ctp/"+name, fmt.Sprintf(".status.conditions[?(@.type==%q)].reason", condition))
}

// shipped is a file of the release that run.sh names in a variable; without one, that of this checkout.
func shipped(variable, ofCheckout string) string {
	return cmp.Or(os.Getenv(variable), filepath.Join(harness.Root(), ofCheckout))
}

// overlay builds the shipped manifests with nothing changed but what the operator calls in CleverTap's place, and the
// namespace if one is given.
func overlay(source, namespace string) string {
	GinkgoHelper()
	folder, err := os.MkdirTemp("", "overlay-")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(os.RemoveAll, folder)
	relative, err := filepath.Rel(folder, source)
	Expect(err).NotTo(HaveOccurred())
	text := fmt.Sprintf(`
resources: [%s]
patches:
- target: {kind: Deployment, name: clevertap-passcode-operator}
  patch: '[{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "--clevertap-endpoint=%s"}]'
`, relative, endpoint)
	if namespace != "" {
		text += "namespace: " + namespace + "\n"
	}
	Expect(os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(text), 0o600)).To(Succeed())
	out, err := run("", "kustomize", "build", "--load-restrictor=LoadRestrictionsNone", folder)
	Expect(err).NotTo(HaveOccurred(), out)
	return out
}

// record keeps every state of a namespace from now on, until this process ends.
func record(namespace string) *invariants.History {
	GinkgoHelper()
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	Expect(err).NotTo(HaveOccurred())
	kube, err := harness.Client(config)
	Expect(err).NotTo(HaveOccurred())
	history := invariants.NewHistory(vendor.Calls)
	_, err = harness.Record(kube, namespace, history.Keep)
	Expect(err).NotTo(HaveOccurred())
	return history
}

func ready(namespace string, replicas string) {
	GinkgoHelper()
	Eventually(get(namespace, "deployment/clevertap-passcode-operator", ".status.readyReplicas")).Should(Equal(replicas))
}

// leader is the Pod that has the lease.
func leader(namespace string) string {
	GinkgoHelper()
	var holder string
	Eventually(func() string {
		holder = get(namespace, "lease/clevertap-passcode-operator", ".spec.holderIdentity")()
		return holder
	}).ShouldNot(BeEmpty())
	pod, _, _ := strings.Cut(holder, "_")
	return pod
}

// declare makes an object in a namespace, with two passcodes of the account that CleverTap accepts.
func declare(namespace, name string, more string) {
	GinkgoHelper()
	var values []string
	for _, passcode := range []string{name + "-one", name + "-two", name + "-three"} {
		value, err := vendor.Account(clevertap.India, account).CreatePasscode(namespace+"/"+passcode, 90)
		Expect(err).NotTo(HaveOccurred())
		values = append(values, value)
	}
	apply(fmt.Sprintf(`
apiVersion: v1
kind: Secret
metadata: {name: %[2]s-staged, namespace: %[1]s, labels: {clevertap.passcode-operator.io/role: source}}
stringData: {one: %[4]s, two: %[5]s, three: %[6]s}
---
apiVersion: clevertap.passcode-operator.io/v1alpha1
kind: CleverTapPasscode
metadata: {name: %[2]s, namespace: %[1]s}
spec:
  accountID: %[3]s
  region: in1
  expiry: {days: 90}
  passcodes:
  - {name: %[2]s-one, secretKeyRef: {name: %[2]s-staged, key: one}}
  - {name: %[2]s-two, secretKeyRef: {name: %[2]s-staged, key: two}}
  - {name: %[2]s-three, secretKeyRef: {name: %[2]s-staged, key: three}}
%[7]s`, namespace, name, account, values[0], values[1], values[2], more))
}

// value is what the target contains.
func value(namespace, target string) func() string {
	return func() string {
		out, err := run("", "kubectl", "get", "-n", namespace, "secret", target, "-o=go-template={{.data.passcode | base64decode}}")
		if err != nil {
			return ""
		}
		return out
	}
}

// workload makes a Deployment of one Pod that uses the target as files or in its environment.
func workload(namespace, name, target, how string) {
	GinkgoHelper()
	holds := "volumeMounts: [{name: creds, mountPath: /creds}]"
	volumes := "volumes: [{name: creds, secret: {secretName: " + target + "}}]"
	if how == "env" {
		holds, volumes = "env: [{name: PASSCODE, valueFrom: {secretKeyRef: {name: "+target+", key: passcode}}}]", ""
	}
	apply(fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[2]s, namespace: %[1]s}
spec:
  selector: {matchLabels: {app: %[2]s}}
  template:
    metadata: {labels: {app: %[2]s}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: app
        image: local/app:1
        imagePullPolicy: Never
        %[3]s
      %[4]s
`, namespace, name, holds, volumes))
	Eventually(get(namespace, "deployment/"+name, ".status.readyReplicas")).Should(Equal("1"))
}

// inPod is what a command prints in the one running Pod of a Deployment.
func inPod(namespace, deployment string, command ...string) func() string {
	return func() string {
		out, err := run("", "kubectl", append([]string{"exec", "-n", namespace, "deployment/" + deployment, "--"}, command...)...)
		if err != nil {
			return ""
		}
		return out
	}
}

// inEnv is what the passcode in the environment of the Deployment's Pod is.
func inEnv(namespace, deployment string) func() string {
	return inPod(namespace, deployment, "sh", "-c", "echo $PASSCODE")
}

func podOf(namespace, deployment string) string {
	GinkgoHelper()
	name := kubectl("get", "pods", "-n", namespace, "-l", "app="+deployment, "--field-selector=status.phase=Running", "-o=jsonpath={.items[0].metadata.name}")
	Expect(name).NotTo(BeEmpty())
	return name
}
