/*
Copyright 2026 The CleverTap Passcode Operator Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package integration

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

var _ = Describe("The main job", func() {
	It("publishes, warns and rotates, in as few requests as can be", func(ctx SpecContext) {
		c := newCluster(ctx)
		c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		c.account.Passcode("q1", "BBB-BBB-BBBB", 150)
		c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA\n", "q1": "BBB-BBB-BBBB"})
		c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start), entry("q1", c.start.Add(60*day))})

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
			WithTransform(stateOf("q4"), Equal(v1alpha1.StateRetiring)),
		))
		c.settled()
		Expect(c.requests.since(requests)).To(ConsistOf(
			"PATCH secrets", "PATCH clevertappasscodes/status", "POST events", "POST events"))
		Expect(c.events(ctx)()).To(Equal([]string{"Normal PasscodePublished", "Normal Rotated", "Warning NoSuccessor"}))
	})
})
