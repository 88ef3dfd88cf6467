// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Command bench measures the operator, as a process of its own, against a real API server: make bench.
//
// With -counts it measures no time, but fails if a rotation or an idle operator makes a request too many.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctrl.SetLogger(logr.Discard())
	counts := flag.Bool("counts", false, "only count requests of 100 objects")
	only := flag.String("only", "", "run only one scenario: basic, crowd, large, growth, slow, account, shards or huge")
	out := flag.String("out", "", "folder for bench.json and bench.md; absent: the table is only printed")
	profiles := flag.String("profiles", "", "folder for profiles of the scenario growth; absent: none are made")
	runs := flag.Int("runs", 3, "how often the basic scenario is run; the median is kept")
	flag.Parse()
	var err error
	if *counts {
		err = checkCounts(ctx)
	} else {
		err = run(ctx, *only, *out, *profiles, *runs)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1) // stopped above
	}
}

// scenario is a world of its own, with the results of its phases.
type scenario struct {
	name string
	run  func(context.Context) ([]result, error)
}

// huge takes longer than all others together: it is run only by name.
const huge = "huge"

func run(ctx context.Context, only, out, profiles string, runs int) error {
	var all []group
	for _, s := range []scenario{
		{"basic", func(ctx context.Context) ([]result, error) { return basic(ctx, runs) }},
		{"crowd", crowded},
		{"large", func(ctx context.Context) ([]result, error) { return large(ctx, 10_000) }},
		{"growth", func(ctx context.Context) ([]result, error) { return growth(ctx, profiles) }},
		{"slow", slowVendor}, {"account", oneAccount}, {"shards", shards},
		{huge, func(ctx context.Context) ([]result, error) { return large(ctx, 50_000) }},
	} {
		if s.name != only && (only != "" || s.name == huge) {
			continue
		}
		fmt.Fprintln(os.Stderr, "bench:", s.name)
		results, err := s.run(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		all = append(all, group{s.name, results})
	}
	return report(all, out)
}

// in runs phases in a fresh world with an operator.
func in(ctx context.Context, delay time.Duration, do func(w *world) ([]result, error)) ([]result, error) {
	w, err := newWorld(ctx, delay)
	if err != nil {
		return nil, err
	}
	results, err := do(w)
	if err != nil {
		return nil, fmt.Errorf("%w (the operator's log ends: %s)", err, w.logEnd())
	}
	return results, w.close()
}

func (w *world) logEnd() string {
	text, err := os.ReadFile(w.folder + "/operator.log")
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// sequence is phases, each of which runs unless one before it has failed.
type sequence struct {
	results []result
	err     error
}

func (s *sequence) do(prepare func() error) {
	if s.err == nil {
		s.err = prepare()
	}
}

func (s *sequence) measure(phase func() (result, error)) {
	s.measureAll(func() ([]result, error) {
		r, err := phase()
		return []result{r}, err
	})
}

func (s *sequence) measureAll(phases func() ([]result, error)) {
	s.do(func() error {
		results, err := phases()
		s.results = append(s.results, results...)
		return err
	})
}

// basic is the comparison with the floor, three times; the median of each phase is kept.
func basic(ctx context.Context, runs int) ([]result, error) {
	const n = 500
	all := make([][]result, runs)
	for i := range all {
		var err error
		if all[i], err = in(ctx, 0, func(w *world) ([]result, error) { return once(ctx, w, n) }); err != nil {
			return nil, err
		}
	}
	var medians []result
	for phase := range all[0] {
		same := make([]result, 0, runs)
		for _, results := range all {
			same = append(same, results[phase])
		}
		slices.SortFunc(same, func(a, b result) int { return int(a.Published + a.P50 - b.Published - b.P50) })
		medians = append(medians, same[runs/2])
	}
	return medians, nil
}

// once runs the floor and every phase, after a warm-up.
func once(ctx context.Context, w *world, n int) ([]result, error) {
	s := &sequence{}
	s.do(w.start(ctx))
	s.do(func() error { _, err := w.onboard(ctx, "warm", 100, nil); return err })
	s.do(func() error { _, err := w.onboard(ctx, "single", 100, nil); return err })
	s.measure(func() (result, error) { return w.floor(ctx, n) })
	s.measure(func() (result, error) { return w.floorOfOne(ctx, min(n, 100)) })
	due := w.dueAfterOnboarding(n)
	s.measure(func() (result, error) { return w.onboard(ctx, "many", n, rotatingAt(due)) })
	s.measure(func() (result, error) { return w.rotateAll(ctx, "many", n, due) })
	s.measure(func() (result, error) { return w.rotateOne(ctx, "single", 100) })
	s.measure(func() (result, error) { return w.idle(n, time.Minute) })
	s.measure(func() (result, error) { return w.restart(ctx, n) })
	s.do(w.stopOperator)
	s.measure(func() (result, error) { return w.floorOfSameWrites(ctx, "many", n) })
	return s.results, s.err
}

// crowded is the same beside 20,000 Secrets and 10,000 Pods of others.
func crowded(ctx context.Context) ([]result, error) {
	const n = 500
	return in(ctx, 0, func(w *world) ([]result, error) {
		s := &sequence{}
		s.do(func() error { return w.crowd(ctx, 20_000, 10_000, 2_000, "many", 100) })
		s.do(w.start(ctx))
		s.measure(func() (result, error) { return w.onboard(ctx, "many", n, nil) })
		s.measure(func() (result, error) { return w.idle(n, time.Minute) })
		s.measure(func() (result, error) { return w.retire(ctx, "many", 100) }) // which Pods use
		s.measure(func() (result, error) {
			waiting, err := w.idle(n, time.Minute)
			waiting.Phase = "idle, 100 Retiring"
			return waiting, err
		})
		return s.results, s.err
	})
}

// large is the objects of a large cluster.
func large(ctx context.Context, n int) ([]result, error) {
	return in(ctx, 0, func(w *world) ([]result, error) {
		s := &sequence{}
		s.do(w.start(ctx))
		s.measure(func() (result, error) { return w.onboard(ctx, "many", n, nil) })
		s.measure(func() (result, error) { return w.idle(n, time.Minute) })
		s.measure(func() (result, error) { return w.restart(ctx, n) })
		return s.results, s.err
	})
}

// growth is how time and memory grow with the number of objects, beside the same writes with no operator running.
func growth(ctx context.Context, profiles string) ([]result, error) {
	all := &sequence{}
	for _, n := range []int{100, 1_000, 10_000} {
		all.measureAll(func() ([]result, error) {
			return in(ctx, 0, func(w *world) ([]result, error) {
				s := &sequence{}
				s.do(w.start(ctx))
				due := w.dueAfterOnboarding(n)
				s.measure(func() (result, error) { return w.onboard(ctx, "many", n, rotatingAt(due)) })
				s.measure(func() (result, error) { return w.rotateAll(ctx, "many", n, due) })
				s.do(func() error { return w.profiles(ctx, profiles, strconv.Itoa(n)) })
				s.do(w.stopOperator)
				s.measure(func() (result, error) { return w.floorOfSameWrites(ctx, "many", n) })
				return s.results, s.err
			})
		})
	}
	return all.results, all.err
}

// slowVendor is a CleverTap that takes 200 ms for a response: each account's two calls at once are the limit.
func slowVendor(ctx context.Context) ([]result, error) {
	return in(ctx, 200*time.Millisecond, func(w *world) ([]result, error) {
		return onboardWithCalls(ctx, w, 500, "onboard, at most %d calls of an account at once")
	})
}

// oneAccount is 10,000 objects on one account, of which CleverTap takes two calls at once.
func oneAccount(ctx context.Context) ([]result, error) {
	return in(ctx, 0, func(w *world) ([]result, error) {
		w.account = "BENCH-ONE"
		return onboardWithCalls(ctx, w, 10_000, "onboard, at most %d calls of the account at once")
	})
}

// onboardWithCalls names the phase by how many calls of an account CleverTap got at once.
func onboardWithCalls(ctx context.Context, w *world, n int, phase string) ([]result, error) {
	s := &sequence{}
	s.do(w.start(ctx))
	s.measure(func() (result, error) {
		onboarded, err := w.onboard(ctx, "many", n, nil)
		onboarded.Phase = fmt.Sprintf(phase, w.vendor.Busiest())
		return onboarded, err
	})
	return s.results, s.err
}

// shards is one operator for all objects, and then two with half of them each.
func shards(ctx context.Context) ([]result, error) {
	const n = 2_000
	all := &sequence{}
	for _, selector := range []string{"", "shard=0"} {
		watched := n
		if selector != "" {
			watched = n / 2
		}
		all.measureAll(func() ([]result, error) {
			return in(ctx, 0, func(w *world) ([]result, error) {
				w.shard = "yes"
				s := &sequence{}
				s.do(w.start(ctx, "--watch-label-selector="+selector))
				s.measure(func() (result, error) {
					onboarded, err := w.onboardPart(ctx, "many", n, watched, nil)
					onboarded.Phase = "onboard, selector " + cmp.Or(selector, "none")
					return onboarded, err
				})
				return s.results, s.err
			})
		})
	}
	return all.results, all.err
}
