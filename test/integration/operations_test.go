// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/operator"
)

func annotating(key, value string) modifier {
	return func(o *v1alpha1.CleverTapPasscode) { metav1.SetMetaDataAnnotation(&o.ObjectMeta, key, value) }
}

// withSuccessor is a cluster with q4 published, q1 and q2 accepted and waiting, all of 90 days, and settled.
func withSuccessor(ctx SpecContext) *cluster {
	GinkgoHelper()
	c := newCluster(ctx)
	for name, value := range map[string]string{"q4": "AAA-AAA-AAAA", "q1": "BBB-BBB-BBBB", "q2": "CCC-CCC-CCCC"} {
		c.account.Passcode(name, value, 90)
	}
	c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA", "q1": "BBB-BBB-BBBB", "q2": "CCC-CCC-CCCC"})
	c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start), entry("q1", c.start), entry("q2", c.start)})
	Eventually(c.status(ctx)).Should(And(HaveField("ActivePasscode", "q4"), HaveField("NextPasscode", "q1"),
		WithTransform(stateOf("q2"), Equal(v1alpha1.StateStaged))))
	c.settled()
	return c
}

var _ = Describe("A person", func() {
	It("requests a rotation, which happens once", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		c.change(ctx, annotating(v1alpha1.RotateRequestedAtAnnotation, "2026-11-24T12:00:00Z"))
		Eventually(c.secret(ctx, "marketing")).Should(WithTransform(passcodeIn, Equal("BBB-BBB-BBBB")))
		Eventually(c.status(ctx)).Should(And(
			HaveField("LastHandledRotateAt", "2026-11-24T12:00:00Z"), HaveField("Revision", BeEquivalentTo(2)),
			HaveField("History", ContainElement(HaveField("Reason", v1alpha1.RotationRequested)))))
		c.settled()

		By("losing the status and the operator's memory")
		c.stop()
		object := c.object(ctx)
		object.Status = v1alpha1.CleverTapPasscodeStatus{ObservedGeneration: -1}
		Expect(kube.Status().Update(ctx, object)).To(Succeed())
		c.restartOperator()
		Eventually(c.status(ctx)).Should(And(HaveField("LastHandledRotateAt", "2026-11-24T12:00:00Z"), HaveField("Revision", BeEquivalentTo(2)),
			HaveField("ActivePasscode", "q1")))
		c.settled()
		Expect(c.secret(ctx, "marketing")().Annotations).To(HaveKeyWithValue(v1alpha1.RevisionAnnotation, "2"))
	})

	It("requests a rotation that can't be, and reads why", func(ctx SpecContext) {
		c := published(ctx)
		c.change(ctx, annotating(v1alpha1.RotateRequestedAtAnnotation, "now"))
		Eventually(c.status(ctx)).Should(HaveField("LastHandledRotateAt", "now"))
		Eventually(c.events(ctx)).Should(ContainElement("Warning NoSuccessor"))
		c.change(ctx, func(o *v1alpha1.CleverTapPasscode) { o.Spec.Suspend = true })
		c.change(ctx, annotating(v1alpha1.RotateRequestedAtAnnotation, "again"))
		Eventually(c.status(ctx)).Should(HaveField("LastHandledRotateAt", "again"))
		Eventually(c.events(ctx)).Should(ContainElement("Warning RequestRefused"))
	})

	It("requests a verification, and every listed value is verified", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		calls := len(c.vendor.Calls())
		c.clock.Step(time.Second)
		c.change(ctx, annotating(v1alpha1.VerifyRequestedAtAnnotation, "now"))
		Eventually(c.status(ctx)).Should(HaveField("LastHandledVerifyAt", "now"))
		Expect(c.vendor.Calls()).To(HaveLen(calls + 3))
		c.settled()
		Expect(c.vendor.Calls()).To(HaveLen(calls + 3))
	})

	It("pins, and lets go", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		c.change(ctx, pin("q2"))
		Eventually(c.secret(ctx, "marketing")).Should(WithTransform(passcodeIn, Equal("CCC-CCC-CCCC")))
		Eventually(c.status(ctx)).Should(And(HaveField("ActivePasscode", "q2"), HaveField("NextPasscode", ""),
			WithTransform(reason("SuccessorReady"), Equal("Staged"))))
		c.change(ctx, pin("q4"))
		Eventually(c.secret(ctx, "marketing")).Should(WithTransform(passcodeIn, Equal("AAA-AAA-AAAA")))
		Eventually(c.status(ctx)).Should(HaveField("History", HaveExactElements(
			HaveField("Reason", v1alpha1.RotationPinned), HaveField("Reason", v1alpha1.RotationPinned), HaveField("Reason", v1alpha1.RotationInitial))))
		c.change(ctx, pin(""))
		Eventually(c.status(ctx)).Should(HaveField("NextPasscode", "q1"))
	})

	It("suspends, and expiry is reported all the same", func(ctx SpecContext) {
		c := published(ctx)
		c.change(ctx, func(o *v1alpha1.CleverTapPasscode) { o.Spec.Suspend = true })
		c.settled()
		calls := len(c.vendor.Calls())
		secret := c.secret(ctx, "marketing")()
		secret.Data["passcode"] = []byte("EDI-TED-EDIT")
		Expect(kube.Update(ctx, secret)).To(Succeed())
		c.clock.SetTime(c.start.Add(90 * day))
		Eventually(c.status(ctx)).Should(HaveField("Phase", v1alpha1.PhaseExpired))
		c.settled()
		Expect(c.vendor.Calls()).To(HaveLen(calls))
		Expect(c.secret(ctx, "marketing")()).To(WithTransform(passcodeIn, Equal("EDI-TED-EDIT")))
		c.change(ctx, func(o *v1alpha1.CleverTapPasscode) { o.Spec.Suspend = false })
		Eventually(c.secret(ctx, "marketing")).Should(WithTransform(passcodeIn, Equal("AAA-AAA-AAAA")))
	})

	It("deletes the active passcode on the dashboard, and a successor becomes active", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		c.account.Delete("q4")
		c.clock.Step(time.Hour)
		Eventually(c.status(ctx)).Should(And(WithTransform(reason("Verified"), Equal("Rejected")),
			WithTransform(reason("Ready"), Equal("PasscodePublished"))))
		c.settled()
		c.clock.Step(30 * time.Second)
		Eventually(c.secret(ctx, "marketing")).Should(WithTransform(passcodeIn, Equal("BBB-BBB-BBBB")))
		Eventually(c.status(ctx)).Should(And(HaveField("ActivePasscode", "q1"),
			HaveField("History", ContainElement(HaveField("Reason", v1alpha1.RotationRejected)))))
		Eventually(c.events(ctx)).Should(ContainElement("Warning Rotated"))
	})

	It("revokes a user's passcode, and reads at which page to create the next", func(ctx SpecContext) {
		c := newCluster(ctx)
		c.account.User("jane@example.com", "AAA-AAA-AAAA", 90)
		c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"})
		c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start)}, user)
		Eventually(c.status(ctx)).Should(WithTransform(reason("Ready"), Equal("PasscodePublished")))
		c.account.Revoke("jane@example.com")
		c.clock.Step(time.Hour)
		Eventually(c.status(ctx)).Should(WithTransform(reason("Verified"), Equal("Rejected")))
		c.clockPasses(30 * time.Second)
		Eventually(c.status(ctx)).Should(And(HaveField("Phase", v1alpha1.PhaseRejected), WithTransform(reason("Ready"), Equal("PasscodeRejected")),
			WithTransform(reason("Stalled"), Equal("PasscodeRejected"))))
		Expect(c.message(ctx, "Ready")).To(And(ContainSubstring("Settings > Users on https://in1.dashboard.clevertap.com"),
			ContainSubstring("89 days before its declared expiry")))
		Eventually(c.events(ctx)).Should(ContainElement("Warning PasscodeRejected"))
		Expect(c.secret(ctx, "marketing")()).To(WithTransform(passcodeIn, Equal("AAA-AAA-AAAA")))
	})

	It("sees nothing move while a proxy rejects everyone, nor when it recovers", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		secret := c.secret(ctx, "marketing")()
		c.vendor.Break(clevertaptest.Responds(403, "<html>no</html>"))
		for range 6 {
			c.clockPasses(time.Hour)
			c.clockPasses(30 * time.Second)
		}
		Eventually(c.status(ctx)).Should(WithTransform(reason("Ready"), Equal("PasscodeRejected")))
		c.vendor.Break(nil)
		for range 3 {
			c.clockPasses(time.Hour)
			c.clockPasses(30 * time.Second)
		}
		Eventually(c.status(ctx)).Should(WithTransform(reason("Ready"), Equal("PasscodePublished")))
		Expect(c.secret(ctx, "marketing")().ResourceVersion).To(Equal(secret.ResourceVersion))
	})

	It("gives the target another name, and the old one is released", func(ctx SpecContext) {
		c := published(ctx)
		calls := len(c.vendor.Calls())
		c.change(ctx, targetName("renamed"))
		Eventually(c.secret(ctx, "renamed")).Should(WithTransform(passcodeIn, Equal("AAA-AAA-AAAA")))
		Eventually(c.secret(ctx, "marketing")).Should(HaveField("Annotations", HaveKey(v1alpha1.ReleasedAtAnnotation)))
		Expect(c.secret(ctx, "marketing")()).To(WithTransform(passcodeIn, Equal("AAA-AAA-AAAA")))
		Eventually(c.events(ctx)).Should(Equal([]string{"Normal PasscodePublished", "Normal TargetReleased"}))
		Eventually(c.status(ctx)).Should(And(HaveField("Target", "renamed"), HaveField("Revision", BeEquivalentTo(1))))

		By("naming the old one again")
		c.account.Passcode("q4b", "BBB-BBB-BBBB", 90)
		c.stage(ctx, "staged", map[string]string{"q4": "BBB-BBB-BBBB"})
		Eventually(c.secret(ctx, "renamed")).Should(WithTransform(passcodeIn, Equal("BBB-BBB-BBBB")))
		c.change(ctx, targetName("marketing"))
		Eventually(c.secret(ctx, "marketing")).Should(And(WithTransform(passcodeIn, Equal("BBB-BBB-BBBB")),
			HaveField("Annotations", Not(HaveKey(v1alpha1.ReleasedAtAnnotation)))))
		Expect(len(c.vendor.Calls())).To(BeNumerically(">", calls))
	})

	It("makes the object again, which takes its retained target back", func(ctx SpecContext) {
		c := published(ctx)
		Expect(kube.Delete(ctx, c.object(ctx))).To(Succeed())
		c.settled()
		c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start)})
		Eventually(c.status(ctx)).Should(And(WithTransform(reason("Ready"), Equal("PasscodePublished")), HaveField("Revision", BeEquivalentTo(1))))
		Eventually(c.secret(ctx, "marketing")).Should(HaveField("Annotations",
			HaveKeyWithValue(v1alpha1.RecordAnnotation, ContainSubstring(string(c.object(ctx).UID)))))
	})

	It("names one target in two objects, and hands it over", func(ctx SpecContext) {
		c := published(ctx)
		other := valid(c.namespace, targetName("marketing"))
		other.Name = "second"
		other.Spec.Passcodes = []v1alpha1.PasscodeEntry{entry("q4", c.start)}
		Expect(kube.Create(ctx, other)).To(Succeed())
		second := func() v1alpha1.CleverTapPasscodeStatus { return c.named(ctx, "second").Status }
		Eventually(second).Should(WithTransform(reason("Ready"), Equal("TargetConflict")))
		Expect(c.status(ctx)()).To(WithTransform(reason("Ready"), Equal("PasscodePublished")))
		secret := c.secret(ctx, "marketing")()
		secret.Annotations[v1alpha1.OwnerAnnotation] = "second"
		Expect(kube.Update(ctx, secret)).To(Succeed())
		Eventually(second).Should(WithTransform(reason("Ready"), Equal("PasscodePublished")))
		Eventually(c.status(ctx)).Should(WithTransform(reason("Ready"), Equal("TargetConflict")))
	})

	It("sets an annotation that would have the passcode copied, which is left out", func(ctx SpecContext) {
		c := published(ctx)
		c.change(ctx, targetAnnotation("replicator.v1.mittwald.de/replicate-to"))
		Eventually(c.status(ctx)).Should(And(WithTransform(reason("Stalled"), Equal("TargetAnnotationForbidden")),
			WithTransform(reason("Ready"), Equal("PasscodePublished"))))
		Eventually(c.events(ctx)).Should(ContainElement("Warning TargetAnnotationForbidden"))
		Expect(c.secret(ctx, "marketing")().Annotations).NotTo(HaveKey("replicator.v1.mittwald.de/replicate-to"))
	})
})

var _ = Describe("An operator", func() {
	It("works in its namespace with only a Role", func(ctx SpecContext) {
		c := published(ctx) // as every test does
		var bindings rbacv1.ClusterRoleBindingList
		Expect(kube.List(ctx, &bindings)).To(Succeed())
		for _, b := range bindings.Items {
			Expect(b.Subjects).NotTo(ContainElement(HaveField("Name", c.user)))
		}
	})

	It("leaves the objects of other shards alone", func(ctx SpecContext) {
		c := newCluster(ctx, func(o *operator.Options, _ *rest.Config) { o.WatchLabelSelector = "shard=one" })
		c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"})
		c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start)}, func(o *v1alpha1.CleverTapPasscode) {
			o.Labels = map[string]string{"shard": "two"}
		})
		Consistently(c.status(ctx), time.Second).Should(HaveField("ObservedGeneration", BeEquivalentTo(-1)))
		DeferCleanup(c.startOperator(func(o *operator.Options, _ *rest.Config) { o.WatchLabelSelector = "shard=two" }))
		Eventually(c.status(ctx)).Should(WithTransform(reason("Ready"), Equal("PasscodePublished")))
	})

	It("follows its leader, and writes nothing when it becomes the leader", func(ctx SpecContext) {
		elect := func(o *operator.Options, _ *rest.Config) { o.LeaderElect, o.LeaderElectionID = true, leaseOfTheRole }
		c := newCluster(ctx, elect)
		c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"})
		c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start)})
		Eventually(c.status(ctx), 10*time.Second).Should(WithTransform(reason("Ready"), Equal("PasscodePublished")))
		DeferCleanup(c.startOperator(elect))
		secret, object := c.secret(ctx, "marketing")(), c.object(ctx)
		calls := len(c.vendor.Calls())
		c.stop()
		c.stage(ctx, "another", map[string]string{"q1": "BBB-BBB-BBBB"})
		c.account.Passcode("q1", "BBB-BBB-BBBB", 90)
		Expect(c.secret(ctx, "marketing")().ResourceVersion).To(Equal(secret.ResourceVersion))
		Expect(c.object(ctx).ResourceVersion).To(Equal(object.ResourceVersion))
		Expect(c.vendor.Calls()).To(HaveLen(calls))
		c.change(ctx, func(o *v1alpha1.CleverTapPasscode) {
			next := entry("q1", c.start)
			next.SecretKeyRef.Name = "another"
			o.Spec.Passcodes = append(o.Spec.Passcodes, next)
		})
		Eventually(c.status(ctx), 20*time.Second).Should(HaveField("NextPasscode", "q1"))
		Expect(c.secret(ctx, "marketing")().ResourceVersion).To(Equal(secret.ResourceVersion))
	})
})
