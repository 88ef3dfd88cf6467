// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/operator"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

// tenant is another namespace that one operator works in.
type tenant struct {
	*cluster
	namespace string
}

// twoTenants are a victim, the cluster's own namespace, and an attacker, who may create CleverTapPasscodes and Secrets.
func twoTenants(ctx SpecContext) (victim *cluster, attacker *tenant) {
	GinkgoHelper()
	attacker = &tenant{namespace: newNamespace(ctx)}
	grantRoles(ctx, attacker.namespace, namespacedOperator)
	victim = newCluster(ctx, func(o *operator.Options, _ *rest.Config) { o.Namespaces = append(o.Namespaces, attacker.namespace) })
	attacker.cluster = victim
	return victim, attacker
}

// lists creates an object of the attacker's, whose passcodes are these values.
func (t *tenant) lists(ctx SpecContext, name string, values []string, modifiers ...modifier) {
	GinkgoHelper()
	staged := map[string]string{}
	var entries []v1alpha1.PasscodeEntry
	for i, value := range values {
		key := fmt.Sprint("guess-", i)
		staged[key] = value
		entries = append(entries, v1alpha1.PasscodeEntry{Name: key, SecretKeyRef: v1alpha1.SecretKeyRef{Name: name + "-staged", Key: key}})
	}
	t.stage(ctx, name+"-staged", staged, func(s *corev1.Secret) { s.Namespace = t.namespace })
	object := valid(t.namespace, append(modifiers, func(o *v1alpha1.CleverTapPasscode) { o.Name, o.Spec.Passcodes = name, entries })...)
	Expect(kube.Create(ctx, object)).To(Succeed())
}

func (t *tenant) object(ctx SpecContext, name string) *v1alpha1.CleverTapPasscode {
	GinkgoHelper()
	object := &v1alpha1.CleverTapPasscode{}
	object.Namespace, object.Name = t.namespace, name
	Expect(kube.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
	return object
}

func (t *tenant) status(ctx SpecContext, name string) func() v1alpha1.CleverTapPasscodeStatus {
	return func() v1alpha1.CleverTapPasscodeStatus { return t.object(ctx, name).Status }
}

// reported is all that the attacker reads of an object.
func (t *tenant) reported(ctx SpecContext, name string) string {
	GinkgoHelper()
	text, err := json.Marshal(t.object(ctx, name))
	Expect(err).NotTo(HaveOccurred())
	return string(text)
}

func unverified(o *v1alpha1.CleverTapPasscode) {
	o.Spec.Verification = &v1alpha1.Verification{Mode: v1alpha1.VerificationNone}
}

var _ = Describe("One tenant", func() {
	It("learns nothing about another's passcode by guessing", func(ctx SpecContext) {
		victim, attacker := twoTenants(ctx)
		victim.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		victim.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"})
		victim.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", victim.start)})
		Eventually(victim.status(ctx)).Should(HaveField("ActivePasscode", "q4"))
		calls := len(victim.vendor.Calls())

		for name, guess := range map[string]string{"right": "AAA-AAA-AAAA", "wrong": "WRO-NGW-RONG"} {
			attacker.lists(ctx, name, []string{guess, "another"}, account(accountID), unverified)
			Eventually(attacker.status(ctx, name)).Should(HaveField("ActivePasscode", "guess-0"))
			o := attacker.object(ctx, name)
			pin("guess-1")(o)
			Expect(kube.Update(ctx, o)).To(Succeed())
			Eventually(attacker.status(ctx, name)).Should(And(
				HaveField("ActivePasscode", "guess-1"), WithTransform(stateOf("guess-0"), Equal(v1alpha1.StateRetired))))
			Expect(attacker.reported(ctx, name)).NotTo(ContainSubstring(victim.namespace))
		}
		ignoringNames := strings.NewReplacer("right", "x", "wrong", "x")
		messages := func(name string) (list []string) {
			for _, p := range attacker.object(ctx, name).Status.Passcodes {
				list = append(list, ignoringNames.Replace(p.Message))
			}
			return list
		}
		Eventually(func(g Gomega) { // both have "another", and come to say so one after the other
			g.Expect(messages("right")).To(And(ContainElement(ContainSubstring("also the active passcode")), Equal(messages("wrong"))))
		}).Should(Succeed(), "distinguishes the right guess from the wrong one")
		Expect(victim.vendor.Calls()).To(HaveLen(calls), "mode None calls nobody")
	})

	It("keeps no passcode of another's from being retired, and puts no text into its status", func(ctx SpecContext) {
		victim, attacker := twoTenants(ctx)
		victim.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		victim.account.Passcode("q1", "BBB-BBB-BBBB", 150)
		victim.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA", "q1": "BBB-BBB-BBBB"})
		victim.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", victim.start), lasting("q1", victim.start, 150)})
		Eventually(victim.status(ctx)).Should(HaveField("NextPasscode", "q1"))
		victim.settled()

		forged := target.Record{
			OwnerUID: "x", Revision: 1, Fingerprint: victim.object(ctx).Status.Passcodes[0].Fingerprint,
			Keys: target.Keys{AccountID: "accountId", Passcode: "passcode", Region: "region", Endpoint: "endpoint"},
		}
		text := strings.Repeat("FORGED ", 1000)
		Expect(kube.Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
			Name: "forged", Namespace: attacker.namespace,
			Labels:      map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleTarget, v1alpha1.ManagedByLabel: v1alpha1.ManagedBy},
			Annotations: map[string]string{v1alpha1.OwnerAnnotation: text, v1alpha1.RecordAnnotation: forged.Encode()},
		}})).To(Succeed())

		victim.clock.SetTime(victim.start.Add(60 * day))
		Eventually(victim.status(ctx)).Should(And(HaveField("ActivePasscode", "q1"), WithTransform(stateOf("q4"), Equal(v1alpha1.StateRetired))))
		Eventually(victim.events(ctx)).Should(ContainElement("Normal SafeToDelete"))
		status, err := json.Marshal(victim.object(ctx).Status)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(status)).NotTo(ContainSubstring("FORGED"))
	})

	It("delays no other's verification, whatever it requests", func(ctx SpecContext) {
		victim, attacker := twoTenants(ctx)
		victim.vendor.Break(clevertaptest.Hangs)
		for i := range 30 { // half of the region's calls are 8
			attacker.lists(ctx, fmt.Sprint("flood-", i), []string{fmt.Sprint("value-", i)}, account(fmt.Sprint("MADE-UP-", i)))
		}
		Eventually(victim.vendor.Calls).Should(HaveLen(8))
		victim.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		victim.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"})
		victim.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", victim.start)})
		Eventually(victim.vendor.Calls).Should(HaveLen(9))
		Expect(victim.vendor.Calls()[8]).To(HaveField("AccountID", accountID), "has not had its turn")
		victim.vendor.Break(nil)
	})

	It("has no call made for it once its objects are gone", func(ctx SpecContext) {
		victim, attacker := twoTenants(ctx)
		victim.vendor.Break(clevertaptest.Hangs)
		for i := range 20 {
			attacker.lists(ctx, fmt.Sprint("flood-", i), []string{fmt.Sprint("value-", i)}, account(fmt.Sprint("MADE-UP-", i)))
		}
		Eventually(victim.vendor.Calls).Should(HaveLen(8))
		Expect(kube.DeleteAllOf(ctx, &v1alpha1.CleverTapPasscode{}, client.InNamespace(attacker.namespace))).To(Succeed())
		victim.settled()
		victim.vendor.Break(nil)
		Consistently(victim.vendor.Calls, time.Second).Should(HaveLen(8))
	})

	It("is not let down by a namespace that is gone", func(ctx SpecContext) {
		gone := "gone-" + fmt.Sprint(GinkgoRandomSeed(), GinkgoParallelProcess())
		gone = strings.ReplaceAll(gone, " ", "-")
		c := newCluster(ctx, func(o *operator.Options, access *rest.Config) {
			access.Impersonate = rest.ImpersonationConfig{} // a list under a ClusterRole says nothing of a namespace
			o.Namespaces = append(o.Namespaces, gone)
		})
		worksIn(ctx, c, c.namespace)
		Expect(c.watched()).To(ConsistOf(gone+" 0", c.namespace+" 1"))
		Expect(kube.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: gone}})).To(Succeed())
		c.clock.Step(time.Minute)
		worksIn(ctx, c, gone)
		Expect(c.watched()).To(ConsistOf(gone+" 1", c.namespace+" 1"))
	})

	It("is not let down by a namespace without a Role", func(ctx SpecContext) {
		bare := newNamespace(ctx)
		c := newCluster(ctx, func(o *operator.Options, _ *rest.Config) { o.Namespaces = []string{bare, " " + o.Namespaces[0] + " "} })
		worksIn(ctx, c, c.namespace)
		Expect(c.watched()).To(ConsistOf(bare+" 0", c.namespace+" 1"))
		grantRoles(ctx, bare, namespacedOperator)
		c.clock.Step(time.Minute)
		worksIn(ctx, c, bare)
		Expect(c.watched()).To(ConsistOf(bare+" 1", c.namespace+" 1"))
	})

	It("is not let down by a Role that is taken away, which is seen, and so is its return", func(ctx SpecContext) {
		victim, attacker := twoTenants(ctx)
		worksIn(ctx, victim, attacker.namespace)
		rules := []rbacv1.PolicyRule{}
		changeRole(ctx, attacker.namespace, "operator", func(had []rbacv1.PolicyRule) []rbacv1.PolicyRule {
			rules = had
			return nil
		})
		victim.clock.Step(time.Hour) // what is due there is forbidden
		Eventually(victim.watched).Should(ContainElement(attacker.namespace + " 0"))
		worksIn(ctx, victim, victim.namespace)
		changeRole(ctx, attacker.namespace, "operator", func([]rbacv1.PolicyRule) []rbacv1.PolicyRule { return rules })
		Eventually(func() []string {
			victim.clock.Step(time.Minute)
			return victim.watched()
		}).Should(ConsistOf(attacker.namespace+" 1", victim.namespace+" 1"))
	})
})

// worksIn has an object published in a namespace.
func worksIn(ctx SpecContext, c *cluster, namespace string) {
	GinkgoHelper()
	c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
	c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"}, func(s *corev1.Secret) { s.Namespace = namespace })
	object := valid(namespace, account(accountID), func(o *v1alpha1.CleverTapPasscode) {
		o.Spec.Passcodes = []v1alpha1.PasscodeEntry{entry("q4", c.start)}
		o.Spec.Verification = &v1alpha1.Verification{Interval: ptr.To[v1alpha1.Duration]("1h")}
	})
	Expect(kube.Create(ctx, object)).To(Succeed())
	Eventually(func() string {
		Expect(kube.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
		return object.Status.ActivePasscode
	}, 10*time.Second).Should(Equal("q4"))
}

// watched is the metric, as "namespace value".
func (c *cluster) watched() []string {
	GinkgoHelper()
	families, err := c.registry.Gather()
	Expect(err).NotTo(HaveOccurred())
	var all []string
	for _, family := range families {
		if family.GetName() != "clevertap_passcode_namespace_watched" {
			continue
		}
		for _, metric := range family.GetMetric() {
			all = append(all, metric.GetLabel()[0].GetValue()+" "+number(metric))
		}
	}
	slices.Sort(all)
	return all
}
