// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
	"github.com/passcode-operator/clevertap-passcode-operator/test/invariants"
)

// move is something that may happen at any time. Its parameters are drawn.
type move struct {
	name string
	draw func(*rapid.T) action
	// goesBack reports whether a value that was replaced may be published again after it: by a pin, or if nothing else is
	// left.
	goesBack bool
}

// GoString is what rapid prints of it.
func (m move) GoString() string { return m.name }

// names are those of all passcodes that are made; "a" and "b" are listed at first.
func names() []string { return []string{"a", "b", "c"} }

func moves() []move {
	return slices.Concat(editsOfTheObject(), editsByOthers(), []move{
		{name: "time goes by", draw: func(t *rapid.T) action {
			wait := rapid.SampledFrom([]time.Duration{10 * time.Minute, 5 * time.Hour, 26 * time.Hour, 15 * day, 31 * day}).Draw(t, "wait")
			return func(_ context.Context, s *scene) error {
				s.clock.Step(wait)
				return nil
			}
		}},
		{name: "CleverTap is down", draw: always(func(_ context.Context, s *scene) error {
			s.vendor.Break(clevertaptest.Responds(http.StatusServiceUnavailable, "down"))
			return nil
		})},
		{name: "CleverTap is up", draw: always(isUp)},
		{name: "a passcode is deleted on the dashboard", goesBack: true, draw: func(t *rapid.T) action {
			name := rapid.SampledFrom(names()).Draw(t, "passcode")
			return func(_ context.Context, s *scene) error {
				s.account.Delete(name)
				return nil
			}
		}},
		{name: "a passcode is made anew", draw: func(t *rapid.T) action {
			name, number := rapid.SampledFrom(names()).Draw(t, "passcode"), rapid.IntRange(2, 9).Draw(t, "number")
			value := fmt.Sprint(valueOf(name), number)
			return func(ctx context.Context, s *scene) error {
				s.account.Passcode(name, value, 365)
				s.made[value] = true
				return edits("staged", name, value)(ctx, s)
			}
		}, goesBack: true},
	})
}

// editsOfTheObject are those of its owner.
func editsOfTheObject() []move {
	return []move{
		{name: "a rotation is requested", draw: func(t *rapid.T) action {
			return requests(v1alpha1.RotateRequestedAtAnnotation, rapid.StringMatching(`r[0-9]`).Draw(t, "request"))
		}},
		{name: "a verification is requested", draw: func(t *rapid.T) action {
			return requests(v1alpha1.VerifyRequestedAtAnnotation, rapid.StringMatching(`v[0-9]`).Draw(t, "request"))
		}},
		{name: "the list is another one", goesBack: true, draw: func(t *rapid.T) action {
			listed := rapid.Permutation(names()).Draw(t, "order")[:rapid.IntRange(1, 3).Draw(t, "length")]
			return func(ctx context.Context, s *scene) error {
				return s.change(ctx, "o", func(o *v1alpha1.CleverTapPasscode) {
					o.Spec.Passcodes = nil
					for _, name := range listed {
						o.Spec.Passcodes = append(o.Spec.Passcodes, s.entry(name, slices.Index(names(), name)))
					}
				})
			}
		}},
		{name: "a pin is set", goesBack: true, draw: func(t *rapid.T) action {
			pin := rapid.SampledFrom(append(names(), "")).Draw(t, "pin")
			return changes(func(o *v1alpha1.CleverTapPasscode) { o.Spec.Rotation = &v1alpha1.Rotation{Pin: pin} })
		}},
		{name: "it is suspended", draw: func(t *rapid.T) action {
			suspend := rapid.Bool().Draw(t, "suspend")
			return changes(func(o *v1alpha1.CleverTapPasscode) { o.Spec.Suspend = suspend })
		}},
		{name: "the target is another one", goesBack: true, draw: func(t *rapid.T) action {
			return changes(targetNamed(rapid.SampledFrom([]string{"o", "new"}).Draw(t, "target")))
		}},
		{name: "a key has another name", draw: func(t *rapid.T) action {
			key := rapid.SampledFrom([]v1alpha1.TargetKey{"passcode", "PASSCODE"}).Draw(t, "key")
			return changes(func(o *v1alpha1.CleverTapPasscode) {
				o.Spec.Target = &v1alpha1.Target{Name: o.TargetName(), Keys: &v1alpha1.TargetKeys{Passcode: key}}
			})
		}},
		{name: "it only observes", draw: func(t *rapid.T) action {
			mode := rapid.SampledFrom([]v1alpha1.Mode{v1alpha1.ModeManage, v1alpha1.ModeObserve}).Draw(t, "mode")
			return changes(func(o *v1alpha1.CleverTapPasscode) { o.Spec.Mode = mode })
		}, goesBack: true},
	}
}

// editsByOthers are those of the target, and of what uses it.
func editsByOthers() []move {
	return []move{
		{name: "a Pod has it in its environment", draw: always(func(ctx context.Context, s *scene) error {
			return client.IgnoreAlreadyExists(deployed(ctx, s))
		})},
		{name: "the Pod ends", draw: always(func(ctx context.Context, s *scene) error {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "api-1-x", Namespace: s.namespace}}
			return client.IgnoreNotFound(s.kube.Delete(ctx, pod, client.GracePeriodSeconds(0)))
		})},
		{name: "a person edits the target", draw: always(func(ctx context.Context, s *scene) error {
			if s.secret(ctx, "o").Name == "" {
				return nil // none yet
			}
			return edits("o", "region", "eu1")(ctx, s)
		})},
		{name: "a person deletes the target", goesBack: true, draw: always(func(ctx context.Context, s *scene) error {
			target := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "o", Namespace: s.namespace}}
			return client.IgnoreNotFound(s.kube.Delete(ctx, target))
		})},
	}
}

// unlessDenied leaves out what the API server does not accept from a user, such as a pin on what is not listed.
func unlessDenied(do action) action {
	return func(ctx context.Context, s *scene) error {
		if err := do(ctx, s); !apierrors.IsInvalid(err) {
			return err
		}
		return nil
	}
}

func always(do action) func(*rapid.T) action { return func(*rapid.T) action { return do } }

func isUp(_ context.Context, s *scene) error {
	s.vendor.Break(nil)
	return nil
}

// drawn is a sequence of moves with a settled moment after some of them, and what has to be the case in the end.
func drawn(t *rapid.T) workload {
	w := workload{name: "generated", edits: true, verifiesAgain: true, passesOver: true, outstanding: true}
	do := []action{func(ctx context.Context, s *scene) error {
		return all(s.passcode(ctx, names()...), s.declare(ctx, "a", "b"))
	}}
	for range rapid.IntRange(1, 6).Draw(t, "moves") {
		m := rapid.SampledFrom(moves()).Draw(t, "move")
		do = append(do, unlessDenied(m.draw(t)))
		if rapid.Bool().Draw(t, "settled after it") {
			do = append(do, settles)
		}
		w.goesBack = w.goesBack || m.goesBack
	}
	w.run = steps(append(do, isUp, settles, hoursLater, settles, saysWhatIs)...)
	return w
}

// saysWhatIs fails if the object says that it is Ready, and CleverTap does not accept what the target contains.
func saysWhatIs(ctx context.Context, s *scene) error {
	o, err := s.object(ctx, "o")
	if err != nil {
		return err
	}
	if o.Spec.Observes() || o.Spec.Suspend || readyReason(o) != v1alpha1.ReasonPasscodePublished {
		return nil
	}
	if value := invariants.TargetOf(s.secret(ctx, o.TargetName())).Value; !s.account.Accepts(value) {
		return fmt.Errorf("the object is Ready with %q, and CleverTap does not accept it", value)
	}
	return nil
}

// Sequences of what users, CleverTap and the clock do, with a fault at one of the requests that these lead to. What
// fails is shrunk, and repeated by the file that rapid names.
func TestGenerated(t *testing.T) {
	c := ofThisProcess(t)
	checks, seed := "40", "0" // another one at every run
	if testing.Short() {
		checks, seed = "15", "1" // of which rapid runs a fifth
	}
	if err := errors.Join(flag.Set("rapid.checks", checks), flag.Set("rapid.seed", seed)); err != nil {
		t.Fatal(err)
	}
	for _, f := range append([]fault{""}, everyFault()...) {
		t.Run("fault="+string(f), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				p := plan{kind: "generated", workload: drawn(t), replicas: 1}
				if f != "" {
					p.faults = map[int]fault{rapid.IntRange(0, 60).Draw(t, "point"): f}
				}
				c.run(t, p, nil)
			})
		})
	}
}
