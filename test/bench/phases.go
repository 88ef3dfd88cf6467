// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// result is one phase's, of one run.
type result struct {
	Phase string
	N     int
	// Created is how long the bench took to create the objects, which is part of what follows.
	Created time.Duration
	// Published is from the beginning until the last target was written, and Settled until the last status and event.
	Published, Settled time.Duration
	// P50 and P99 are of one operation.
	P50, P99 time.Duration
	CPU      time.Duration
	// Memory is resident at the end, and Peak at most until then.
	Memory, Peak int64
	// Requests are those of the API server by what they are, and Calls those of CleverTap.
	Requests map[string]int
	Calls    int
	// Lasted is how long the phase was watched.
	Lasted time.Duration
}

// measure runs a phase and says what it cost.
func (w *world) measure(phase string, n int, do func() (begun time.Time, err error), published, settled func([]request) []time.Time) (result, error) {
	r := result{Phase: phase, N: n}
	if _, err := w.audit.since(); err != nil {
		return r, err
	}
	before, err := w.usage()
	if err != nil {
		return r, err
	}
	calls, start := len(w.vendor.Calls()), w.clock.Now()
	begun, err := do()
	if err != nil {
		return r, fmt.Errorf("%s of %d: %w", phase, n, err)
	}
	after, err := w.usage()
	if err != nil {
		return r, err
	}
	requests, err := w.audit.since()
	if err != nil {
		return r, err
	}
	r.CPU, r.Memory, r.Peak = after.CPU-before.CPU, after.Memory, after.Peak
	r.Requests, r.Calls, r.Lasted = tally(requests), len(w.vendor.Calls())-calls, w.clock.Now().Sub(start)
	if published != nil {
		r.Published = lastOf(published(requests)).Sub(begun)
		r.Settled = lastOf(settled(requests)).Sub(begun)
	}
	return r, nil
}

func lastOf(times []time.Time) time.Time {
	if len(times) == 0 {
		return time.Time{}
	}
	return times[len(times)-1]
}

// patience is how long a phase may take: 50,000 objects take some 20 minutes.
const patience = time.Hour

// until waits for every one of n objects' targets to be of a revision, and for the operator to have nothing to do.
func (w *world) until(ctx context.Context, prefix string, n int, revision string) error {
	err := wait.PollUntilContextTimeout(ctx, time.Second, patience, true, func(ctx context.Context) (bool, error) {
		var list metav1.PartialObjectMetadataList
		list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("SecretList"))
		if err := w.kube.List(ctx, &list, client.MatchingLabels{v1alpha1.RoleLabel: v1alpha1.RoleTarget}); err != nil {
			return false, err
		}
		there := 0
		for _, s := range list.Items {
			if s.Annotations[v1alpha1.RevisionAnnotation] == revision && len(s.Name) > len(prefix) && s.Name[:len(prefix)] == prefix {
				there++
			}
		}
		return there == n, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for revision %s of %d targets: %w", revision, n, err)
	}
	return w.quiet(ctx)
}

// quiet waits until the operator has used no CPU for a second.
func (w *world) quiet(ctx context.Context) error {
	last, err := w.usage()
	if err != nil {
		return err
	}
	return wait.PollUntilContextTimeout(ctx, time.Second, patience, false,
		func(context.Context) (bool, error) {
			now, err := w.usage()
			idle := now.CPU-last.CPU < 20*time.Millisecond
			last = now
			return idle, err
		})
}

// onboard measures n new objects from the first one's creation on.
func (w *world) onboard(ctx context.Context, prefix string, n int, modify func(*v1alpha1.CleverTapPasscode)) (result, error) {
	return w.onboardPart(ctx, prefix, n, n, modify)
}

// onboardPart measures n new objects of which the operator watches a part.
func (w *world) onboardPart(ctx context.Context, prefix string, n, watched int, modify func(*v1alpha1.CleverTapPasscode)) (result, error) {
	var created time.Duration
	r, err := w.measure("onboard", watched, func() (time.Time, error) {
		begun, err := w.declare(ctx, prefix, n, modify)
		if err != nil {
			return begun, err
		}
		created = w.clock.Now().Sub(begun)
		return begun, w.until(ctx, prefix, watched, "1")
	}, func(all []request) []time.Time { return timesOf(all, "create secrets") }, settledAfterOnboarding)
	r.Created = created
	return r, err
}

// dueAfterOnboarding is a time by which n new objects are onboarded.
func (w *world) dueAfterOnboarding(n int) time.Time {
	return w.clock.Now().Add(time.Duration(n)*20*time.Millisecond + 15*time.Second).Truncate(time.Second)
}

// retire measures objects that Pods use and that are rotated at once.
func (w *world) retire(ctx context.Context, prefix string, n int) (result, error) {
	return w.measure(fmt.Sprintf("%d become Retiring", n), n, func() (time.Time, error) {
		begun := w.clock.Now()
		err := each(n, func(i int) error { _, err := w.requestRotation(ctx, prefix, i); return err })
		if err != nil {
			return begun, err
		}
		return begun, w.until(ctx, prefix, n, "2")
	}, nil, nil)
}

func settledAfterOnboarding(all []request) []time.Time {
	times := slices.Concat(timesOf(all, "patch clevertappasscodes/status"), timesOf(all, "create events"))
	slices.SortFunc(times, time.Time.Compare)
	return times
}

// rotateAll measures n rotations that are due at the same moment.
func (w *world) rotateAll(ctx context.Context, prefix string, n int, due time.Time) (result, error) {
	if left := due.Sub(w.clock.Now()); left < 0 {
		return result{}, fmt.Errorf("onboarding %d took %s too long for their rotation to be measured", n, -left)
	}
	<-w.clock.After(due.Sub(w.clock.Now()) - 100*time.Millisecond)
	return w.measure("rotate all", n, func() (time.Time, error) {
		return due, w.until(ctx, prefix, n, "2")
	}, func(all []request) []time.Time { return timesOf(all, "patch secrets") }, settledAfterRotation)
}

// settledAfterRotation is when each object's status reported the rotation; that the replaced passcode can be deleted is
// found out, and reported, after that.
func settledAfterRotation(all []request) []time.Time {
	return firstOfEach(all, "patch clevertappasscodes/status")
}

// rotateOne measures rotations that are requested one at a time, each when the one before is over, from the request's
// acceptance until the target's change is seen.
func (w *world) rotateOne(ctx context.Context, prefix string, n int) (result, error) {
	targets, err := w.kube.Watch(ctx, &corev1.SecretList{}, client.MatchingLabels{v1alpha1.RoleLabel: v1alpha1.RoleTarget})
	if err != nil {
		return result{}, fmt.Errorf("watching targets: %w", err)
	}
	defer targets.Stop()
	var took []time.Duration
	r, err := w.measure("rotate one", n, func() (time.Time, error) {
		for i := range n {
			begun, err := w.requestRotation(ctx, prefix, i)
			if err != nil {
				return begun, err
			}
			for event := range targets.ResultChan() {
				s, isSecret := event.Object.(*corev1.Secret)
				if isSecret && s.Name == objectName(prefix, i) && s.Annotations[v1alpha1.RevisionAnnotation] == "2" {
					break
				}
			}
			took = append(took, w.clock.Now().Sub(begun))
			if err := w.reported(ctx, prefix, i); err != nil {
				return begun, err
			}
		}
		return w.clock.Now(), w.quiet(ctx)
	}, nil, nil)
	r.P50, r.P99 = percentiles(took)
	return r, err
}

// reported waits until the object's status says that the replaced passcode can be deleted: so no rotation is measured while
// the one before is still reported.
func (w *world) reported(ctx context.Context, prefix string, i int) error {
	o := &v1alpha1.CleverTapPasscode{}
	err := wait.PollUntilContextTimeout(ctx, 10*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		err := w.kube.Get(ctx, client.ObjectKey{Namespace: namespace(i), Name: objectName(prefix, i)}, o)
		return err == nil && len(o.Status.Passcodes) > 0 && o.Status.Passcodes[0].State == v1alpha1.StateRetired, err
	})
	if err != nil {
		return fmt.Errorf("waiting for the end of a rotation: %w", err)
	}
	return nil
}

// requestRotation requests a rotation, and is when the API server had taken it.
func (w *world) requestRotation(ctx context.Context, prefix string, i int) (time.Time, error) {
	o := &v1alpha1.CleverTapPasscode{ObjectMeta: metav1.ObjectMeta{Name: objectName(prefix, i), Namespace: namespace(i)}}
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:"now"}}}`, v1alpha1.RotateRequestedAtAnnotation)
	err := w.kube.Patch(ctx, o, client.RawPatch(types.MergePatchType, []byte(patch)))
	return w.clock.Now(), err
}

func percentiles(took []time.Duration) (p50, p99 time.Duration) {
	slices.Sort(took)
	return took[len(took)/2], took[len(took)*99/100]
}

// idle measures a while in which nothing happens.
func (w *world) idle(n int, lasts time.Duration) (result, error) {
	return w.measure("idle", n, func() (time.Time, error) {
		<-w.clock.After(lasts)
		return w.clock.Now(), nil
	}, nil, nil)
}

// restart measures a new process with everything there.
func (w *world) restart(ctx context.Context, n int) (result, error) {
	if err := w.stopOperator(); err != nil {
		return result{}, err
	}
	if _, err := w.audit.since(); err != nil {
		return result{}, err
	}
	ready, err := w.startOperator(ctx)
	if err != nil {
		return result{}, err
	}
	if err := w.quiet(ctx); err != nil {
		return result{}, err
	}
	requests, err := w.audit.since()
	if err != nil {
		return result{}, err
	}
	u, err := w.usage()
	return result{Phase: "restart", N: n, Published: ready, CPU: u.CPU, Memory: u.Memory, Peak: u.Peak, Requests: tally(requests)}, err
}

// floorTarget is a Secret of the bench's own, in the form of a target.
func floorTarget(i int) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: objectName("floor", i), Namespace: namespace(i)}, StringData: map[string]string{
		"accountId": "BENCH", "passcode": "a", "region": "in1", "endpoint": "https://in1.api.clevertap.com",
	}}
}

func (w *world) rewrite(ctx context.Context, i int, value string) error {
	patch := fmt.Sprintf(`{"stringData":{"passcode":%q}}`, value)
	return w.kube.Patch(ctx, floorTarget(i), client.RawPatch(types.MergePatchType, []byte(patch)))
}

// everyTarget is the floor's phase that the ratios of publishing refer to.
const everyTarget = "floor, all"

// floor measures the same writes of targets with no controller at all, all at once.
func (w *world) floor(ctx context.Context, n int) (result, error) {
	if err := each(n, func(i int) error { return w.kube.Create(ctx, floorTarget(i)) }); err != nil {
		return result{}, fmt.Errorf("preparing the floor: %w", err)
	}
	runtime.GC()
	begun := w.clock.Now()
	if err := each(n, func(i int) error { return w.rewrite(ctx, i, "b") }); err != nil {
		return result{}, fmt.Errorf("measuring the floor: %w", err)
	}
	return result{Phase: everyTarget, N: n, Published: w.clock.Now().Sub(begun)}, nil
}

// floorOfOne measures the writes of the floor's targets one after the other.
func (w *world) floorOfOne(ctx context.Context, n int) (result, error) {
	var took []time.Duration
	for i := range n {
		begun := w.clock.Now()
		if err := w.rewrite(ctx, i, "c"); err != nil {
			return result{}, fmt.Errorf("measuring the floor: %w", err)
		}
		took = append(took, w.clock.Now().Sub(begun))
	}
	one := result{Phase: "floor, one", N: n}
	one.P50, one.P99 = percentiles(took)
	return one, nil
}

// crowd makes Secrets and Pods that are nobody's business; some Pods run, and use targets of objects in their
// environment, which only a restart changes.
func (w *world) crowd(ctx context.Context, secrets, pods, using int, prefix string, objects int) error {
	blob := make([]byte, 8<<10)
	err := each(secrets, func(i int) error {
		return w.kube.Create(ctx,
			&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: objectName("crowd", i), Namespace: namespace(i)}, Data: map[string][]byte{"blob": blob}})
	})
	if err != nil {
		return fmt.Errorf("making other Secrets: %w", err)
	}
	return each(pods, func(i int) error {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: objectName("pod", i), Namespace: namespace(i)}}
		pod.Spec.Containers = []corev1.Container{{Name: "app", Image: "app"}}
		if i < using {
			secret := &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: objectName(prefix, i%objects)}}
			pod.Spec.Containers[0].EnvFrom = []corev1.EnvFromSource{{SecretRef: secret}}
		}
		if err := w.kube.Create(ctx, pod); err != nil || i >= using {
			return err
		}
		pod.Status.Phase = corev1.PodRunning
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "app",
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(w.clock.Now())}}}}
		return w.kube.Status().Update(ctx, pod)
	})
}
