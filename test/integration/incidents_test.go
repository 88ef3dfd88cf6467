// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/operator"
)

// The incidents of an on-call night. Each is seen in kubectl get, one message names the cause, the object at fault and
// the remedy, and once it is fixed everything goes on without a restart.
var _ = DescribeTable("An incident", func(ctx SpecContext, i incident) {
	c := newCluster(ctx, i.adapt(ctx)...)
	c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
	if i.before != nil {
		i.before(ctx, c)
	} else {
		c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"})
	}
	c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start)})
	if i.happens != nil {
		Eventually(c.status(ctx)).Should(WithTransform(reason("Ready"), Equal("PasscodePublished")))
		i.happens(ctx, c)
	}
	// Passcodes are verified at times; a clock that stands still would never come to them.
	Eventually(func(g Gomega) {
		c.clock.Step(10 * time.Minute)
		found := c.status(ctx)()
		g.Expect(reason(i.condition)(found)).To(Equal(i.reason))
	}, 10*time.Second, 200*time.Millisecond).Should(Succeed())
	for _, word := range i.says {
		Eventually(func() string { return c.message(ctx, i.condition) }).Should(ContainSubstring(word))
	}
	if i.event != "" {
		Eventually(c.events(ctx)).Should(ContainElement("Warning " + i.event))
	}
	i.fixed(ctx, c)
	Eventually(func(g Gomega) {
		c.clock.Step(10 * time.Minute)
		g.Expect(reason("Ready")(c.status(ctx)())).To(Equal("PasscodePublished"))
		g.Expect(reason("Stalled")(c.status(ctx)())).To(Equal("absent"))
		g.Expect(reason("Reconciling")(c.status(ctx)())).To(Equal("absent"))
	}, 10*time.Second, 200*time.Millisecond).Should(Succeed())
},
	Entry("a source that is missing", incident{
		before:    func(SpecContext, *cluster) {},
		condition: "Ready", reason: "SourceNotFound", event: "SourceNotFound",
		says:  []string{`"q4"`, `Secret "staged" does not exist`, "with the label clevertap.passcode-operator.io/role=source"},
		fixed: staging("AAA-AAA-AAAA"),
	}),
	Entry("a source without the label", incident{
		before: func(ctx SpecContext, c *cluster) {
			c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"}, func(s *corev1.Secret) { s.Labels = nil })
		},
		condition: "Ready", reason: "SourceNotLabelled", event: "SourceNotLabelled",
		says:  []string{`Secret "staged" has no label that allows reading it`, "kubectl label secret -n test-"},
		fixed: staging("AAA-AAA-AAAA"),
	}),
	Entry("a source without the key", incident{
		before:    func(ctx SpecContext, c *cluster) { c.stage(ctx, "staged", map[string]string{"q3": "AAA-AAA-AAAA"}) },
		condition: "Ready", reason: "KeyNotFound", event: "KeyNotFound",
		says:  []string{`Secret "staged" has no key "q4"`},
		fixed: staging("AAA-AAA-AAAA"),
	}),
	Entry("a malformed value", incident{
		before:    staging("AAA AAA AAAA"),
		condition: "Stalled", reason: "PasscodeMalformed", event: "PasscodeMalformed",
		says:  []string{`key "q4" in Secret "staged" contains white space`, "1 to 128 printable ASCII characters"},
		fixed: staging("AAA-AAA-AAAA"),
	}),
	Entry("a mistyped passcode", incident{
		before:    staging("AAA-AAA-AAAB"),
		condition: "Stalled", reason: "PasscodeRejected", event: "PasscodeRejected",
		says:  []string{"CleverTap rejects every entry", "check accountID, region", "Settings > Passcodes on https://in1.dashboard.clevertap.com"},
		fixed: staging("AAA-AAA-AAAA"),
	}),
	Entry("the wrong region", incident{
		happens: func(ctx SpecContext, c *cluster) {
			c.change(ctx, func(o *v1alpha1.CleverTapPasscode) { o.Spec.Region = "eu1" })
		},
		condition: "Ready", reason: "PasscodePublished",
		says: []string{"belongs to account TEST-5RW-K78-985Z in in1; the spec requires account TEST-5RW-K78-985Z in eu1, and CleverTap accepts no entry"},
		fixed: func(ctx SpecContext, c *cluster) {
			c.change(ctx, func(o *v1alpha1.CleverTapPasscode) { o.Spec.Region = "in1" })
		},
	}),
	Entry("a passcode that has expired", incident{
		happens:   func(_ SpecContext, c *cluster) { c.clock.SetTime(c.start.Add(90 * day)) },
		condition: "Stalled", reason: "Expired", event: "Expired",
		says: []string{`"q4" expired at`, "Settings > Passcodes on https://in1.dashboard.clevertap.com", "the condition SuccessorReady has the command"},
		fixed: func(ctx SpecContext, c *cluster) {
			c.account.Passcode("q1", "BBB-BBB-BBBB", 90)
			staging("BBB-BBB-BBBB")(ctx, c)
		},
	}),
	Entry("a passcode that was deleted on the dashboard", incident{
		happens:   func(_ SpecContext, c *cluster) { c.account.Delete("q4") },
		condition: "Stalled", reason: "PasscodeRejected", event: "PasscodeRejected",
		says: []string{`CleverTap rejects "q4", the active passcode (`, "days before its declared expiry"},
		fixed: func(ctx SpecContext, c *cluster) {
			c.account.Passcode("q1", "BBB-BBB-BBBB", 90)
			staging("BBB-BBB-BBBB")(ctx, c)
		},
	}),
	Entry("user passcodes that an admin enforced", incident{
		happens:   func(_ SpecContext, c *cluster) { c.account.EnforceUserPasscodes(true) },
		condition: "Stalled", reason: "PasscodeRejected", event: "PasscodeRejected",
		says:  []string{"whether an admin enforces user passcodes"},
		fixed: func(_ SpecContext, c *cluster) { c.account.EnforceUserPasscodes(false) },
	}),
	Entry("a CleverTap that is down from the start", incident{
		before: func(ctx SpecContext, c *cluster) {
			c.vendor.Break(clevertaptest.Responds(503, ""))
			staging("AAA-AAA-AAAA")(ctx, c)
		},
		condition: "Ready", reason: "VerificationUnavailable", event: "VerificationUnavailable",
		says:  []string{`"q4" could not be verified`, "HTTP 503", "The operator tries again"},
		fixed: func(_ SpecContext, c *cluster) { c.vendor.Break(nil) },
	}),
	Entry("a CleverTap that is down for hours", incident{
		happens: func(_ SpecContext, c *cluster) {
			c.vendor.Break(clevertaptest.Responds(503, ""))
			c.clockPasses(time.Hour)
			c.clockPasses(time.Hour)
		},
		condition: "Verified", reason: "Unavailable", event: "VerificationUnavailable",
		says:  []string{"HTTP 503", "The active passcode stays"},
		fixed: func(_ SpecContext, c *cluster) { c.vendor.Break(nil) },
	}),
	Entry("too many calls of the account", incident{
		happens: func(_ SpecContext, c *cluster) {
			c.vendor.Break(clevertaptest.Responds(429, ""))
			c.clockPasses(time.Hour)
			c.clockPasses(time.Hour)
		},
		condition: "Verified", reason: "RateLimited", event: "VerificationUnavailable",
		says:  []string{"HTTP 429"},
		fixed: func(_ SpecContext, c *cluster) { c.vendor.Break(nil) },
	}),
	Entry("a foreign target", incident{
		before: func(ctx SpecContext, c *cluster) {
			staging("AAA-AAA-AAAA")(ctx, c)
			Expect(kube.Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "marketing", Namespace: c.namespace}})).To(Succeed())
		},
		condition: "Stalled", reason: "TargetConflict", event: "TargetConflict",
		says: []string{`Secret "marketing" does not belong to this object`, "spec.target.name", "kubectl delete secret -n test-"},
		fixed: func(ctx SpecContext, c *cluster) {
			Expect(kube.Delete(ctx, c.secret(ctx, "marketing")())).To(Succeed())
		},
	}),
	Entry("another object's target", incident{
		before: func(ctx SpecContext, c *cluster) {
			staging("AAA-AAA-AAAA")(ctx, c)
			Expect(kube.Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
				Name: "marketing", Namespace: c.namespace,
				Labels:      map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleTarget, v1alpha1.ManagedByLabel: v1alpha1.ManagedBy},
				Annotations: map[string]string{v1alpha1.OwnerAnnotation: "another"},
			}})).To(Succeed())
		},
		condition: "Stalled", reason: "TargetConflict", event: "TargetConflict",
		says: []string{`the target of CleverTapPasscode "another"`, "clevertap.passcode-operator.io/owner=marketing --overwrite"},
		fixed: func(ctx SpecContext, c *cluster) {
			Expect(kube.Delete(ctx, c.secret(ctx, "marketing")())).To(Succeed())
		},
	}),
	Entry("a right that the operator lacks", incident{
		without:   "create",
		condition: "Reconciling", reason: "TargetNotWritten",
		says: []string{`Secret "marketing" could not be written`, "Action required: allow the operator's service account to create and patch Secrets in namespace test-"},
		fixed: func(ctx SpecContext, c *cluster) {
			changeRole(ctx, c.namespace, "operator", func(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
				return append(rules, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"create"}})
			})
		},
	}),
)

type incident struct {
	without   string // a verb on Secrets that the operator lacks
	before    func(SpecContext, *cluster)
	happens   func(SpecContext, *cluster)
	condition string
	reason    string
	event     string
	says      []string
	fixed     func(SpecContext, *cluster)
}

func (i incident) adapt(ctx SpecContext) []func(*operator.Options, *rest.Config) {
	if i.without == "" {
		return nil
	}
	return []func(*operator.Options, *rest.Config){func(o *operator.Options, _ *rest.Config) {
		// The key Secret must be there: it can't be made either.
		Expect(kube.Create(ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: "clevertap-passcode-operator-fingerprint-key", Namespace: o.OperatorNamespace},
			Data:       map[string][]byte{"key": make([]byte, 32)},
		})).To(Succeed())
		changeRole(ctx, o.OperatorNamespace, "operator", func(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
			return without(rules, "secrets", i.without)
		})
		changeRole(ctx, o.OperatorNamespace, "operator-self", func(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
			return without(rules, "secrets", i.without)
		})
	}}
}

func staging(value string) func(SpecContext, *cluster) {
	return func(ctx SpecContext, c *cluster) { c.stage(ctx, "staged", map[string]string{"q4": value}) }
}
