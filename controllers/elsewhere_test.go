// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

var _ = Describe("What others use", func() {
	for _, name := range []string{"marketing-2", "a-target"} {
		It("of two former targets the newer one counts, named "+name, func() {
			c := newCluster(newObject(listing("a", "b")), staged("a", "b"))
			Expect(c.settle()).To(Succeed()) // a in marketing, revision 1
			c.denied["patch marketing"] = forbidden("secrets", "marketing")
			c.change(targetNamed(name))
			_ = c.settle()
			object := c.object()
			object.Annotations = map[string]string{v1alpha1.RotateRequestedAtAnnotation: "1"}
			Expect(c.Update(context.Background(), object)).To(Succeed())
			_ = c.settle() // b in the second, revision 2
			Expect(c.object().Status).To(And(HaveField("ActivePasscode", "b"), HaveField("Revision", BeEquivalentTo(2))))
			c.change(targetNamed("third"))
			_ = c.settle()
			Expect(c.secret("third").Data).To(HaveKeyWithValue("passcode", []byte("VALUE-b")), "an older value came back: status says %s revision %d",
				c.object().Status.ActivePasscode, c.object().Status.Revision)
		})
	}
	It("in another namespace learns nothing", func() {
		object := newObject(listing("a", "b"))
		c := newCluster(object, staged("a", "b"))
		Expect(c.settle()).To(Succeed())
		other := c.secret("marketing").DeepCopy()
		other.Namespace, other.Name, other.ResourceVersion, other.UID = "tenant-b", "secret-project", "", ""
		other.Annotations[v1alpha1.OwnerAnnotation] = "secret-project"
		Expect(c.Create(context.Background(), other)).To(Succeed())
		Expect(c.messagesAfterRotation()).NotTo(ContainElement(ContainSubstring("tenant-b")))
	})
	It("in a target that is not whole does not count", func() {
		c := newCluster(newObject(listing("a", "b")), staged("a", "b"))
		Expect(c.settle()).To(Succeed())
		other := c.secret("marketing").DeepCopy()
		other.Name, other.ResourceVersion, other.UID = "other", "", ""
		other.Annotations[v1alpha1.OwnerAnnotation] = "gone-object"
		other.Data["passcode"] = []byte("SOMETHING-ELSE")
		Expect(c.Create(context.Background(), other)).To(Succeed())
		Expect(c.messagesAfterRotation()).NotTo(ContainElement(ContainSubstring("still publishes")))
	})
})

// messagesAfterRotation are those of the entries, once b became active and what uses a was scanned.
func (c *cluster) messagesAfterRotation() (messages []string) {
	GinkgoHelper()
	c.clock.SetTime(created.Add(60*day + time.Minute))
	Expect(c.settle()).To(Succeed())
	c.clock.Step(10 * time.Minute)
	Expect(c.settle()).To(Succeed())
	for _, p := range c.object().Status.Passcodes {
		messages = append(messages, p.Message)
	}
	return messages
}
