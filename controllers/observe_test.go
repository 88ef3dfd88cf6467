// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// hiddenFrom is an informer that does not show a Secret which the API server has.
type hiddenFrom struct {
	client.Client
	name string
}

func (h hiddenFrom) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	if _, isSecret := o.(*corev1.Secret); isSecret && key.Name == h.name {
		key.Name += "-that-is-not-there"
	}
	return h.Client.Get(ctx, key, o, opts...)
}

var _ = Describe("A source that the API server has and the informer does not", func() {
	It("is not believed in for longer than it is there", func() {
		c := newCluster(newObject(), staged("a"))
		c.Client = hiddenFrom{c.Client, "staged"}
		for range 12 { // the informer is behind, for a while
			_, err := c.pass()
			Expect(err).NotTo(HaveOccurred())
			c.clock.Step(time.Second)
		}
		Expect(c.object().Status.ObservedGeneration).To(BeEquivalentTo(-1), "says what it cannot know")
		Expect(c.Delete(context.Background(), c.secret("staged"))).To(Succeed())
		c.clock.Step(catchUpTime)
		Expect(c.settle()).To(Succeed())
		Expect(c.condition("Ready")).To(HaveField("Reason", "SourceNotFound"))
	})
})

var _ = Describe("An object of the name of one that is gone", func() {
	It("uses nothing that was known of the other", func() {
		c := newCluster(newObject(), staged("a"))
		Expect(c.settle()).To(Succeed())
		Expect(c.secret("marketing").Data).To(HaveKeyWithValue("passcode", []byte("VALUE-a")))

		// All of it happens while the object's key waits: no pass sees the deletion.
		Expect(c.Delete(context.Background(), c.object())).To(Succeed())
		Expect(c.Delete(context.Background(), c.secret("marketing"))).To(Succeed())
		again := newObject(func(o *v1alpha1.CleverTapPasscode) { o.UID, o.Spec.AccountID = "another", "TEST-2" })
		again.ResourceVersion = ""
		Expect(c.Create(context.Background(), again)).To(Succeed())
		c.rejects["VALUE-a"] = true // it is not that account's
		Expect(c.settle()).To(Succeed())
		Expect(client.IgnoreNotFound(c.Get(context.Background(), types.NamespacedName{Namespace: "shop", Name: "marketing"}, &corev1.Secret{}))).To(Succeed())
		Expect(c.object().Status).To(And(HaveField("ActivePasscode", ""), HaveField("Phase", v1alpha1.PhasePending)))
		Expect(c.condition("Ready")).To(HaveField("Reason", "PasscodeRejected"))
	})
})

var _ = Describe("A deleted target", func() {
	It("is noted for the object that writes it, and for no other name", func() {
		m := newStates()
		target, junk := staged(), staged()
		target.Name, junk.Name = "marketing", "junk"
		m.recordDeletion(marketing, target)
		Expect(m.takeDeleted(marketing, "marketing")).To(BeNil(), "notes what no object writes")
		m.of(marketing, "uid")
		m.takeDeleted(marketing, "marketing")
		m.recordDeletion(marketing, junk)
		Expect(m.objects[marketing].deleted).To(BeNil())
		m.recordDeletion(marketing, target)
		m.recordDeletion(marketing, junk)
		Expect(m.objects[marketing].deleted).To(Equal(target))
		Expect(m.takeDeleted(marketing, "marketing")).To(Equal(target))
		Expect(m.takeDeleted(marketing, "marketing")).To(BeNil())
		Expect(m.objects[marketing].deleted).To(BeNil())
	})
})

var _ = Describe("An annotation that another controller takes away", func() {
	It("is written three times, and then reported", func() {
		c := newCluster(newObject(listing("a", "b"), autoRestarts), append(api(created), staged("a", "b"))...)
		Expect(c.settle()).To(Succeed())
		c.clock.SetTime(created.Add(60*day + time.Minute))
		restarts := 0
		for range 8 {
			Expect(c.settle()).To(Succeed())
			deployment := c.deployment("api")
			if len(deployment.Spec.Template.Annotations) > 0 {
				restarts++
				deployment.Spec.Template.Annotations = nil
				Expect(c.Update(context.Background(), deployment)).To(Succeed())
			}
			c.clock.Step(time.Minute)
		}
		Expect(restarts).To(Equal(3))
		Expect(c.condition("RolloutComplete")).To(And(HaveField("Reason", "Failed"), HaveField("Message", ContainSubstring("removes the annotation"))))
	})
})
