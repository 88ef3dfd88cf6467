// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

// cluster is a real API server that helm installs into.
type cluster struct {
	*testing.T
	client.Client
	kubeconfig string
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	g := NewWithT(t)
	plane, err := harness.Start("")
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { g.Expect(plane.Stop()).To(Succeed()) })
	kube, err := harness.Client(plane.Config())
	g.Expect(err).NotTo(HaveOccurred())
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	g.Expect(os.WriteFile(kubeconfig, plane.Kubeconfig(), 0o600)).To(Succeed())
	crd := &unstructured.Unstructured{}
	crd.SetAPIVersion("apiextensions.k8s.io/v1")
	crd.SetKind("CustomResourceDefinition")
	crd.SetName("clevertappasscodes.clevertap.passcode-operator.io")
	g.Expect(kube.Delete(t.Context(), crd)).To(Succeed()) // which the harness has installed
	g.Eventually(func() error { return kube.Get(t.Context(), client.ObjectKeyFromObject(crd), crd) }).ShouldNot(Succeed())
	g.Expect(kube.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})).To(Succeed())
	return &cluster{T: t, Client: kube, kubeconfig: kubeconfig}
}

func (c *cluster) helm(args ...string) (string, error) {
	c.Helper()
	return run("HELM", append(args, "--kubeconfig", c.kubeconfig, "--namespace", namespace)...)
}

func (c *cluster) install(name string, args ...string) (string, error) {
	c.Helper()
	return c.helm(append([]string{"install", name, "charts/clevertap-passcode-operator"}, args...)...)
}

// applied are the shipped manifests, as kubectl apply --server-side sends them.
func (c *cluster) applied(folder string) {
	c.Helper()
	for name, object := range kustomized(c.T, folder) {
		applyErr := c.Patch(context.Background(), object, client.Apply, client.FieldOwner("kubectl")) //nolint:staticcheck // the objects have no Go types
		NewWithT(c.T).Expect(applyErr).NotTo(HaveOccurred(), name)
	}
}

// A CRD that was kept belongs to the release that was uninstalled.
func TestAKeptCRDGoesToAnotherReleaseWithTakeOwnership(t *testing.T) {
	g, c := NewWithT(t), newCluster(t)
	out, err := c.install("one")
	g.Expect(err).NotTo(HaveOccurred(), out)
	out, err = c.helm("uninstall", "one")
	g.Expect(err).NotTo(HaveOccurred(), out)
	out, err = c.install("two")
	g.Expect(err).To(HaveOccurred())
	g.Expect(out).To(ContainSubstring("invalid ownership metadata"))
	out, err = c.install("two", "--take-ownership")
	g.Expect(err).NotTo(HaveOccurred(), out)
}

func TestFromTheChartToManifests(t *testing.T) {
	g, c := NewWithT(t), newCluster(t)
	out, err := c.install(release)
	g.Expect(err).NotTo(HaveOccurred(), out)
	out, err = c.helm("uninstall", release)
	g.Expect(err).NotTo(HaveOccurred(), out)
	c.applied("default")
}

// The chart's selectors carry the instance, and a Deployment's selector is immutable: what the manifests made and has one
// is deleted first. docs/installation.md has this as one command.
func TestFromManifestsToTheChart(t *testing.T) {
	g, c := NewWithT(t), newCluster(t)
	c.applied("default")
	meta := metav1.ObjectMeta{Namespace: namespace, Name: release}
	for _, object := range []client.Object{
		&appsv1.Deployment{ObjectMeta: meta}, &policyv1.PodDisruptionBudget{ObjectMeta: meta}, &networkingv1.NetworkPolicy{ObjectMeta: meta},
		&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: release + "-metrics"}},
	} {
		g.Expect(c.Delete(t.Context(), object)).To(Succeed())
	}
	out, err := c.install(release, "--take-ownership")
	g.Expect(err).NotTo(HaveOccurred(), out)
}

// Two releases are two shards; the second does not bring the CRD.
func TestTwoReleasesInOneCluster(t *testing.T) {
	g, c := NewWithT(t), newCluster(t)
	out, err := c.install("one", "--set", "watchLabelSelector=shard=one")
	g.Expect(err).NotTo(HaveOccurred(), out)
	out, err = c.install("two", "--set", "watchLabelSelector=shard=two,crds.enabled=false")
	g.Expect(err).NotTo(HaveOccurred(), out)
	g.Expect(out).NotTo(ContainSubstring("has no CRD"))
}
