// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

var _ = Describe("A source", func() {
	var c *cluster
	BeforeEach(func(ctx SpecContext) {
		c = newCluster(ctx)
		c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
	})
	unlabelled := func(s *corev1.Secret) { s.Labels = nil }

	DescribeTable("that can't be used is reported, and once it is fixed everything goes on",
		func(ctx SpecContext, why string, before func(SpecContext), fix func(SpecContext)) {
			before(ctx)
			c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start)})
			c.clockPasses(10 * time.Second)
			Eventually(c.status(ctx)).Should(And(WithTransform(reason("Ready"), Equal(why)), WithTransform(reason("SourcesReady"), Equal(why))))
			Eventually(c.events(ctx)).Should(Equal([]string{"Warning " + why}))
			fix(ctx)
			Eventually(c.secret(ctx, "marketing"), 2*time.Second).Should(WithTransform(passcodeIn, Equal("AAA-AAA-AAAA")))
			Eventually(c.status(ctx)).Should(WithTransform(reason("SourcesReady"), Equal("Found")))
		},
		Entry("missing", "SourceNotFound",
			func(SpecContext) {},
			func(ctx SpecContext) { c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"}) }),
		Entry("not labelled", "SourceNotLabelled",
			func(ctx SpecContext) { c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"}, unlabelled) },
			func(ctx SpecContext) { c.stage(ctx, "staged", nil) }),
		Entry("without the key", "KeyNotFound",
			func(ctx SpecContext) { c.stage(ctx, "staged", map[string]string{"q3": "AAA-AAA-AAAA"}) },
			func(ctx SpecContext) { c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"}) }),
		Entry("malformed", "PasscodeMalformed",
			func(ctx SpecContext) { c.stage(ctx, "staged", map[string]string{"q4": "AAA AAA"}) },
			func(ctx SpecContext) { c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"}) }),
	)

	It("that comes right after its object makes no noise", func(ctx SpecContext) {
		c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start)})
		c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"})
		Eventually(c.events(ctx)).Should(Equal([]string{"Normal PasscodePublished"}))
		c.settled()
		Expect(c.events(ctx)()).To(Equal([]string{"Normal PasscodePublished"}))
	})
})

var _ = Describe("A target", func() {
	foreign := func(namespace string) *corev1.Secret {
		return &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: "marketing", Namespace: namespace},
			StringData: map[string]string{"precious": "data"},
		}
	}

	DescribeTable("that is someone else's is never written, and once it is gone everything goes on",
		func(ctx SpecContext, modify func(*corev1.Secret)) {
			c := newCluster(ctx)
			secret := foreign(c.namespace)
			modify(secret)
			Expect(kube.Create(ctx, secret)).To(Succeed())
			c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
			c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"})
			c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start)})
			Eventually(c.status(ctx)).Should(And(WithTransform(reason("Ready"), Equal("TargetConflict")),
				WithTransform(reason("Stalled"), Equal("TargetConflict"))))
			Eventually(c.events(ctx)).Should(Equal([]string{"Warning TargetConflict"}))
			Expect(c.secret(ctx, "marketing")()).To(And(HaveField("ResourceVersion", secret.ResourceVersion), HaveField("Data", HaveKey("precious"))))

			Expect(kube.Delete(ctx, secret)).To(Succeed())
			c.clockPasses(10 * time.Second)
			Eventually(c.secret(ctx, "marketing")).Should(WithTransform(passcodeIn, Equal("AAA-AAA-AAAA")))
			Eventually(c.status(ctx)).Should(WithTransform(reason("Ready"), Equal("PasscodePublished")))
		},
		Entry("unlabelled", func(*corev1.Secret) {}),
		Entry("a source", func(s *corev1.Secret) { s.Labels = map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleSource} }),
		Entry("another object's", func(s *corev1.Secret) {
			s.Labels = map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleTarget, v1alpha1.ManagedByLabel: v1alpha1.ManagedBy}
			s.Annotations = map[string]string{v1alpha1.OwnerAnnotation: "another"}
		}),
		Entry("immutable", func(s *corev1.Secret) {
			s.Labels = map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleTarget, v1alpha1.ManagedByLabel: v1alpha1.ManagedBy}
			s.Annotations = map[string]string{v1alpha1.OwnerAnnotation: "marketing"}
			s.Immutable = new(true)
		}),
		Entry("of another type", func(s *corev1.Secret) {
			s.Labels = map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleTarget, v1alpha1.ManagedByLabel: v1alpha1.ManagedBy}
			s.Annotations = map[string]string{v1alpha1.OwnerAnnotation: "marketing"}
			s.Type = "example.com/other"
		}),
	)

	DescribeTable("that is changed by someone else is put back within a second, without a verification",
		func(ctx SpecContext, modify func(*corev1.Secret)) {
			c := published(ctx)
			calls := len(c.vendor.Calls())
			secret := c.secret(ctx, "marketing")()
			before := secret.DeepCopy()
			modify(secret)
			Expect(kube.Update(ctx, secret)).To(Succeed())
			Eventually(c.secret(ctx, "marketing"), time.Second, 10*time.Millisecond).Should(And(
				HaveField("Data", before.Data), HaveField("Labels", before.Labels),
				HaveField("Annotations", HaveKeyWithValue(v1alpha1.RevisionAnnotation, "1"))))
			c.settled()
			Expect(c.vendor.Calls()).To(HaveLen(calls))
		},
		Entry("another passcode", func(s *corev1.Secret) { s.Data["passcode"] = []byte("EDI-TED-EDIT") }),
		Entry("an empty passcode", func(s *corev1.Secret) { s.Data["passcode"] = nil }),
		Entry("a newline more", func(s *corev1.Secret) { s.Data["passcode"] = append(s.Data["passcode"], '\n') }),
		Entry("no region", func(s *corev1.Secret) { delete(s.Data, "region") }),
		Entry("another endpoint", func(s *corev1.Secret) { s.Data["endpoint"] = []byte("https://evil.example.com") }),
		Entry("another account", func(s *corev1.Secret) { s.Data["accountId"] = []byte("OTHER") }),
		Entry("a key too many", func(s *corev1.Secret) { s.Data["extra"] = []byte("x") }),
		Entry("no data", func(s *corev1.Secret) { s.Data = nil }),
		Entry("another revision", func(s *corev1.Secret) { s.Annotations[v1alpha1.RevisionAnnotation] = "7" }),
		Entry("no record", func(s *corev1.Secret) { delete(s.Annotations, v1alpha1.RecordAnnotation) }),
	)

	It("that is deleted is put back within a second, without a verification", func(ctx SpecContext) {
		c := published(ctx)
		calls := len(c.vendor.Calls())
		Expect(kube.Delete(ctx, c.secret(ctx, "marketing")())).To(Succeed())
		Eventually(c.secret(ctx, "marketing"), time.Second, 10*time.Millisecond).Should(WithTransform(passcodeIn, Equal("AAA-AAA-AAAA")))
		Eventually(c.events(ctx)).Should(ContainElement("Normal TargetRestored"))
		Expect(c.secret(ctx, "marketing")().Annotations).To(HaveKeyWithValue(v1alpha1.RevisionAnnotation, "1"))
		Expect(c.vendor.Calls()).To(HaveLen(calls))
	})

	It("that is deleted right after it was written is put back", func(ctx SpecContext) {
		c := published(ctx)
		for range 5 {
			Expect(kube.Delete(ctx, c.secret(ctx, "marketing")())).To(Succeed())
			Eventually(c.secret(ctx, "marketing"), time.Second, time.Millisecond).Should(WithTransform(passcodeIn, Equal("AAA-AAA-AAAA")))
		}
	})

	It("keeps what others put on it", func(ctx SpecContext) {
		c := published(ctx)
		secret := c.secret(ctx, "marketing")()
		secret.Labels["theirs"] = "label"
		secret.Annotations["theirs"] = "annotation"
		Expect(kube.Update(ctx, secret)).To(Succeed())
		c.change(ctx, func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Target = &v1alpha1.Target{Labels: map[string]v1alpha1.LabelValue{"team": "growth"}}
		})
		Eventually(c.secret(ctx, "marketing")).Should(And(
			HaveField("Labels", And(HaveKeyWithValue("theirs", "label"), HaveKeyWithValue("team", "growth"))),
			HaveField("Annotations", HaveKeyWithValue("theirs", "annotation"))))
		c.change(ctx, func(o *v1alpha1.CleverTapPasscode) { o.Spec.Target = nil })
		Eventually(c.secret(ctx, "marketing")).Should(HaveField("Labels", And(HaveKeyWithValue("theirs", "label"), Not(HaveKey("team")))))
	})

	It("is left where the object is deleted, and goes with it where it is owned", func(ctx SpecContext) {
		c := published(ctx)
		c.change(ctx, func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Target = &v1alpha1.Target{DeletionPolicy: v1alpha1.DeletionPolicyDelete}
		})
		Eventually(c.secret(ctx, "marketing")).Should(HaveField("OwnerReferences", HaveLen(1)))
		c.change(ctx, func(o *v1alpha1.CleverTapPasscode) { o.Spec.Target = nil })
		Eventually(c.secret(ctx, "marketing")).Should(HaveField("OwnerReferences", BeEmpty()))
		Expect(kube.Delete(ctx, c.object(ctx))).To(Succeed())
		Consistently(c.secret(ctx, "marketing"), 500*time.Millisecond).Should(WithTransform(passcodeIn, Equal("AAA-AAA-AAAA")))
	})

	It("under new key names has only those", func(ctx SpecContext) {
		c := published(ctx)
		c.change(ctx, func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Target = &v1alpha1.Target{Keys: &v1alpha1.TargetKeys{Passcode: "CLEVERTAP_PASSCODE"}}
		})
		Eventually(c.secret(ctx, "marketing")).Should(HaveField("Data", And(
			HaveLen(4), HaveKeyWithValue("CLEVERTAP_PASSCODE", []byte("AAA-AAA-AAAA")), HaveKey("accountId"))))
		Expect(c.secret(ctx, "marketing")().Annotations).To(HaveKeyWithValue(v1alpha1.RevisionAnnotation, "1"))
	})
})

var _ = Describe("Secrets without the role label", func() {
	It("are never read", func(ctx SpecContext) {
		c := published(ctx)
		requests := len(c.requests.list())
		Expect(kube.Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "other", Namespace: c.namespace}})).To(Succeed())
		var list corev1.SecretList
		Expect(kube.List(ctx, &list, client.InNamespace(c.namespace))).To(Succeed())
		Consistently(func() []string { return c.requests.since(requests) }, time.Second).Should(BeEmpty())
	})
})
