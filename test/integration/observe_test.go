// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// externally writes the Secret that workloads mount as External Secrets does: its data, and the labels of its template and
// no others.
func (c *cluster) externally(ctx context.Context, value string, labels map[string]string) {
	GinkgoHelper()
	c.stage(ctx, "marketing", nil, func(s *corev1.Secret) {
		s.Labels, s.Data, s.StringData = labels, nil, map[string]string{"q4": value}
	})
}

func observing(o *v1alpha1.CleverTapPasscode) {
	o.Spec.Mode, o.Spec.Target, o.Spec.Rotation, o.Spec.Rollout = v1alpha1.ModeObserve, nil, nil, nil
}

// observedEntry is the entry whose value is in the Secret of the object's own name.
func observedEntry(at time.Time) v1alpha1.PasscodeEntry {
	e := entry("q4", at)
	e.SecretKeyRef.Name = "marketing"
	return e
}

var _ = Describe("A Secret that External Secrets writes", func() {
	It("is observed, then managed, then observed again, and workloads always have a passcode", func(ctx SpecContext) {
		c := newCluster(ctx)
		c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		role := map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleSource}
		c.externally(ctx, "AAA-AAA-AAAA", map[string]string{"team": "growth"})
		c.declare(ctx, []v1alpha1.PasscodeEntry{observedEntry(c.start)}, observing)

		By("saying that a label set by hand does not last")
		Eventually(c.status(ctx)).Should(WithTransform(reason("Ready"), Equal("SourceNotLabelled")))
		Expect(c.message(ctx, "Ready")).To(And(ContainSubstring("spec.target.template.metadata.labels"), ContainSubstring("kubectl label secret")))

		By("verifying it once the template has the label")
		c.externally(ctx, "AAA-AAA-AAAA", role)
		Eventually(c.status(ctx)).Should(And(WithTransform(reason("Ready"), Equal("PasscodeVerified")), HaveField("ActivePasscode", "q4"),
			HaveField("Phase", v1alpha1.PhaseActive), HaveField("Target", ""), WithTransform(reason("SuccessorReady"), Equal("NoSuccessor"))))
		c.settled()
		for _, request := range c.requests.list() {
			if !strings.HasPrefix(request, "GET ") && !strings.Contains(request, "/secrets") { // the key of fingerprints
				Expect(request).To(Or(MatchRegexp("PATCH .*/clevertappasscodes/marketing/status$"), MatchRegexp("POST .*/events$")))
			}
			Expect(request).NotTo(MatchRegexp("(PATCH|PUT|DELETE) .*/secrets"))
		}

		By("following a value that is changed there")
		c.account.Passcode("q4", "CCC-CCC-CCCC", 90)
		c.externally(ctx, "CCC-CCC-CCCC", role)
		before := c.object(ctx).Status.Passcodes[0].Fingerprint
		Eventually(func() string { return c.object(ctx).Status.Passcodes[0].Fingerprint }).ShouldNot(Equal(before))
		Eventually(c.status(ctx)).Should(WithTransform(reason("Ready"), Equal("PasscodeVerified")))

		By("managing a new target beside it")
		observed := c.secret(ctx, "marketing")()
		c.change(ctx, func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Mode, o.Spec.Target = v1alpha1.ModeManage, &v1alpha1.Target{Name: "clevertap-credentials"}
		})
		Eventually(c.secret(ctx, "clevertap-credentials")).Should(WithTransform(passcodeIn, Equal("CCC-CCC-CCCC")))
		Eventually(c.status(ctx)).Should(And(WithTransform(reason("Ready"), Equal("PasscodePublished")), HaveField("Revision", BeEquivalentTo(1))))
		Expect(c.secret(ctx, "marketing")()).To(Equal(observed), "the observed Secret is left as it is")

		By("observing again")
		target := c.secret(ctx, "clevertap-credentials")()
		c.change(ctx, observing)
		Eventually(c.status(ctx)).Should(And(WithTransform(reason("Ready"), Equal("PasscodeVerified")), HaveField("Target", "")))
		Eventually(c.events(ctx)).Should(ContainElement("Normal TargetReleased"))
		c.settled()
		Expect(c.secret(ctx, "clevertap-credentials")()).To(Equal(target), "the target is left as it is")
	})

	It("reminds until a person acts", func(ctx SpecContext) {
		c := newCluster(ctx)
		c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		c.externally(ctx, "AAA-AAA-AAAA", map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleSource})
		c.declare(ctx, []v1alpha1.PasscodeEntry{observedEntry(c.start)}, observing)
		Eventually(c.status(ctx)).Should(WithTransform(reason("Ready"), Equal("PasscodeVerified")))
		for _, left := range []int{30, 14, 7, 3, 1} {
			c.settled()
			c.clock.SetTime(c.start.Add(time.Duration(90-left) * day))
			Eventually(c.status(ctx)).Should(HaveField("LastReminderDays", BeEquivalentTo(left)))
		}
		Expect(c.object(ctx).Status.Phase).To(Equal(v1alpha1.PhaseExpiringSoon))
	})
})

var _ = Describe("An operator that only observes", func() {
	It("observes with the permissions that it has, and says what an object in mode Manage lacks", func(ctx SpecContext) {
		c := newCluster(ctx)
		Eventually(c.secret(ctx, "clevertap-passcode-operator-fingerprint-key"), 10*time.Second).Should(HaveField("Data", HaveKey("key")))
		changeRole(ctx, c.namespace, "operator", func(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
			for _, verb := range []string{"create", "patch"} {
				rules = without(rules, "secrets", verb)
			}
			for _, resource := range []string{"pods", "deployments"} {
				rules = slices.DeleteFunc(rules, func(r rbacv1.PolicyRule) bool { return slices.Contains(r.Resources, resource) })
			}
			return rules
		})
		// Its own namespace is the object's here; the key of the fingerprints is there already.
		changeRole(ctx, c.namespace, "operator-self", func(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule { return without(rules, "secrets", "create") })
		c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		c.externally(ctx, "AAA-AAA-AAAA", map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleSource})
		c.declare(ctx, []v1alpha1.PasscodeEntry{observedEntry(c.start)}, observing)
		Eventually(c.status(ctx)).Should(WithTransform(reason("Ready"), Equal("PasscodeVerified")))

		c.change(ctx, func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Mode, o.Spec.Target = v1alpha1.ModeManage, &v1alpha1.Target{Name: "clevertap-credentials"}
		})
		Eventually(c.status(ctx)).Should(WithTransform(reason("Reconciling"), Equal("TargetNotWritten")))
		Expect(c.message(ctx, "Reconciling")).To(ContainSubstring("allow the operator's service account to create and patch Secrets"))
	})
})

var _ = Describe("Field selectors", func() {
	It("select by account, region and phase", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		Expect(kube.Create(ctx, valid(namespace))).To(Succeed())
		for selector, count := range map[string]int{
			"spec.accountID=" + accountID: 1, "spec.accountID=OTHER-1": 0, "spec.region=in1": 1, "spec.region=eu1": 0, "status.phase=Active": 0,
		} {
			parsed, err := fields.ParseSelector(selector)
			Expect(err).NotTo(HaveOccurred())
			var list v1alpha1.CleverTapPasscodeList
			Expect(kube.List(ctx, &list, client.InNamespace(namespace), client.MatchingFieldsSelector{Selector: parsed})).To(Succeed())
			Expect(list.Items).To(HaveLen(count), selector)
		}
	})
})
