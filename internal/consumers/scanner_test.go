// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package consumers_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
)

// scanning is a scanner over an API server whose responses to lists the test may change, and delay.
type scanning struct {
	*consumers.Scanner
	woken chan types.NamespacedName
	lists map[string]*atomic.Int32
}

func newScanning(t *testing.T, respond func(kind string) error, existing ...client.Object) *scanning {
	s := &scanning{woken: make(chan types.NamespacedName, 10), lists: map[string]*atomic.Int32{}}
	for _, kind := range []string{"PodList", "DeploymentList", "StatefulSetList", "DaemonSetList", consumers.ArgoRolloutKind + "List"} {
		s.lists[kind] = &atomic.Int32{}
	}
	reader := fake.NewClientBuilder().WithObjects(existing...).WithInterceptorFuncs(interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, o ...client.ListOption) error {
			kinds, _, err := c.Scheme().ObjectKinds(list)
			if err != nil {
				kinds = []schema.GroupVersionKind{list.GetObjectKind().GroupVersionKind()}
			}
			s.lists[kinds[0].Kind].Add(1)
			if err := respond(kinds[0].Kind); err != nil {
				return err
			}
			return c.List(ctx, list, o...)
		},
	}).Build()
	s.Scanner = consumers.NewScanner(t.Context(), reader, testingclock.NewFakePassiveClock(noon.Time), func(o types.NamespacedName) { s.woken <- o })
	return s
}

func allowed(string) error { return nil }

func denied(kinds ...string) func(string) error {
	return func(kind string) error {
		if slices.Contains(kinds, kind) {
			return apierrors.NewForbidden(schema.GroupResource{Resource: kind}, "", nil)
		}
		return nil
	}
}

func inShop(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: "shop", Name: name}
}

func deployment(name string) *appsv1.Deployment {
	return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
}

// scanFor requests a scan and returns its result.
func (s *scanning) scanFor(g Gomega, scope consumers.Scope) *consumers.Scan {
	s.Request(inShop("marketing"), scope)
	g.Eventually(s.woken).Should(Receive(Equal(inShop("marketing"))))
	return s.Take(inShop("marketing"))
}

func TestAScanListsPodsOnlyIfNoWorkloadIsRestarted(t *testing.T) {
	g := NewWithT(t)
	s := newScanning(t, allowed, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "api-1"}}, deployment("api"))
	scan := s.scanFor(g, consumers.Scope{})
	g.Expect(scan.Pods).To(HaveLen(1))
	g.Expect(scan.Rollouts).To(BeEmpty())
	g.Expect(scan.At).To(Equal(noon.Time))
	g.Expect(s.lists["DeploymentList"].Load()).To(BeZero())
	g.Expect(s.Take(inShop("marketing"))).To(BeNil(), "a result is taken once")
}

func TestAScanListsNothingOfAnotherNamespace(t *testing.T) {
	g := NewWithT(t)
	other := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "mall", Name: "api-1"}}
	g.Expect(newScanning(t, allowed, other).scanFor(g, consumers.Scope{Workloads: true}).Pods).To(BeEmpty())
}

func TestOneScanServesAllThatRequestedItBeforeItBegan(t *testing.T) {
	g := NewWithT(t)
	began, goOn := make(chan struct{}, 10), make(chan struct{})
	s := newScanning(t, func(string) error {
		began <- struct{}{}
		<-goOn
		return nil
	})
	s.Request(inShop("first"), consumers.Scope{})
	g.Eventually(began).Should(Receive())
	for _, name := range []string{"a", "b", "c"} { // the first scan has begun without them
		s.Request(inShop(name), consumers.Scope{})
	}
	g.Expect(s.Busy()).To(BeTrue())
	close(goOn)
	for range 4 {
		g.Eventually(s.woken).Should(Receive())
	}
	g.Expect(s.lists["PodList"].Load()).To(BeEquivalentTo(2))
	g.Expect(s.Take(inShop("a"))).To(BeIdenticalTo(s.Take(inShop("b"))))
	g.Eventually(s.Busy).Should(BeFalse())
}

func TestADeniedListSaysWhatToAllow(t *testing.T) {
	g := NewWithT(t)
	scan := newScanning(t, denied("PodList")).scanFor(g, consumers.Scope{})
	g.Expect(scan.Problem).To(And(ContainSubstring("namespace shop"), ContainSubstring("list pods")))
	g.Expect(scan.Pods).To(BeEmpty())
}

func TestArgoRolloutsAreListedOnlyIfOneIsNamed(t *testing.T) {
	argo := consumers.ArgoRolloutKind + "List"
	missing := func(kind string) error {
		if kind == argo {
			return &meta.NoKindMatchError{GroupKind: consumers.ArgoRollout().GroupKind()}
		}
		return nil
	}
	for title, row := range map[string]struct {
		respond func(string) error
		scope   consumers.Scope
		lists   int32
		problem string
	}{
		"no Rollout is named":      {allowed, consumers.Scope{Workloads: true}, 0, ""},
		"the cluster has no Argo":  {missing, consumers.Scope{Workloads: true, Argo: true}, 1, "this cluster has no Argo Rollouts"},
		"the operator may not see": {denied(argo), consumers.Scope{Workloads: true, Argo: true}, 1, "argoRollouts.enabled"},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			s := newScanning(t, row.respond, deployment("api"))
			scan := s.scanFor(g, row.scope)
			g.Expect(scan.Problem).To(BeEmpty(), "what else there is to see is seen")
			g.Expect(scan.Rollouts).To(HaveLen(1))
			g.Expect(scan.ArgoProblem).To(ContainSubstring(row.problem))
			g.Expect(s.lists[argo].Load()).To(Equal(row.lists))
		})
	}
}
