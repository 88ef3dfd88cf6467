// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

func targetNamed(name string) func(*v1alpha1.CleverTapPasscodeSpec) {
	return func(s *v1alpha1.CleverTapPasscodeSpec) { s.Target = &v1alpha1.Target{Name: name} }
}

func targetLabelled(s *v1alpha1.CleverTapPasscodeSpec) {
	s.Target = &v1alpha1.Target{Labels: map[string]v1alpha1.LabelValue{"team": "growth"}}
}

// 22. One effect that fails stops no other.
var _ = Describe("Effects", func() {
	It("go on when the former target cannot be marked", func() {
		c := newCluster(newObject(listing("a", "b")), staged("a", "b"))
		Expect(c.settle()).To(Succeed())
		c.change(targetNamed("new"))
		c.denied["patch marketing"] = forbidden("secrets", "marketing")
		Expect(c.settle()).To(MatchError(ContainSubstring("marking Secret shop/marketing as released")))
		Expect(c.condition("Reconciling")).To(And(HaveField("Reason", "EffectFailed"), HaveField("Message", ContainSubstring(`Secret "marketing"`))))

		c.clock.SetTime(created.Add(60*day + time.Minute)) // a's rotation time
		calls := c.calls
		Expect(c.settle()).NotTo(Succeed())
		Expect(c.calls).To(BeNumerically(">", calls), "CleverTap is not called")
		Expect(c.secret("new").Data).To(HaveKeyWithValue("passcode", []byte("VALUE-b")))
		Expect(c.object().Status).To(And(HaveField("ActivePasscode", "b"), HaveField("Revision", BeEquivalentTo(2))))
		Expect(c.condition("Verified")).To(HaveField("Reason", "Accepted"))

		c.denied = nil
		Expect(c.settle()).To(Succeed())
		Expect(c.secret("marketing").Annotations).To(HaveKey(v1alpha1.ReleasedAtAnnotation))
		Expect(c.condition("Reconciling").Reason).To(BeEmpty())
		Expect(c.reasons()).To(ContainElement("TargetReleased"))
	})

	It("go on when the target's label cannot be written", func() {
		c := newCluster(newObject(listing("a", "b")), staged("a", "b"))
		Expect(c.settle()).To(Succeed())
		c.change(targetLabelled)
		c.denied["patch marketing"] = forbidden("secrets", "marketing")
		for range 3 {
			c.clock.Step(3 * time.Hour)
			Expect(c.settle()).To(MatchError(ContainSubstring("changing Secret shop/marketing")))
		}
		Expect(c.condition("Verified")).To(HaveField("Reason", "Accepted"))
		Expect(c.condition("Reconciling")).To(HaveField("Reason", "TargetNotWritten"))
		Expect(c.condition("Ready")).To(HaveField("Reason", "PasscodePublished"))
		Expect(c.reasons()).To(ConsistOf("PasscodePublished"))
	})

	It("of a restart that is denied keep nothing else back", func() {
		c := newCluster(newObject(listing("a", "b"), autoRestarts), append(api(created), staged("a", "b"))...)
		Expect(c.settle()).To(Succeed())
		c.denied["patch api"] = forbidden("deployments", "api")
		c.clock.SetTime(created.Add(60*day + time.Minute))
		Expect(c.settle()).To(MatchError(ContainSubstring("restarting Deployment shop/api")))
		Expect(c.secret("marketing").Data).To(HaveKeyWithValue("passcode", []byte("VALUE-b")))
		Expect(c.condition("RolloutComplete")).To(HaveField("Reason", "Failed"))
		Expect(c.condition("Reconciling")).To(And(HaveField("Reason", "EffectFailed"), HaveField("Message", ContainSubstring(`Deployment "api"`))))
		c.denied = nil
		c.clock.Step(time.Minute)
		Expect(c.settle()).To(Succeed())
		Expect(c.reasons()).To(ContainElement("RolloutRestarted"))
		Expect(c.condition("Reconciling").Reason).To(BeEmpty())
	})

	It("are reported once the status stands, though its first write was a conflict", func() {
		c := newCluster(newObject(), staged("a"))
		Expect(c.settle()).To(Succeed())
		c.change(targetNamed("new"))
		c.denied["status marketing"] = conflict("clevertappasscodes", "marketing")
		Expect(c.settle()).To(Succeed())
		Expect(c.secret("marketing").Annotations).To(HaveKey(v1alpha1.ReleasedAtAnnotation))
		c.denied = nil
		Expect(c.settle()).To(Succeed())
		Expect(c.reasons()).To(ConsistOf("PasscodePublished", "TargetReleased"))
	})

	It("that take long are reported as of the moment they were decided at", func() {
		c := newCluster(newObject(), staged("a"))
		c.lateReply = 30 * time.Second
		Expect(c.settle()).To(MatchError(ContainSubstring("creating Secret shop/marketing")))
		record, err := target.ParseRecord(c.secret("marketing").Annotations[v1alpha1.RecordAnnotation])
		Expect(err).NotTo(HaveOccurred())
		Expect(c.object().Status.Passcodes[0].FirstSeenAt.UTC()).To(Equal(record.FirstSeenAt))
		Expect(record.FirstSeenAt).To(Equal(created.Add(day)))
	})

	It("and the status that both fail are both returned", func() {
		c := newCluster(newObject(), staged("a"))
		Expect(c.settle()).To(Succeed())
		c.change(targetLabelled)
		c.denied["patch marketing"] = forbidden("secrets", "marketing")
		c.denied["status marketing"] = forbidden("clevertappasscodes", "marketing")
		_, err := c.pass()
		Expect(err).To(MatchError(And(ContainSubstring("changing Secret"), ContainSubstring("writing the status"))))
	})
})
