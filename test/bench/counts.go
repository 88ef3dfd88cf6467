// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// checkCounts fails if an onboarding, a rotation or an idle operator makes a request more than it must.
func checkCounts(ctx context.Context) error {
	const n = 100
	_, err := in(ctx, 0, func(w *world) ([]result, error) {
		s := &sequence{}
		s.do(w.start(ctx))
		due := w.clock.Now().Add(10 * time.Second).Truncate(time.Second)
		s.measure(func() (result, error) { return w.onboard(ctx, "many", n, rotatingAt(due)) })
		s.measure(func() (result, error) { return w.rotateAll(ctx, "many", n, due) })
		s.measure(func() (result, error) { return w.idle(n, 5*time.Second) })
		s.measure(func() (result, error) { return w.restart(ctx, n) })
		if s.err != nil {
			return nil, s.err
		}
		onboarded, rotated, idle, restarted := s.results[0], s.results[1], s.results[2], s.results[3]
		return nil, errors.Join(
			// An uncached read of the object, one write of the target, a status and an event. If CleverTap takes longer than a
			// second, an object is reported as Verifying before, which is one status more.
			onboarded.atMost("create secrets", n), onboarded.atMost("patch clevertappasscodes/status", 2*n), onboarded.atMost("create events", n),
			onboarded.none("get secrets", "patch secrets", "list secrets", "list pods"), onboarded.atMost("get clevertappasscodes", n), onboarded.asked(2*n),
			// The target, one list of Pods for the objects of a namespace, and one status that says both what is active and that
			// nothing uses the replaced value. One in ten may have reported before, because its scan took longer than a second. The
			// events are Rotated, SafeToDelete, and NoSuccessor, because none is left.
			rotated.atMost("patch secrets", n), rotated.atMost("patch clevertappasscodes/status", n+n/10), rotated.atMost("create events", 3*n),
			rotated.atMost("list pods", n), rotated.none("get secrets", "list secrets", "get clevertappasscodes", "create secrets"), rotated.asked(n),
			idle.nothing(),
			restarted.atMost("list secrets", 1), restarted.atMost("list clevertappasscodes", 1),
			restarted.none("patch secrets", "create secrets", "patch clevertappasscodes/status", "create events"),
		)
	})
	if err == nil {
		fmt.Printf("requests of %d objects: as few as they must be\n", n)
	}
	return err
}

func (r result) atMost(what string, most int) error {
	if got := r.Requests[what]; got > most {
		return fmt.Errorf("%s of %d: %d × %s, at most %d are needed", r.Phase, r.N, got, what, most)
	}
	return nil
}

func (r result) none(whats ...string) error {
	var problems []error
	for _, what := range whats {
		problems = append(problems, r.atMost(what, 0))
	}
	return errors.Join(problems...)
}

func (r result) asked(most int) error {
	if r.Calls > most {
		return fmt.Errorf("%s of %d: %d verifications, at most %d are needed", r.Phase, r.N, r.Calls, most)
	}
	return nil
}

func (r result) nothing() error {
	if len(r.Requests) > 0 || r.Calls > 0 {
		return fmt.Errorf("%s of %d: %v, and %d verifications; none are needed", r.Phase, r.N, r.Requests, r.Calls)
	}
	return nil
}
