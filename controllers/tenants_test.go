// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/prometheus/client_golang/prometheus"

	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/verification"
)

type recorder struct {
	mu sync.Mutex
	qs []string
}

func (a *recorder) Verify(_ context.Context, q clevertap.Request) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.qs = append(a.qs, q.AccountID+"/"+string(q.Region)+"/"+q.Passcode.Reveal())
	if q.AccountID == "TEST-1" {
		return &clevertap.RejectedError{Detail: "HTTP 401"}
	}
	if q.Region != "eu1" {
		return &clevertap.UnavailableError{Detail: "unknown region"}
	}
	return nil
}

var _ = Describe("A person who may write objects and Secrets", func() {
	It("verifies nothing with an account that the object does not name", func() {
		forged := func(account, region string) *corev1.Secret {
			return &corev1.Secret{
				ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "marketing",
					Labels:      map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleTarget, v1alpha1.ManagedByLabel: v1alpha1.ManagedBy},
					Annotations: map[string]string{v1alpha1.OwnerAnnotation: "marketing"}},
				Type: corev1.SecretTypeOpaque,
				Data: map[string][]byte{"accountId": []byte(account), "region": []byte(region), "passcode": []byte("GUE-SSG-UESS"), "endpoint": []byte("x")},
			}
		}
		c := newCluster(newObject(), staged("a"), forged("VICTIM-ACCOUNT", "eu1"))
		a := &recorder{}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		c.Verification = verification.New(ctx, verification.Options{Verifier: a, Clock: c.clock, Wake: c.Wake, Finished: c.Counters.VerificationFinished})
		for range 5 {
			_, err := c.pass()
			Expect(err).NotTo(HaveOccurred())
		}
		s := c.secret("marketing")
		for i := range 20 {
			s.Data["region"] = []byte(fmt.Sprint("made-up-", i))
			s.Data["accountId"] = []byte("VICTIM-ACCOUNT")
			Expect(c.Update(ctx, s)).To(Succeed())
			for range 4 {
				_, _ = c.pass()
			}
			s = c.secret("marketing")
		}
		Expect(strings.Join(a.qs, " ")).NotTo(ContainSubstring("VICTIM-ACCOUNT"))
	})

	It("fills no memory with Secrets that are deleted", func() {
		c := newCluster(newObject(), staged("a"))
		Expect(c.settle()).To(Succeed())
		p := c.recordDeletions()
		for i := range 1000 {
			secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: fmt.Sprint("junk-", i),
				Labels:      map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleTarget},
				Annotations: map[string]string{v1alpha1.OwnerAnnotation: "marketing", "junk": strings.Repeat("x", 250<<10)}}}
			p.Delete(event.DeleteEvent{Object: secret})
			if i%100 == 0 {
				_, _ = c.pass()
			}
		}
		Expect(c.states.objects[marketing].deleted).To(BeNil(), "a Secret that nothing wrote")
		for range 10 {
			c.clock.Step(time.Hour)
			_, _ = c.pass()
		}
		Expect(c.states.objects).To(HaveLen(1))
		Expect(c.states.objects[marketing].deleted).To(BeNil(), "a Secret that nothing wrote")
	})

	It("does not learn by a suspended object what another namespace verified", func() {
		victim := newObject()
		c := newCluster(victim, staged("a"))
		Expect(c.settle()).To(Succeed())
		calls := c.calls
		c.clock.Step(10 * time.Minute)
		ctx := context.Background()
		for _, which := range []string{"right", "wrong"} {
			src := staged("a")
			src.Namespace, src.Name = "attacker", which
			if which == "wrong" {
				src.Data["a"] = []byte("VALUE-wrong")
			}
			Expect(c.Create(ctx, src)).To(Succeed())
			o := newObject(func(o *v1alpha1.CleverTapPasscode) {
				o.Namespace, o.Name, o.UID = "attacker", which, types.UID(which)
				o.Spec.Suspend = true
				o.Spec.Passcodes[0].SecretKeyRef.Name = which
				o.CreationTimestamp = metav1.NewTime(c.clock.Now())
			})
			Expect(c.Create(ctx, o)).To(Succeed())
		}
		say := map[string]string{}
		for _, which := range []string{"right", "wrong"} {
			for range 3 {
				_, err := c.Reconcile(ctx, ctrl.Request{NamespacedName: types.NamespacedName{Namespace: "attacker", Name: which}})
				Expect(err).NotTo(HaveOccurred())
				c.quiet()
			}
			o := &v1alpha1.CleverTapPasscode{}
			Expect(c.Get(ctx, types.NamespacedName{Namespace: "attacker", Name: which}, o)).To(Succeed())
			p := o.Status.Passcodes[0]
			say[which] = fmt.Sprintf("state=%s verifiedAt=%v", p.State, p.VerifiedAt)
		}
		Expect(c.calls).To(Equal(calls), "CleverTap was called")
		Expect(say["right"]).To(Equal(say["wrong"]), "created at %s", c.clock.Now())
	})

	It("fills no memory with names", func() {
		c := newCluster(newObject(), staged("a"))
		Expect(c.settle()).To(Succeed())
		for i := range 50 {
			c.change(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Passcodes[0].SecretKeyRef.Name = fmt.Sprint("missing-", i) })
			_, _ = c.pass()
		}
		Expect(len(c.states.objects[marketing].uncachedReads)).To(BeNumerically("<", 3))
	})

	It("makes no region of the text of a Secret", func() {
		secret := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "marketing",
				Labels:      map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleTarget, v1alpha1.ManagedByLabel: v1alpha1.ManagedBy},
				Annotations: map[string]string{v1alpha1.OwnerAnnotation: "marketing"}},
			Type: corev1.SecretTypeOpaque,
			Data: map[string][]byte{"accountId": []byte("X"), "region": []byte("r"), "passcode": []byte("GUE-SSG-UESS"), "endpoint": []byte("x")},
		}
		c := newCluster(newObject(), staged("a"), secret)
		a := &recorder{}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		c.Verification = verification.New(ctx, verification.Options{Verifier: a, Clock: c.clock, Wake: c.Wake, Finished: c.Counters.VerificationFinished})
		for i := range 20 {
			s := c.secret("marketing")
			s.Data["region"] = []byte(fmt.Sprint("made-up-", i))
			Expect(c.Update(ctx, s)).To(Succeed())
			for range 3 {
				_, _ = c.pass()
			}
		}
		c.quiet()
		reg := prometheus.NewRegistry()
		Expect(c.Counters.Register(reg)).To(Succeed())
		fams, _ := reg.Gather()
		n := 0
		for _, f := range fams {
			if strings.Contains(f.GetName(), "verifications_total") {
				for _, m := range f.GetMetric() {
					n += len(m.GetLabel()) / 2 // a region and a result
				}
			}
		}
		Expect(n).To(Equal(4*len(clevertap.Regions())), "series of verifications_total: four results of each region there is")
	})

	It("restarts nothing again by flipping target.name", func() {
		t0 := created.Add(-time.Hour)
		o := newObject(listing("a", "b"), autoRestarts, func(o *v1alpha1.CleverTapPasscode) {
			o.Spec.Rollout = &v1alpha1.Rollout{Targets: []v1alpha1.RolloutTarget{{Kind: "Deployment", Name: "api"}}}
		})
		c := newCluster(o, append(api(t0), staged("a", "b"))...)
		_ = c.settle()
		c.change(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Rotation = &v1alpha1.Rotation{Pin: "b"} })
		last, restarts, log := "", 0, ""
		scan := func() {
			now := fmt.Sprint(c.deployment("api").Spec.Template.Annotations)
			if now != last && len(c.deployment("api").Spec.Template.Annotations) > 0 {
				restarts++
				log += fmt.Sprintf("\n%s rev %d %s", c.clock.Now().Format("15:04:05"), c.object().Status.Revision, now)
			}
			last = now
		}
		_ = c.settle()
		scan()
		began := c.clock.Now()
		for i := range 30 {
			c.clock.Step(2 * time.Second)
			c.change(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Target = &v1alpha1.Target{Name: fmt.Sprint("t-", i)} })
			for range 6 {
				_, _ = c.pass()
				c.clock.Step(100 * time.Millisecond)
				c.quiet()
				scan()
			}
		}
		Expect(restarts).To(BeNumerically("<=", 1), "in %s: %s", c.clock.Now().Sub(began), log)
	})
})
