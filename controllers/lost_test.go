// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/fingerprint"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/verification"
)

var _ = Describe("A target that is lost, or whose key is", func() {
	It("is verified at its interval while it cannot be written and its source is gone", func() {
		c := newCluster(newObject(), staged("a"))
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		wakes := 0
		c.Verification = verification.New(ctx, verification.Options{Verifier: c, Clock: c.clock, Wake: func(types.NamespacedName) { wakes++ }})
		Expect(c.settle()).To(Succeed())
		c.denied["create marketing"] = forbidden("secrets", "marketing")
		Expect(c.Delete(ctx, c.secret("marketing"))).To(Succeed())
		Expect(c.Delete(ctx, c.secret("staged"))).To(Succeed())
		c.clock.Step(11 * time.Second)
		before, woken := c.calls, wakes
		for range 50 {
			_, _ = c.pass()
		}
		c.quiet()
		Expect(c.calls-before).To(BeNumerically("<", 3), "calls to CleverTap in no time, %d wakes", wakes-woken)
	})

	It("stays whole after the key and a source were lost", func() {
		c := newCluster(newObject(listing("a", "b")), staged("a", "b"))
		Expect(c.settle()).To(Succeed())
		Expect(string(c.secret("marketing").Data["passcode"])).To(Equal("VALUE-a"))
		s := c.secret("staged")
		delete(s.Data, "a")
		Expect(c.Update(context.Background(), s)).To(Succeed())
		Expect(c.settle()).To(Succeed())
		Expect(string(c.secret("marketing").Data["passcode"])).To(Equal("VALUE-a"))
		other := make([]byte, 32)
		other[0] = 1
		c.restartWith(other)
		Expect(c.settle()).To(Succeed())
		Expect(string(c.secret("marketing").Data["passcode"])).To(Equal("VALUE-a"))
	})
})

var _ = Describe("A target that was written for another object of its name", func() {
	It("is not written by a process that has yet to see the present object", func() {
		c := newCluster(newObject(), staged("a"))
		Expect(c.settle()).To(Succeed())
		written := c.secret("marketing")
		written.Annotations[v1alpha1.RecordAnnotation] = strings.Replace(written.Annotations[v1alpha1.RecordAnnotation], string(c.object().UID), "another", 1)
		Expect(c.Update(context.Background(), written)).To(Succeed())
		version := c.secret("marketing").ResourceVersion

		present := c.APIReader
		c.APIReader = newCluster(newObject(listing("a", "b")), staged("a", "b")).WithWatch // which has another one
		for range 3 {
			_, err := c.pass()
			Expect(err).NotTo(HaveOccurred())
		}
		Expect(c.secret("marketing").ResourceVersion).To(Equal(version))

		c.APIReader = present
		Expect(c.settle()).To(Succeed())
		Expect(c.secret("marketing").Annotations[v1alpha1.RecordAnnotation]).To(ContainSubstring(string(c.object().UID)))
	})
})

// restartWith is a new process of the operator, with another fingerprint key.
func (c *cluster) restartWith(key []byte) {
	c.Key = fingerprint.NewKey(key)
	c.states = newStates()
	c.Verification = verification.New(context.Background(), verification.Options{Verifier: c, Clock: c.clock, Wake: c.Wake})
}
