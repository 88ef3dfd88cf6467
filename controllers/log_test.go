// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

var _ = Describe("The log", func() {
	It("has a line for each thing that happens to an object, and no value at any verbosity", func() {
		c := newCluster(newObject(listing("a", "b")), staged("a", "b"))
		Expect(c.settle()).To(Succeed())
		c.clock.SetTime(created.Add(60*day + time.Minute)) // a's rotation time
		Expect(c.settle()).To(Succeed())
		c.request(v1alpha1.RotateRequestedAtAnnotation, "2026-12-01T09:00:00Z")
		Expect(c.settle()).To(Succeed())
		c.change(targetNamed("new"))
		Expect(c.settle()).To(Succeed())

		Expect(c.logged).To(HaveExactElements(
			`"level"=0 "msg"="Published \"a\" in Secret \"marketing\", revision 1" "event"="PasscodePublished" "passcode"="a" "revision"=1 "reason"="Initial"`,
			`"level"=0 "msg"="Published \"b\" in Secret \"marketing\", revision 2: Scheduled, in place of \"a\"" "event"="Rotated" "passcode"="b" "revision"=2 "reason"="Scheduled"`,
			And(ContainSubstring(`"event"="NoSuccessor"`), ContainSubstring("kubectl clevertap stage")),
			And(ContainSubstring(`"event"="SafeToDelete"`), ContainSubstring(`"passcode"="a"`)),
			And(ContainSubstring(`"event"="NoSuccessor"`)),
			`"level"=0 "msg"="Handled a request" "annotation"="clevertap.passcode-operator.io/rotate-requested-at" "value"="2026-12-01T09:00:00Z"`,
			And(ContainSubstring(`"event"="TargetReleased"`), ContainSubstring("kubectl delete secret -n shop marketing")),
		))
		for _, line := range c.logged {
			Expect(line).NotTo(ContainSubstring("VALUE-"))
			for _, s := range c.object().Status.Passcodes {
				Expect(strings.Contains(line, s.Fingerprint)).To(BeFalse())
			}
		}
	})
})

// request sets an annotation that requests something.
func (c *cluster) request(annotation, value string) {
	GinkgoHelper()
	object := c.object()
	object.Annotations = map[string]string{annotation: value}
	Expect(c.Update(GinkgoT().Context(), object)).To(Succeed())
}
