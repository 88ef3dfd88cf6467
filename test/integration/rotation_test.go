// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"fmt"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
)

var _ = Describe("The main job", func() {
	It("publishes, warns and rotates, in as few requests as can be", func(ctx SpecContext) {
		c := newCluster(ctx)
		c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		c.account.Passcode("q1", "BBB-BBB-BBBB", 150)
		c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA\n", "q1": "BBB-BBB-BBBB"})
		c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start), lasting("q1", c.start, 150)})

		By("publishing the first one")
		Eventually(c.secret(ctx, "marketing")).WithContext(ctx).Should(HaveField("StringData", BeNil()))
		Eventually(c.secret(ctx, "marketing")).Should(WithTransform(passcodeIn, Equal("AAA-AAA-AAAA")))
		secret := c.secret(ctx, "marketing")()
		Expect(secret.Data).To(Equal(map[string][]byte{
			"accountId": []byte(accountID), "passcode": []byte("AAA-AAA-AAAA"),
			"region": []byte("in1"), "endpoint": []byte("https://in1.api.clevertap.com"),
		}))
		Expect(secret.Labels).To(HaveKeyWithValue(v1alpha1.RoleLabel, v1alpha1.RoleTarget))
		Expect(secret.Labels).To(HaveKeyWithValue(v1alpha1.ManagedByLabel, v1alpha1.ManagedBy))
		Expect(secret.Annotations).To(HaveKeyWithValue(v1alpha1.OwnerAnnotation, "marketing"))
		Expect(secret.Annotations).To(HaveKeyWithValue(v1alpha1.PasscodeAnnotation, "q4"))
		Expect(secret.Annotations).To(HaveKeyWithValue(v1alpha1.RevisionAnnotation, "1"))
		Expect(secret.Annotations).To(HaveKeyWithValue(v1alpha1.ExpiresAtAnnotation, c.start.Add(90*day).UTC().Format(time.RFC3339)))
		Eventually(c.status(ctx)).Should(And(
			HaveField("Phase", v1alpha1.PhaseActive), HaveField("ActivePasscode", "q4"), HaveField("NextPasscode", "q1"),
			HaveField("Revision", BeEquivalentTo(1)), WithTransform(reason("Ready"), Equal("PasscodePublished")),
		))
		Eventually(c.events(ctx)).Should(Equal([]string{"Normal PasscodePublished"}))

		By("rotating 30 days before its end")
		c.settled()
		requests := len(c.requests.list())
		c.clock.SetTime(c.start.Add(60 * day))
		Eventually(c.secret(ctx, "marketing")).Should(WithTransform(passcodeIn, Equal("BBB-BBB-BBBB")))
		Eventually(c.status(ctx)).Should(And(
			HaveField("ActivePasscode", "q1"), HaveField("Revision", BeEquivalentTo(2)),
			WithTransform(stateOf("q4"), Equal(v1alpha1.StateRetired)),
		))
		c.settled()
		Expect(c.requests.since(requests)).To(ConsistOf(
			"PATCH secrets", "GET pods", "PATCH clevertappasscodes/status", // one status for the rotation and what it leaves behind
			"POST events", "POST events", "POST events"))
		Expect(c.events(ctx)()).To(Equal([]string{"Normal PasscodePublished", "Normal Rotated", "Normal SafeToDelete", "Warning NoSuccessor"}))
	})

	It("waits for its window, and rotates in its first second", func(ctx SpecContext) {
		c := newCluster(ctx)
		c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		c.account.Passcode("q1", "BBB-BBB-BBBB", 150)
		c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA", "q1": "BBB-BBB-BBBB"})
		due := c.start.Add(60 * day)
		opens := due.UTC().Truncate(day).Add(day + 2*time.Hour) // the next 02:00 in 60 days, tomorrow's at the latest
		c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start), lasting("q1", c.start, 150)},
			windows(window(fmt.Sprintf("0 2 %d %d *", opens.Day(), opens.Month()), "4h", "")))
		Eventually(c.status(ctx)).Should(And(HaveField("NextPasscode", "q1"), HaveField("NextRotationTime.Time", BeTemporally("==", opens))))
		c.settled()
		c.clock.SetTime(due.Add(time.Minute))
		c.settled()
		c.clock.SetTime(opens.Add(-time.Second))
		c.settled()
		Expect(c.secret(ctx, "marketing")()).To(WithTransform(passcodeIn, Equal("AAA-AAA-AAAA")))
		c.clock.SetTime(opens)
		Eventually(c.secret(ctx, "marketing")).Should(WithTransform(passcodeIn, Equal("BBB-BBB-BBBB")))
		Eventually(c.status(ctx)).Should(HaveField("History", ContainElement(And(
			HaveField("Reason", v1alpha1.RotationScheduled), HaveField("Time.Time", BeTemporally("==", opens))))))
	})

	It("requests nothing in 15 s of 20 settled objects, and writes nothing after a restart", func(ctx SpecContext) {
		c := newCluster(ctx)
		c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		c.account.Passcode("q1", "BBB-BBB-BBBB", 90)
		c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA", "q1": "BBB-BBB-BBBB"})
		list := []v1alpha1.PasscodeEntry{entry("q4", c.start), entry("q1", c.start)}
		c.declare(ctx, list)
		for i := range 19 {
			c.declare(ctx, list, func(o *v1alpha1.CleverTapPasscode) { o.Name = fmt.Sprint("object-", i) })
		}
		for i := range 19 {
			Eventually(func() v1alpha1.CleverTapPasscodeStatus { return c.named(ctx, fmt.Sprint("object-", i)).Status }).
				Should(WithTransform(reason("SuccessorReady"), Equal("Staged")))
		}
		Eventually(c.status(ctx)).Should(WithTransform(reason("SuccessorReady"), Equal("Staged")))
		Expect(c.vendor.Calls()).To(HaveLen(2), "one result serves all objects of the value")
		c.settled()
		secret, object := c.secret(ctx, "marketing")(), c.object(ctx)
		requests, calls := len(c.requests.list()), len(c.vendor.Calls())

		Consistently(func() []string { return c.requests.since(requests) }, 15*time.Second, time.Second).Should(BeEmpty())
		c.restartOperator()
		Eventually(c.requests.list).ShouldNot(BeEmpty())
		Consistently(func() []string { return slices.DeleteFunc(c.requests.list(), isRead) }, 3*time.Second).Should(BeEmpty())
		Expect(c.vendor.Calls()).To(HaveLen(calls))
		Expect(c.secret(ctx, "marketing")().ResourceVersion).To(Equal(secret.ResourceVersion))
		Expect(c.object(ctx).ResourceVersion).To(Equal(object.ResourceVersion))
	})

	It("verifies the active passcode at its interval, which costs one status write", func(ctx SpecContext) {
		c := published(ctx)
		requests, calls := len(c.requests.list()), len(c.vendor.Calls())
		c.clock.Step(time.Hour)
		Eventually(c.vendor.Calls).Should(HaveLen(calls + 1))
		c.settled()
		Expect(c.requests.since(requests)).To(Equal([]string{"PATCH clevertappasscodes/status"}))
	})

	It("keeps a rejected passcode out, and says so", func(ctx SpecContext) {
		c := newCluster(ctx)
		c.account.Passcode("q1", "BBB-BBB-BBBB", 90)
		c.stage(ctx, "staged", map[string]string{"q4": "WRO-NGW-RONG", "q1": "BBB-BBB-BBBB"})
		c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start), entry("q1", c.start)})
		Eventually(c.secret(ctx, "marketing")).Should(WithTransform(passcodeIn, Equal("BBB-BBB-BBBB")))
		Eventually(c.status(ctx)).Should(And(HaveField("ActivePasscode", "q1"), WithTransform(stateOf("q4"), Equal(v1alpha1.StateRejected))))
	})

	It("reads of the expiry, which is verified at once", func(ctx SpecContext) {
		c := published(ctx)
		c.clock.SetTime(c.start.Add(60 * day))
		Eventually(c.status(ctx)).Should(And(HaveField("Phase", v1alpha1.PhaseExpiringSoon), WithTransform(reason("ExpiringSoon"), Equal("WithinWindow"))))
		Eventually(c.events(ctx)).Should(ContainElement("Warning ExpiringSoon"))
		c.clock.SetTime(c.start.Add(90 * day))
		Eventually(c.status(ctx)).Should(And(HaveField("Phase", v1alpha1.PhaseExpired), WithTransform(reason("Ready"), Equal("Expired")),
			WithTransform(reason("Stalled"), Equal("Expired"))))
		Eventually(c.events(ctx)).Should(ContainElement("Warning Expired"))
		Expect(c.secret(ctx, "marketing")()).To(WithTransform(passcodeIn, Equal("AAA-AAA-AAAA")))
	})

	It("stays Ready if CleverTap accepts past the declared expiry", func(ctx SpecContext) {
		c := published(ctx)
		c.account.Edit("q4", time.Time{})
		c.clock.SetTime(c.start.Add(90 * day))
		Eventually(c.events(ctx)).Should(ContainElement("Warning ExpiryMismatch"))
		Expect(c.status(ctx)()).To(WithTransform(reason("Ready"), Equal("PasscodePublished")))
	})

	It("loses nothing while CleverTap is down", func(ctx SpecContext) {
		c := published(ctx)
		secret := c.secret(ctx, "marketing")()
		for _, fault := range []clevertaptest.Fault{
			clevertaptest.Responds(500, ""), clevertaptest.Responds(503, "down"), clevertaptest.Responds(429, "{}"), clevertaptest.Responds(200, ""),
			clevertaptest.Responds(200, "<html>log in</html>"), clevertaptest.Responds(400, `{"status":"fail"}`), clevertaptest.Responds(302, ""),
			clevertaptest.HangsUp,
		} {
			c.vendor.Break(fault)
			calls := len(c.vendor.Calls())
			c.clock.Step(time.Hour)
			Eventually(func() int { return len(c.vendor.Calls()) }).Should(BeNumerically(">", calls))
			c.settled()
		}
		Expect(c.secret(ctx, "marketing")().ResourceVersion).To(Equal(secret.ResourceVersion))
		Eventually(c.status(ctx)).Should(And(WithTransform(reason("Verified"), Equal("Unavailable")),
			WithTransform(reason("Ready"), Equal("PasscodePublished"))))
		Eventually(c.events(ctx)).Should(ContainElement("Warning VerificationUnavailable"))
		c.vendor.Break(nil)
		c.clock.Step(time.Hour)
		Eventually(c.status(ctx)).Should(WithTransform(reason("Verified"), Equal("Accepted")))
	})

	It("waits for a CleverTap that is down, then publishes", func(ctx SpecContext) {
		c := newCluster(ctx)
		c.vendor.Break(clevertaptest.Responds(503, ""))
		c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"})
		c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start)})
		Eventually(c.status(ctx)).Should(And(WithTransform(reason("Ready"), Equal("VerificationUnavailable")), HaveField("Phase", v1alpha1.PhasePending)))
		c.vendor.Break(nil)
		c.clock.Step(time.Second)
		Eventually(c.secret(ctx, "marketing")).Should(WithTransform(passcodeIn, Equal("AAA-AAA-AAAA")))
		Eventually(c.status(ctx)).Should(WithTransform(reason("Ready"), Equal("PasscodePublished")))
	})

	It("follows a user passcode that was reset, within a second", func(ctx SpecContext) {
		c := newCluster(ctx)
		c.account.User("jane@example.com", "AAA-AAA-AAAA", 90)
		c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"})
		c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start)}, user)
		Eventually(c.secret(ctx, "marketing")).Should(WithTransform(passcodeIn, Equal("AAA-AAA-AAAA")))
		c.account.User("jane@example.com", "BBB-BBB-BBBB", 90)
		c.stage(ctx, "staged", map[string]string{"q4": "BBB-BBB-BBBB"})
		Eventually(c.secret(ctx, "marketing"), time.Second, 10*time.Millisecond).Should(WithTransform(passcodeIn, Equal("BBB-BBB-BBBB")))
		Eventually(c.status(ctx)).Should(HaveField("History", HaveEach(HaveField("Passcode", "q4"))))
		Eventually(c.status(ctx)).Should(HaveField("History",
			HaveExactElements(HaveField("Reason", v1alpha1.RotationSourceChanged), HaveField("Reason", v1alpha1.RotationInitial))))
	})
})

// published is a cluster with one passcode of 90 days, q4, published and settled.
func published(ctx SpecContext) *cluster {
	GinkgoHelper()
	c := newCluster(ctx)
	c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
	c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"})
	c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start)})
	Eventually(c.status(ctx)).Should(WithTransform(reason("Ready"), Equal("PasscodePublished")))
	c.settled()
	return c
}

func isRead(request string) bool { return strings.HasPrefix(request, "GET ") }
