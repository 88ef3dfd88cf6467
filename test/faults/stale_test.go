// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// staleCaches are workloads in which a replica sees late, or not at all, what the API server has. None has faults
// besides; how many replicas work at a time, without an election, is part of each.
func staleCaches() []staleCache {
	return slices.Concat(pausedCaches(), brokenWatches())
}

// pausedCaches are those of watches and replicas that are paused, and go on.
func pausedCaches() []staleCache {
	return []staleCache{
		{"the watch of targets is paused over two rotations", 1, workload{run: steps(begunWith("b", "c"), settles,
			paused(secrets), rotates("1", "b"), settles, rotates("2", "c"), settles, releases(secrets), settles, revisionIs(3))}},
		{"the watch of objects is paused while another replica handles a request", 2, workload{run: steps(begunWith("b", "c"), settles,
			paused(objects, everything), rotates("1", "b"), settles, rotates("2", "c"), releases(everything), settles, releases(objects), settles,
			revisionIs(3))}},
		{"the watch of objects is paused at the rotation time of what was replaced since", 2, workload{run: steps(begunWith("b", "c"), settles,
			paused(objects, everything), rotates("1", "b"), releases(everything), settles, passes(60), releases(objects), settles, publishes("b"),
			revisionIs(2))}},
		{"the watch of objects is paused while another replica writes under a new target.name", 2, workload{run: steps(begun, settles,
			paused(objects, everything), changes(targetNamed("new")), inTarget("new", "a"), releases(everything), settles, neverReleased("new"),
			releases(objects), settles, neverReleased("new"))}},
		{"the watch of objects is paused while another replica writes under two new names", 2, workload{run: steps(begun, settles,
			paused(objects, everything), changes(targetNamed("new")), inTarget("new", "a"), changes(targetNamed("newer")), inTarget("newer", "a"),
			releases(everything), settles, releases(objects), settles, neverReleased("newer"))}},
		{"the watch of objects is paused while one is observed", 2, workload{run: steps(begun, settles, paused(objects, everything),
			changes(func(o *v1alpha1.CleverTapPasscode) { o.Spec.Mode = v1alpha1.ModeObserve }), settles, releases(everything), settles,
			releases(objects), settles)}},
		{"the watch of objects is paused while one is made anew", 2, workload{run: steps(begunWith("b", "c"), settles,
			paused(objects, everything), madeAnew, settles, releases(everything), settles, releases(objects), settles, publishes("b"))}},
		{"the watch of targets is paused at the rotation time of what was replaced since", 2, workload{run: steps(begunWith("b", "c"), settles,
			paused(secrets, everything), rotates("1", "b"), releases(everything), settles, passes(60), releases(secrets), settles, publishes("b"),
			revisionIs(2))}},
		{"another replica publishes first while targets are paused", 2,
			workload{run: steps(settles, paused(secrets, everything), begunWith("b", "c"), releases(everything), settles,
				releases(secrets), settles, revisionIs(1))}},
		{"a target that another replica wrote is deleted while objects are paused", 2, workload{run: steps(begunWith("b", "c"), settles,
			paused(objects, everything), rotates("1", "b"), releases(everything), settles, deletesTarget, settles, releases(objects), settles,
			publishes("b"))}},
		{"a replica is paused, misses a rotation, and goes on", 2, workload{run: steps(begunWith("b", "c"), settles,
			paused(everything, objects, secrets), rotates("1", "b"), settles, releases(everything, objects, secrets), settles, revisionIs(2))}},
		{"a replica is paused right before its write, which another makes", 2, workload{run: steps(begunWith("b", "c"), settles,
			paused(writes), rotates("1", "b"), settles, rotates("2", "c"), settles, releases(writes), settles, publishes("c"), revisionIs(3))}},
		{"a replica is paused over the rotation time and its end", 2, workload{run: steps(begun, settles,
			paused(everything, objects, secrets), passes(60), publishes("b"), settles, passes(95), releases(everything, objects, secrets), settles,
			revisionIs(2))}},
	}
}

// brokenWatches are those of lists from before, and of watches that end.
func brokenWatches() []staleCache {
	return []staleCache{
		{"a restart lists what was before a rotation, and catches up", 1, workload{run: steps(begunWith("b", "c"), settles,
			snapshots, rotates("1", "b"), settles, crashesIntoThePast(objects, secrets), settles, passes(60), catchesUp, settles, publishes("b"),
			revisionIs(2))}},
		{"a restart lists what was before a target was published and deleted", 1, workload{run: steps(begunWith("b", "c"), settles,
			snapshots, rotates("1", "b"), settles, crashesIntoThePast(objects, secrets), deletesTarget, settles, catchesUp, settles, publishes("b"))}},
		{"a restart lists an object from before a rotation, whose target is gone", 1, workload{run: steps(begunWith("b", "c"), settles,
			snapshots, rotates("1", "b"), settles, paused(everything), deletesTarget, crashesIntoThePast(objects), settles, releases(objects), settles,
			publishes("b"))}},
		{"a watch ends, a foreign Secret takes the target's place, and 410", 1, workload{conflicts: true, run: steps(begun, settles,
			cuts(secrets), deletesTarget, takesThePlace, settles, releases(secrets), settles, reportsConflict)}},
		{"a watch ends, the object is made anew, and 410", 1, workload{run: steps(begun, settles,
			cuts(objects), madeAnew, settles, releases(objects), settles, publishes("b"), revisionIs(2))}},
		{"both watches end, the object and its target are made anew, and 410", 1, workload{run: steps(begun, settles,
			cuts(objects), cuts(secrets), deletesTarget, madeAnew, settles, releases(objects, secrets), settles, publishes("b"))}},
	}
}

// staleCache is a workload for a number of replicas; what is paused is replica 0's.
type staleCache struct {
	name     string
	replicas int
	workload workload
}

func paused(resources ...string) action {
	return func(_ context.Context, s *scene) error {
		s.current().gate.pause(resources...)
		return nil
	}
}

func releases(resources ...string) action {
	return func(_ context.Context, s *scene) error {
		s.current().gate.release(resources...)
		return nil
	}
}

func cuts(resource string) action {
	return func(_ context.Context, s *scene) error {
		s.current().gate.cut(resource)
		return nil
	}
}

// rotates requests it and waits for another one to be published.
func rotates(request, passcode string) action {
	return steps(requests(v1alpha1.RotateRequestedAtAnnotation, request), publishes(passcode))
}

// passes lets the time be so many days after the start.
func passes(days int) action {
	return func(_ context.Context, s *scene) error {
		s.clock.SetTime(s.start.Add(day * time.Duration(days)))
		s.settle()
		return nil
	}
}

func deletesTarget(ctx context.Context, s *scene) error {
	return s.kube.Delete(ctx, s.secret(ctx, "o"))
}

// snapshots keeps what lists say now.
func snapshots(_ context.Context, s *scene) error {
	transport, err := rest.TransportFor(s.config)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	s.older = map[string]*listing{}
	for _, resource := range []string{objects, secrets} {
		if s.older[resource], err = s.current().gate.listed(resource, transport); err != nil {
			return err
		}
	}
	return nil
}

// crashesIntoThePast crashes; the next incarnation lists what the snapshot has of these resources, whose watches are
// paused.
func crashesIntoThePast(resources ...string) action {
	return func(_ context.Context, s *scene) error {
		s.mu.Lock()
		s.prepare = func(i *incarnation) {
			for _, resource := range resources {
				i.gate.older[resource] = s.older[resource]
			}
			i.gate.pause(resources...)
			s.prepare = nil
		}
		s.mu.Unlock()
		s.current().crash()
		return s.until("the next incarnation begins in the past", func() bool { return s.current().works() && s.current().gate.inThePast() })
	}
}

func catchesUp(ctx context.Context, s *scene) error { return releases(objects, secrets)(ctx, s) }

// takesThePlace makes a Secret of the target's name that is not the operator's.
func takesThePlace(ctx context.Context, s *scene) error {
	return s.kube.Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "o", Namespace: s.namespace}, StringData: map[string]string{"mine": "alone"},
	})
}

func reportsConflict(ctx context.Context, s *scene) error {
	err := reports("o", v1alpha1.ReasonTargetConflict)(ctx, s)
	if foreign := s.secret(ctx, "o"); len(foreign.Data) != 1 || len(foreign.Annotations) > 0 {
		return errors.Join(err, fmt.Errorf("not ours is written: %v", foreign))
	}
	return err
}

// neverReleased fails if a target was ever marked as released.
func neverReleased(name string) action {
	return func(_ context.Context, s *scene) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, state := range s.states {
			if state.Name == name && state.Annotations[v1alpha1.ReleasedAtAnnotation] != "" {
				return fmt.Errorf("Secret %s was marked as released", name)
			}
		}
		return nil
	}
}

// madeAnew deletes the object, and makes one of its name with only "b".
func madeAnew(ctx context.Context, s *scene) error {
	o, err := s.object(ctx, "o")
	if err != nil {
		return err
	}
	return errors.Join(s.kube.Delete(ctx, o), s.declare(ctx, "b"))
}

func revisionIs(n int64) action {
	return func(ctx context.Context, s *scene) error {
		return s.until(fmt.Sprintf("revision %d", n), func() bool {
			o, err := s.object(ctx, "o")
			return client.IgnoreNotFound(err) == nil && o.Status.Revision == n && s.secret(ctx, "o").Annotations[v1alpha1.RevisionAnnotation] == fmt.Sprint(n)
		})
	}
}

func TestStaleCache(t *testing.T) {
	c := ofThisProcess(t)
	for _, cache := range staleCaches() {
		t.Run(cache.name, func(t *testing.T) {
			t.Parallel()
			c.stale(t, cache, nil)
		})
	}
}

// stale runs one, replica 0 on the API server behind the link if there is one.
func (c *campaign) stale(t *testing.T, cache staleCache, behind *link) {
	t.Helper()
	cache.workload.name = cache.name
	c.run(t, plan{kind: "stale cache", workload: cache.workload, replicas: cache.replicas, behind: behind}, nil)
}
