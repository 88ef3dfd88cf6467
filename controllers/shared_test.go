// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
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
	// orders is another object with a source of its own.
	orders := func() (object *v1alpha1.CleverTapPasscode, source *corev1.Secret) {
		object = newObject(func(o *v1alpha1.CleverTapPasscode) {
			o.Name, o.UID = "orders", "uid-2"
			o.Spec.Passcodes[0].SecretKeyRef.Name = "staged-2"
		})
		source = staged("a")
		source.Name = "staged-2"
		return object, source
	}
	settles := func(c *cluster, other *v1alpha1.CleverTapPasscode) {
		for range 8 {
			c.quiet()
			_, err := c.Reconcile(context.Background(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(other)})
			Expect(err).NotTo(HaveOccurred())
		}
	}
	It("is in use, once it was replaced here, by the other object, and by its target when that is deleted", func() {
		other, source := orders()
		c := newCluster(newObject(listing("a", "b")), other, staged("a", "b"), source)
		Expect(c.settle()).To(Succeed())
		settles(c, other)
		c.request(v1alpha1.RotateRequestedAtAnnotation, "1")
		Expect(c.settle()).To(Succeed())
		Expect(c.object().Status.Passcodes[0].Message).To(ContainSubstring(`the active passcode of CleverTapPasscode "orders"`))

		Expect(c.Delete(context.Background(), other)).To(Succeed())
		c.clock.Step(10 * time.Minute)
		Expect(c.settle()).To(Succeed())
		Expect(c.object().Status.Passcodes[0]).To(SatisfyAll(
			HaveField("State", v1alpha1.StateRetiring),
			HaveField("Message", ContainSubstring(`Secret "orders", the target of a CleverTapPasscode that is deleted, still contains it`))))

		Expect(c.Delete(context.Background(), c.secret("orders"))).To(Succeed())
		c.clock.Step(10 * time.Minute)
		Expect(c.settle()).To(Succeed())
		Expect(c.object().Status.Passcodes[0].State).To(Equal(v1alpha1.StateRetired))
	})
	It("is reported while the source of the other is lost, whose target still has it", func() {
		other, source := orders()
		c := newCluster(newObject(), other, staged("a"), source)
		settleOrders := func() { settles(c, other) }
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
