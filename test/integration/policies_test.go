// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

// applyPolicy applies a sample, for the tests of only one namespace.
func applyPolicy(ctx SpecContext, file, namespace string, accounts map[string]string) {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join(harness.Root(), "config", "samples", "policies", file))
	Expect(err).NotTo(HaveOccurred())
	documents := strings.Split(string(text), "\n---\n")
	policy, binding := &admissionv1.ValidatingAdmissionPolicy{}, &admissionv1.ValidatingAdmissionPolicyBinding{}
	Expect(yaml.UnmarshalStrict([]byte(documents[0]), policy)).To(Succeed())
	Expect(yaml.UnmarshalStrict([]byte(documents[1]), binding)).To(Succeed())
	policy.Name += "-" + namespace
	binding.Name, binding.Spec.PolicyName = policy.Name, policy.Name
	binding.Spec.MatchResources = &admissionv1.MatchResources{NamespaceSelector: &metav1.LabelSelector{
		MatchLabels: map[string]string{corev1.LabelMetadataName: namespace},
	}}
	if binding.Spec.ParamRef != nil {
		binding.Spec.ParamRef.Namespace = namespace
		Expect(kube.Create(ctx,
			&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: binding.Spec.ParamRef.Name, Namespace: namespace}, Data: accounts})).To(Succeed())
	}
	for _, o := range []client.Object{policy, binding} {
		Expect(kube.Create(ctx, o)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(client.IgnoreNotFound(kube.Delete(ctx, o))).To(Succeed()) })
	}
}

var _ = Describe("The sample policies", func() {
	It("bind accounts and regions to namespaces", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		applyPolicy(ctx, "accounts.yaml", namespace, map[string]string{namespace: "TEST-5RW-K78-985Z/in1 OTHER/*", "elsewhere": "THIRD/in1"})
		denied := func(modifiers ...modifier) func() error {
			return func() error { return kube.Create(ctx, valid(namespace, modifiers...), client.DryRunAll) }
		}
		Eventually(denied(account("THIRD")),
			20*time.Second).Should(MatchError(ContainSubstring("account THIRD in in1 is not allowed in namespace " + namespace)))
		Expect(denied(func(o *v1alpha1.CleverTapPasscode) { o.Spec.Region = "eu1" })()).To(MatchError(ContainSubstring("is not allowed")))
		Expect(denied()()).To(Succeed())
		Expect(denied(account("OTHER"), func(o *v1alpha1.CleverTapPasscode) { o.Spec.Region = "eu1" })()).To(Succeed())
	})

	It("reserve spec.rollout for those who may patch workloads", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		applyPolicy(ctx, "rollout.yaml", namespace, nil)
		rule := func(group, resource string, verbs ...string) rbacv1.PolicyRule {
			return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}
		}
		objects := rule(v1alpha1.GroupVersion.Group, "clevertappasscodes", "create", "get", "update")
		grantRole(ctx, namespace, "author", "author", []rbacv1.PolicyRule{objects})
		grantRole(ctx, namespace, "deployer", "deployer", []rbacv1.PolicyRule{objects,
			rule("apps", "deployments", "patch"), rule("apps", "statefulsets", "patch"), rule("apps", "daemonsets", "patch")})
		rollout := func(o *v1alpha1.CleverTapPasscode) { o.Spec.Rollout = &v1alpha1.Rollout{Auto: true} }
		author, deployer := as("author"), as("deployer")

		Eventually(func() error { return author.Create(ctx, valid(namespace, rollout), client.DryRunAll) }, 20*time.Second).
			Should(MatchError(ContainSubstring("only who may patch deployments")))
		Expect(author.Create(ctx, valid(namespace), client.DryRunAll)).To(Succeed())
		Expect(deployer.Create(ctx, valid(namespace, rollout))).To(Succeed())

		object := valid(namespace)
		Expect(author.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
		object.Annotations = map[string]string{v1alpha1.VerifyRequestedAtAnnotation: "now"}
		Expect(author.Update(ctx, object)).To(Succeed(), "a request changes no spec")
		pin("shop-2026-q4")(object)
		Expect(author.Update(ctx, object)).To(MatchError(ContainSubstring("only who may patch deployments")))
	})

	It("allow only an organisation's own annotations on targets", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		applyPolicy(ctx, "target-annotations.yaml", namespace, nil)
		Eventually(func() error {
			return kube.Create(ctx, valid(namespace, targetAnnotation("unheard-of.example.org/copy")), client.DryRunAll)
		}, 20*time.Second).Should(MatchError(ContainSubstring("only keys that begin with example.com/ are allowed")))
		Expect(kube.Create(ctx, valid(namespace, targetLabel("unheard-of.example.org/copy", "x")), client.DryRunAll)).
			To(MatchError(ContainSubstring("spec.target.labels: only keys that begin with example.com/")))
		Expect(kube.Create(ctx, valid(namespace, targetLabel("app.kubernetes.io/name", "shop")), client.DryRunAll)).To(Succeed())
		Expect(kube.Create(ctx, valid(namespace, targetAnnotation("example.com/team")), client.DryRunAll)).To(Succeed())
		Expect(kube.Create(ctx, valid(namespace), client.DryRunAll)).To(Succeed())
	})
})

// as is a client of someone else's.
func as(user string) client.Client {
	GinkgoHelper()
	access := rest.CopyConfig(config)
	access.Impersonate = rest.ImpersonationConfig{UserName: user}
	c, err := client.New(access, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
	return c
}
