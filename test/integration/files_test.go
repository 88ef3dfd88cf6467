// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

var _ = Describe("Files of a target", func() {
	It("are written with the other keys, restored, and added and removed without a rotation", func(ctx SpecContext) {
		c := newCluster(ctx)
		c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"})
		env := v1alpha1.TargetFile{Key: "clevertap.env", Format: v1alpha1.FileFormatEnv}
		c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start)}, func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Target = &v1alpha1.Target{Files: []v1alpha1.TargetFile{env}}
		})
		file := func(s *corev1.Secret) string { return string(s.Data["clevertap.env"]) }
		want := "CLEVERTAP_ACCOUNT_ID=" + accountID +
			"\nCLEVERTAP_PASSCODE=AAA-AAA-AAAA\nCLEVERTAP_REGION=in1\nCLEVERTAP_ENDPOINT=https://in1.api.clevertap.com\n"
		Eventually(c.secret(ctx, "marketing")).Should(WithTransform(file, Equal(want)))
		Eventually(c.status(ctx)).Should(WithTransform(reason("Ready"), Equal("PasscodePublished")))

		By("settling, though a file is longer than a passcode")
		c.settled()
		version := c.secret(ctx, "marketing")().ResourceVersion
		c.settled()
		Expect(c.secret(ctx, "marketing")().ResourceVersion).To(Equal(version))

		By("restoring it")
		secret := c.secret(ctx, "marketing")()
		secret.Data["clevertap.env"] = []byte("CLEVERTAP_PASSCODE=other\n")
		Expect(kube.Update(ctx, secret)).To(Succeed())
		Eventually(c.secret(ctx, "marketing")).Should(WithTransform(file, Equal(want)))

		By("replacing it by another one")
		c.change(ctx, func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Target.Files = []v1alpha1.TargetFile{{Key: "clevertap.json", Format: v1alpha1.FileFormatJSON}}
		})
		Eventually(c.secret(ctx, "marketing")).Should(HaveField("Data", And(HaveKey("clevertap.json"), Not(HaveKey("clevertap.env")))))
		Expect(c.object(ctx).Status.Revision).To(BeEquivalentTo(1))
	})
})
