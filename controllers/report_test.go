// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
)

// slowPods answers lists of Pods once the gate is open.
type slowPods struct {
	client.Reader
	gate chan struct{}
}

func (s slowPods) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	if _, isPods := list.(*corev1.PodList); isPods {
		<-s.gate
	}
	return s.Reader.List(ctx, list, options...)
}

var _ = Describe("The report that waits for a scan", func() {
	// requested requests a rotation, and lets passes be made that no scan ends in.
	requested := func(c *cluster, request string) {
		GinkgoHelper()
		c.request(v1alpha1.RotateRequestedAtAnnotation, request)
		for range 10 {
			Eventually(c.Verification.Busy).Should(BeFalse()) // the scan is not waited for
			_, err := c.Reconcile(context.Background(), ctrl.Request{NamespacedName: marketing})
			Expect(err).NotTo(HaveOccurred())
		}
	}
	It("loses neither of two rotations within the second", func(ctx SpecContext) {
		c := newCluster(newObject(listing("a", "b", "c")), staged("a", "b", "c"))
		Expect(c.settle()).To(Succeed())
		gate := make(chan struct{})
		c.scanner = consumers.NewScanner(ctx, slowPods{c.WithWatch, gate}, c.clock, c.wakeAfterScan)
		c.clock.Step(time.Hour)
		requested(c, "1")
		Expect(c.secret("marketing").Annotations).To(HaveKeyWithValue(v1alpha1.PasscodeAnnotation, "b"))
		c.clock.Step(200 * time.Millisecond)
		requested(c, "2")
		Expect(c.secret("marketing").Annotations).To(HaveKeyWithValue(v1alpha1.PasscodeAnnotation, "c"))
		close(gate)
		Expect(c.settle()).To(Succeed())
		Expect(c.object().Status.History).To(HaveExactElements(HaveField("Passcode", "c"), HaveField("Passcode", "b"), HaveField("Passcode", "a")))
		Expect(c.reasons()).To(ConsistOf("PasscodePublished", "Rotated", "Rotated", "SafeToDelete", "SafeToDelete", "NoSuccessor"))
	})
	It("keeps nothing from being published if the status cannot be written", func(ctx SpecContext) {
		c := newCluster(newObject(listing("a", "b", "c")), staged("a", "b", "c"))
		Expect(c.settle()).To(Succeed())
		c.denied["status marketing"] = forbidden("clevertappasscodes", "marketing")
		c.clock.Step(time.Hour)
		for _, request := range []string{"1", "2"} {
			c.request(v1alpha1.RotateRequestedAtAnnotation, request)
			_ = c.settle()
		}
		Expect(c.secret("marketing").Annotations).To(HaveKeyWithValue(v1alpha1.PasscodeAnnotation, "c"))
	})
})
