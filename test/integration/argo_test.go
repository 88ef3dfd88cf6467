// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/operator"
)

const argoOperator = "argo-operator"

// Argo's kind comes to the whole cluster, so one test has all of it, in this order.
var _ = Describe("An Argo Rollout", func() {
	It("is reported if the cluster lacks it or the right to it, and restarted if it has both", func(ctx SpecContext) {
		c := newCluster(ctx, func(o *operator.Options, access *rest.Config) {
			grantRole(ctx, o.OperatorNamespace, "argo-objects", argoOperator, shipped("role.yaml"))
			grantRole(ctx, o.OperatorNamespace, "argo-self", argoOperator, shipped("operator_role.yaml"))
			access.Impersonate = rest.ImpersonationConfig{UserName: argoOperator}
		})
		c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		c.account.Passcode("q1", "BBB-BBB-BBBB", 90)
		c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA", "q1": "BBB-BBB-BBBB"})
		c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start), entry("q1", c.start)}, func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Rollout = &v1alpha1.Rollout{Auto: true, Targets: []v1alpha1.RolloutTarget{{Kind: "Rollout", Name: "web"}}}
		})
		Eventually(c.status(ctx)).Should(HaveField("NextPasscode", "q1"))
		c.deploy(ctx, byEnv)
		c.runArgosPod(ctx)
		c.kubeletRuns(ctx)
		c.clock.Step(time.Minute)
		c.requestRotation(ctx, "1")

		By("restarting everything else where the cluster lacks the kind")
		Eventually(c.marked(ctx)).Should(HavePrefix("2@"))
		Eventually(c.status(ctx)).Should(WithTransform(reason("RolloutComplete"), Equal("Failed")))
		Expect(c.message(ctx, "RolloutComplete")).To(ContainSubstring("this cluster has no Argo Rollouts"))
		Expect(reason("Ready")(c.status(ctx)())).To(Equal("PasscodePublished"))

		By("naming the permission that is missing if it has it")
		installArgo(ctx)
		rollout := c.runArgoRollout(ctx)
		c.passes(ctx, func(g Gomega) {
			g.Expect(c.message(ctx, "RolloutComplete")).To(ContainSubstring("argoRollouts.enabled"))
		})

		By("restarting it where the right is granted")
		grantRole(ctx, c.namespace, "argo", argoOperator, shipped("../argo-rollouts/role.yaml"))
		c.passes(ctx, func(g Gomega) {
			g.Expect(kube.Get(ctx, client.ObjectKeyFromObject(rollout), rollout)).To(Succeed())
			g.Expect(rollout.GetAnnotations()).To(HaveKeyWithValue(restartKey, HavePrefix("2@")), c.message(ctx, "RolloutComplete"))
		})
		at, _, _ := unstructured.NestedString(rollout.Object, "spec", "restartAt")
		Expect(rollout.GetAnnotations()[restartKey]).To(Equal("2@" + at))
		Eventually(c.events(ctx)).Should(ContainElement("Normal RolloutRestarted"))

		By("waiting until its status says that it is done")
		Eventually(c.status(ctx)).Should(WithTransform(reason("RolloutComplete"), Equal("InProgress")))
		c.argoRestarts(ctx, rollout, at)
		c.passes(ctx, func(g Gomega) { g.Expect(reason("RolloutComplete")(c.status(ctx)())).To(Equal("Complete")) })
	})
})

// passes lets time go by until the expectations hold.
func (c *cluster) passes(ctx SpecContext, expect func(Gomega)) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		c.clock.Step(time.Minute)
		c.kubeletRuns(ctx)
		expect(g)
	}, 20*time.Second, 300*time.Millisecond).Should(Succeed())
}

// installArgo installs the kind; what it contains is Argo's affair.
func installArgo(ctx SpecContext) {
	GinkgoHelper()
	names := apiextensionsv1.CustomResourceDefinitionNames{Plural: "rollouts", Singular: "rollout", Kind: "Rollout", ListKind: "RolloutList"}
	crd := &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "rollouts.argoproj.io"},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: "argoproj.io", Names: names, Scope: apiextensionsv1.NamespaceScoped,
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: "v1alpha1", Served: true, Storage: true,
				Subresources: &apiextensionsv1.CustomResourceSubresources{Status: &apiextensionsv1.CustomResourceSubresourceStatus{}},
				Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{
					Type: "object", XPreserveUnknownFields: new(true),
				}},
			}},
		},
	}
	_, err := envtest.InstallCRDs(config, envtest.CRDInstallOptions{CRDs: []*apiextensionsv1.CustomResourceDefinition{crd}})
	Expect(err).NotTo(HaveOccurred())
}

// runArgoRollout is the Rollout, healthy as far as Argo's controller has said.
func (c *cluster) runArgoRollout(ctx SpecContext) *unstructured.Unstructured {
	GinkgoHelper()
	rollout := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
		"metadata": map[string]any{"name": "web", "namespace": c.namespace}, "spec": map[string]any{},
	}}
	Expect(kube.Create(ctx, rollout)).To(Succeed())
	rollout.Object["status"] = map[string]any{"phase": "Healthy"}
	Expect(kube.Status().Update(ctx, rollout)).To(Succeed())
	return rollout
}

// runArgosPod makes the ReplicaSet that Argo's controller makes for a Rollout, with one Pod.
func (c *cluster) runArgosPod(ctx SpecContext) {
	GinkgoHelper()
	labels := map[string]string{"app": "web", "rollouts-pod-template-hash": "6d9c5b"}
	Expect(kube.Create(ctx, &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web-6d9c5b", Namespace: c.namespace},
		Spec: appsv1.ReplicaSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: template(byEnv).Spec},
		},
	})).To(Succeed())
	Eventually(func() []corev1.Pod { return c.pods(ctx) }).Should(ContainElement(HaveField("Labels", HaveKeyWithValue("app", "web"))))
}

// argoRestarts is what Argo's controller does: a new Pod for the old one, and then its status.
func (c *cluster) argoRestarts(ctx SpecContext, rollout *unstructured.Unstructured, at string) {
	GinkgoHelper()
	Expect(kube.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(c.namespace), client.MatchingLabels{"app": "web"},
		client.GracePeriodSeconds(0))).To(Succeed())
	Expect(unstructured.SetNestedField(rollout.Object, at, "status", "restartedAt")).To(Succeed())
	Expect(kube.Status().Update(ctx, rollout)).To(Succeed())
}
