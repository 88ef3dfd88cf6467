// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// named are two namespaces, a and b, that both can be watched.
type named struct {
	*namespaces
	kube  client.Client
	clock *clocktesting.FakeClock

	mu      sync.Mutex
	calls   int
	watches map[string]bool
}

func newNamed(t *testing.T) *named {
	t.Helper()
	g := NewWithT(t)
	scheme, err := Scheme()
	g.Expect(err).NotTo(HaveOccurred())
	n := &named{clock: clocktesting.NewFakeClock(time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)), watches: map[string]bool{}}
	n.kube = fake.NewClientBuilder().WithScheme(scheme).WithObjects(
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "a"}}, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "b"}},
	).WithInterceptorFuncs(interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			n.mu.Lock()
			n.calls++
			n.mu.Unlock()
			return c.Get(ctx, key, o, opts...)
		},
	}).Build()
	n.namespaces = &namespaces{
		names: []string{"a", "b"}, live: n.kube, clock: n.clock, log: logr.Discard(), doubt: make(chan struct{}, 1), problems: map[string]string{},
		watched: func(name string, yes bool) {
			n.mu.Lock()
			n.watches[name] = yes
			n.mu.Unlock()
		},
	}
	return n
}

func (n *named) watchedNow(name string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.watches[name]
}

func (n *named) scans() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.calls
}

func TestADeletedNamespaceIsFoundWhenItsObjectsGo(t *testing.T) {
	g := NewWithT(t)
	n := newNamed(t)
	watched := n.readable(t.Context())
	g.Expect(watched).To(Equal([]string{"a", "b"}))
	go n.awaitMore(t.Context(), watched)
	g.Expect(n.kube.Delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "a"}})).To(Succeed())
	n.suspect()
	g.Eventually(func() bool {
		n.clock.Step(time.Minute)
		return n.watchedNow("a")
	}).Should(BeFalse())
	g.Expect(n.watchedNow("b")).To(BeTrue())
}

func TestDoubtsAreCheckedOnceAMinute(t *testing.T) {
	g := NewWithT(t)
	n := newNamed(t)
	watched := n.readable(t.Context())
	go n.awaitMore(t.Context(), watched)
	before := n.scans()
	g.Eventually(n.clock.HasWaiters).Should(BeTrue())
	for range 1000 {
		n.suspect()
	}
	g.Consistently(n.scans, "50ms").Should(Equal(before))
	n.clock.Step(time.Minute)
	g.Eventually(n.scans).Should(Equal(before + 2)) // one look at each
	g.Eventually(n.clock.HasWaiters).Should(BeTrue())
	n.suspect()
	g.Consistently(n.scans, "50ms").Should(Equal(before + 2))
}

func TestWhatIsNoNameOfANamespaceIsDenied(t *testing.T) {
	g := NewWithT(t)
	names, err := checkNamespaces([]string{" shop", "mall ", "shop"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(names).To(Equal([]string{"shop", "mall"}))
	for _, wrong := range []string{"Shop", "a/b", "../a", "a b", ""} {
		_, err := checkNamespaces([]string{"shop", wrong})
		g.Expect(err).To(MatchError(ContainSubstring("--namespaces")), wrong)
	}
}
