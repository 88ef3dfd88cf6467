// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

var _ = Describe("A passcode that several objects have active", func() {
	sharer := func(name, message string) *v1alpha1.CleverTapPasscode {
		return newObject(func(o *v1alpha1.CleverTapPasscode) {
			o.Name = name
			o.Status.Passcodes = []v1alpha1.PasscodeStatus{{Name: "a", State: v1alpha1.StateActive, Fingerprint: "F", Message: message}}
		})
	}
	woken := func(c *cluster, joins ...client.Object) int {
		queue := priorityqueue.New[reconcile.Request]("test")
		for _, o := range joins { // the informer has them all before its handlers run
			before := o.DeepCopyObject().(*v1alpha1.CleverTapPasscode)
			before.Status = v1alpha1.CleverTapPasscodeStatus{}
			c.sharedValueEvents().Update(context.Background(), event.TypedUpdateEvent[client.Object]{ObjectOld: before, ObjectNew: o}, queue)
		}
		return queue.Len()
	}
	It("wakes the first one when others join at once", func() {
		var joins []client.Object
		for i := range 3 {
			joins = append(joins, sharer(fmt.Sprint("join-", i), ""))
		}
		Expect(woken(newCluster(sharer("marketing", ""), joins...), joins...)).To(Equal(4))
	})
	It("wakes none of many whose message stays", func() {
		const many = "several other CleverTapPasscodes have it active, see kubectl"
		var joins []client.Object
		for i := range 5 {
			joins = append(joins, sharer(fmt.Sprint("join-", i), many))
		}
		Expect(woken(newCluster(sharer("marketing", many), joins...), joins[0])).To(BeZero())
	})
	It("is reported while the source of the other is lost, whose target still has it", func() {
		other := newObject(func(o *v1alpha1.CleverTapPasscode) {
			o.Name, o.UID = "orders", "uid-2"
			o.Spec.Passcodes[0].SecretKeyRef.Name = "staged-2"
		})
		source := staged("a")
		source.Name = "staged-2"
		c := newCluster(newObject(), other, staged("a"), source)
		settleOrders := func() {
			for range 8 {
				c.quiet()
				_, err := c.Reconcile(context.Background(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(other)})
				Expect(err).NotTo(HaveOccurred())
			}
		}
		Expect(c.settle()).To(Succeed())
		settleOrders()
		Expect(c.settle()).To(Succeed())
		Expect(c.object().Status.Passcodes[0].Message).To(ContainSubstring(`also the active passcode of CleverTapPasscode "orders"`))
		Expect(c.Delete(context.Background(), source)).To(Succeed())
		c.clock.Step(10 * time.Second)
		settleOrders()
		c.clock.Step(2 * time.Second)
		Expect(c.settle()).To(Succeed())
		Expect(c.object().Status.Passcodes[0].Message).To(ContainSubstring(`also the active passcode of CleverTapPasscode "orders"`))
	})
})
