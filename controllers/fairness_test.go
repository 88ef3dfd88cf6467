// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

func of(namespace string, i int) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: namespace, Name: fmt.Sprint(i)}}
}

var _ = Describe("Turns", func() {
	It("leave a quarter of the workers to other namespaces", func() {
		t := newWorkerShares(16)
		for i := range 12 {
			_, ok := t.enter(of("attacker", i))
			Expect(ok).To(BeTrue())
		}
		for i := range 1000 {
			_, ok := t.enter(of("attacker", 100+i))
			Expect(ok).To(BeFalse())
		}
		_, ok := t.enter(of("victim", 1))
		Expect(ok).To(BeTrue(), "has no worker left")
	})
	It("are waited for the longer the more wait, however often each comes back", func() {
		t := newWorkerShares(1)
		t.enter(of("shop", 0))
		first, _ := t.enter(of("shop", 1))
		for range 100 {
			again, _ := t.enter(of("shop", 1))
			Expect(again).To(Equal(first))
		}
		for i := range 100 {
			t.enter(of("shop", 2+i))
		}
		last, _ := t.enter(of("shop", 1))
		Expect(last).To(BeNumerically(">", 50*first))
	})
	It("are free again once they end, and nothing is kept", func() {
		t := newWorkerShares(2)
		t.enter(of("shop", 0))
		_, ok := t.enter(of("shop", 1))
		Expect(ok).To(BeFalse())
		t.leave(of("shop", 0), false)
		_, ok = t.enter(of("shop", 1))
		Expect(ok).To(BeTrue())
		t.leave(of("shop", 1), false)
		Expect(t.running).To(BeEmpty())
		Expect(t.waiting).To(BeEmpty())
	})
	It("leave nobody idle who has one, waits for one, or has another at once", func() {
		t := newWorkerShares(2)
		Expect(t.idle()).To(BeTrue())
		t.enter(of("shop", 0))
		Expect(t.idle()).To(BeFalse(), "one runs")
		t.enter(of("shop", 1))
		t.leave(of("shop", 0), false)
		Expect(t.idle()).To(BeFalse(), "one waits")
		t.enter(of("shop", 1))
		t.leave(of("shop", 1), true)
		Expect(t.idle()).To(BeFalse(), "one comes again")
		t.enter(of("shop", 1))
		t.leave(of("shop", 1), false)
		Expect(t.idle()).To(BeTrue())
	})
	It("end with a pass that panics, too", func() {
		r := &Reconciler{workerShares: newWorkerShares(1)} // without a client: a pass panics
		Expect(func() { _, _ = r.reconcileFairly(context.Background(), of("shop", 0)) }).To(Panic())
		Expect(r.workerShares.idle()).To(BeTrue())
	})
})
