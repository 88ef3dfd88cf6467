// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package install compares the two ways of installing: what the chart renders is what kustomize builds.
package install

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/operator"
	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

const (
	namespace = "clevertap-passcode-operator-system"
	// release has the name that the chart gives nothing more to, so that its objects have the names of kustomize's.
	release = "clevertap-passcode-operator"
)

// objects are what a tool renders, by kind, namespace and name.
func objects(t *testing.T, tool string, args ...string) map[string]*unstructured.Unstructured {
	t.Helper()
	g := NewWithT(t)
	out, err := run(tool, args...)
	g.Expect(err).NotTo(HaveOccurred(), out)
	return decoded(t, out)
}

// decoded are the objects of a text, by kind, namespace and name.
func decoded(t *testing.T, out string) map[string]*unstructured.Unstructured {
	t.Helper()
	g := NewWithT(t)
	all := map[string]*unstructured.Unstructured{}
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(out), 4096)
	for {
		o := &unstructured.Unstructured{}
		err := decoder.Decode(o)
		if errors.Is(err, io.EOF) {
			return all
		}
		g.Expect(err).NotTo(HaveOccurred())
		if o.GetKind() != "" && o.GetKind() != "Namespace" { // Helm makes the release's
			all[fmt.Sprintf("%s %s/%s", o.GetKind(), o.GetNamespace(), o.GetName())] = o
		}
	}
}

// run runs the tool that make test built: HELM or KUSTOMIZE.
func run(tool string, args ...string) (string, error) {
	path := os.Getenv(tool)
	if path == "" {
		return tool + " is not set: run make test", errors.New("no tool")
	}
	command := exec.Command(path, args...)
	command.Dir = harness.Root()
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	return out.String(), err
}

// moduleFolder is where a module's files are, downloaded if they are not there. A module that requires a newer Go is an
// error that comes after the download.
func moduleFolder(t *testing.T, module string) string {
	t.Helper()
	_, downloadErr := exec.Command("go", "mod", "download", module).CombinedOutput()
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	folder := filepath.Join(strings.TrimSpace(string(cache)), filepath.FromSlash(module))
	_, err = os.Stat(folder)
	NewWithT(t).Expect(err).NotTo(HaveOccurred(), "%s: %v", module, downloadErr)
	return folder
}

func chart(t *testing.T, args ...string) map[string]*unstructured.Unstructured {
	t.Helper()
	return objects(t, "HELM", append([]string{"template", release, "charts/clevertap-passcode-operator",
		"--namespace", namespace, "--kube-version", "1.37.2"}, args...)...)
}

func kustomized(t *testing.T, folder string) map[string]*unstructured.Unstructured {
	t.Helper()
	return objects(t, "KUSTOMIZE", "build", filepath.Join("config", folder))
}

// normal leaves out what each of the two adds of its own.
func normal(o *unstructured.Unstructured) string {
	o = o.DeepCopy()
	labels := o.GetLabels()
	for _, key := range []string{"helm.sh/chart", "app.kubernetes.io/managed-by", "app.kubernetes.io/instance", "app.kubernetes.io/version"} {
		delete(labels, key)
	}
	o.SetLabels(labels)
	annotations := o.GetAnnotations()
	delete(annotations, "helm.sh/resource-policy")
	o.SetAnnotations(annotations)
	dropInstance(o.Object)
	text, err := json.MarshalIndent(o, "", " ")
	if err != nil {
		panic(err) // it was decoded from JSON
	}
	return string(text)
}

// dropInstance removes the instance from selectors and Pod templates: kustomize's objects have one instance.
func dropInstance(value any) {
	switch v := value.(type) {
	case map[string]any:
		delete(v, "app.kubernetes.io/instance")
		for _, child := range v {
			dropInstance(child)
		}
	case []any:
		for _, child := range v {
			dropInstance(child)
		}
	}
}

func expectSame(t *testing.T, rendered, built map[string]*unstructured.Unstructured) {
	t.Helper()
	g := NewWithT(t)
	g.Expect(names(rendered)).To(Equal(names(built)))
	for name, o := range built {
		g.Expect(normal(rendered[name])).To(Equal(normal(o)), name)
	}
}

func names(objects map[string]*unstructured.Unstructured) []string {
	var list []string
	for name := range objects {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

func TestTheChartIsTheClusterWideInstallation(t *testing.T) {
	expectSame(t, chart(t), kustomized(t, "default"))
}

func TestTheChartWithNamespacesIsTheNamespacedInstallation(t *testing.T) {
	built := kustomized(t, "namespaced")
	// kustomize works in the namespace that it is built for, whatever that is; the chart is given its name.
	deployment := built["Deployment "+namespace+"/clevertap-passcode-operator"]
	container := deployment.Object["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)["containers"].([]any)[0].(map[string]any)
	NewWithT(t).Expect(container["args"].([]any)[1]).To(Equal("--namespaces=$(POD_NAMESPACE)"))
	args := container["args"].([]any)
	args[1] = "--namespaces=" + namespace
	// Its lease is its own by its namespace; the chart's is named as the operator computes it.
	NewWithT(t).Expect(args[3]).To(Equal("--leader-election-id=clevertap-passcode-operator"))
	lease := leaseOf(t, "--set", "watchNamespaces={"+namespace+"}")
	container["args"] = []any{args[0], "--leader-election-id=" + lease, args[1], args[2]}
	for _, rule := range built["Role "+namespace+"/clevertap-passcode-operator-self"].Object["rules"].([]any) {
		if names := rule.(map[string]any)["resourceNames"]; names != nil && names.([]any)[0] == "clevertap-passcode-operator" {
			rule.(map[string]any)["resourceNames"] = []any{lease}
		}
	}
	container["env"] = slices.DeleteFunc(container["env"].([]any), func(e any) bool { return e.(map[string]any)["name"] == "POD_NAMESPACE" })
	expectSame(t, chart(t, "--set", "watchNamespaces={"+namespace+"}"), built)
}

// leaseOf is the lease that the chart names, in its arguments and its Role alike.
func leaseOf(t *testing.T, args ...string) string {
	t.Helper()
	out, err := run("HELM",
		append([]string{"template", release, "charts/clevertap-passcode-operator", "--namespace", namespace, "--kube-version", "1.37.2"}, args...)...)
	NewWithT(t).Expect(err).NotTo(HaveOccurred(), out)
	_, after, found := strings.Cut(out, "--leader-election-id=")
	NewWithT(t).Expect(found).To(BeTrue())
	lease, _, _ := strings.Cut(after, "\"")
	NewWithT(t).Expect(out).To(ContainSubstring("resourceNames:\n  - " + lease + "\n"))
	return lease
}

func TestTheChartNamesTheLeaseThatTheOperatorWould(t *testing.T) {
	for _, row := range []struct{ set, namespaces, selector string }{
		{"watchNamespaces={shop,mall}", "shop,mall", ""},
		{"watchLabelSelector=shard=one", "", "shard=one"},
	} {
		options := operator.Options{WatchLabelSelector: row.selector}
		if row.namespaces != "" {
			options.Namespaces = strings.Split(row.namespaces, ",")
		}
		NewWithT(t).Expect(leaseOf(t, "--set", row.set)).To(Equal(options.DefaultLease()), row.set)
	}
}

// What a component leaves out, the chart leaves out by a value.
func TestTheChartsValuesAndTheComponents(t *testing.T) {
	for component, row := range map[string]struct{ set, object string }{
		"no-rollouts":  {"rbac.rollouts=false", "ClusterRole /clevertap-passcode-operator"},
		"observe-only": {"rbac.observeOnly=true", "ClusterRole /clevertap-passcode-operator"},
		"openshift":    {"openshift.enabled=true", "Deployment " + namespace + "/clevertap-passcode-operator"},
	} {
		t.Run(component, func(t *testing.T) {
			g := NewWithT(t)
			built := withComponent(t, component)[row.object]
			g.Expect(normal(chart(t, "--set", row.set)[row.object])).To(Equal(normal(built)))
			g.Expect(normal(built)).NotTo(Equal(normal(kustomized(t, "default")[row.object])))
		})
	}
}

// withComponent is config/default with a component of config.
func withComponent(t *testing.T, component string) map[string]*unstructured.Unstructured {
	t.Helper()
	return built(t, "default", component, "")
}

// built is a folder of config with a component, in another namespace if one is given.
func built(t *testing.T, base, component, other string) map[string]*unstructured.Unstructured {
	t.Helper()
	name := strings.ReplaceAll(base+"-"+component, "/", "-") + "-test"
	folder := filepath.Join(harness.Root(), "bin", name)
	NewWithT(t).Expect(os.MkdirAll(folder, 0o755)).To(Succeed())
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	kustomization := "resources: [../../config/" + base + "]\ncomponents: [../../config/" + component + "]\n"
	if other != "" {
		kustomization += "namespace: " + other + "\n"
	}
	NewWithT(t).Expect(os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(kustomization), 0o600)).To(Succeed())
	return objects(t, "KUSTOMIZE", "build", "bin/"+name)
}

// A component that finds nothing to patch reports nothing: a permission that it should have removed would stay.
func TestComponentsOnTheNamespacedInstallation(t *testing.T) {
	for component, lacks := range map[string]string{"no-rollouts": `"patch"`, "observe-only": `"pods"`} {
		role := built(t, "namespaced", component, "")["Role "+namespace+"/clevertap-passcode-operator"]
		for _, rule := range role.Object["rules"].([]any) {
			if resources := fmt.Sprint(rule.(map[string]any)["resources"]); component == "no-rollouts" && !strings.Contains(resources, "deployments") {
				continue
			}
			text, err := json.Marshal(rule)
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			NewWithT(t).Expect(string(text)).NotTo(ContainSubstring(lacks), component)
		}
	}
}

func TestComponentsFollowTheNamespace(t *testing.T) {
	for _, component := range []string{"components/argo-rollouts", "components/prometheus"} {
		for name, object := range built(t, "default", component, "other") {
			for _, subject := range subjectsOf(object) {
				NewWithT(t).Expect(subject["namespace"]).To(Equal("other"), name)
			}
		}
	}
}

func subjectsOf(object *unstructured.Unstructured) []map[string]any {
	var list []map[string]any
	subjects, _ := object.Object["subjects"].([]any)
	for _, subject := range subjects {
		list = append(list, subject.(map[string]any))
	}
	return list
}

func TestTheChartHasTheMonitoringOfConfig(t *testing.T) {
	built := kustomized(t, "prometheus")
	maps.Copy(built, kustomized(t, "grafana"))
	rendered := chart(t, "--set", "metrics.prometheusRule.enabled=true,metrics.grafanaDashboard.enabled=true,metrics.serviceMonitor.enabled=true")
	for name := range rendered {
		if built[name] == nil {
			delete(rendered, name)
		}
	}
	expectSame(t, rendered, built)
}

func TestNoClusterRoleIsTheNamespacedOperators(t *testing.T) {
	for name, o := range kustomized(t, "namespaced") {
		if o.GetKind() == "ClusterRoleBinding" {
			t.Error(name)
		}
	}
}
