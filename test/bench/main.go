// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Command bench measures the operator, as a process of its own, against a real API server: make bench.
//
// With -counts it measures no time, but fails where a rotation or an idle operator makes a request too many.
package main

import (
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

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctrl.SetLogger(logr.Discard())
	counts := flag.Bool("counts", false, "count requests of 100 objects alone")
	only := flag.String("only", "", "run one scenario alone: basic, crowd, large, growth, slow, account, shards or huge")
	out := flag.String("out", "", "folder for bench.json and bench.md; absent: the table is printed alone")
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

// basic is the comparison with the floor, three times; the median of each phase is kept.
func basic(ctx context.Context, runs int) ([]result, error) {
	const n = 500
	var all [][]result
	for range runs {
		results, err := in(ctx, 0, func(w *world) ([]result, error) { return once(ctx, w, n) })
		if err != nil {
			return nil, err
		}
		all = append(all, results)
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
	if _, err := w.startOperator(ctx); err != nil {
		return nil, err
	}
	if _, err := w.onboard(ctx, "warm", 100, nil); err != nil {
		return nil, err
	}
	if _, err := w.onboard(ctx, "single", 100, nil); err != nil {
		return nil, err
	}
	floorAll, floorOne, err := w.floor(ctx, n)
	if err != nil {
		return nil, err
	}
	due := w.clock.Now().Add(time.Duration(n)*20*time.Millisecond + 15*time.Second).Truncate(time.Second)
	onboarded, err := w.onboard(ctx, "many", n, rotatingAt(due))
	if err != nil {
		return nil, err
	}
	rotated, err := w.rotateAll(ctx, "many", n, due)
	if err != nil {
		return nil, err
	}
	single, err := w.rotateOne(ctx, "single", 100)
	if err != nil {
		return nil, err
	}
	idle, err := w.idle(n, time.Minute)
	if err != nil {
		return nil, err
	}
	restarted, err := w.restart(ctx, n)
	if err != nil {
		return nil, err
	}
	if err := w.stopOperator(); err != nil {
		return nil, err
	}
	same, err := w.floorOfSameWrites(ctx, "many", n)
	return []result{floorAll, floorOne, same, onboarded, rotated, single, idle, restarted}, err
}

// crowded is the same beside 20,000 Secrets and 10,000 Pods of others.
func crowded(ctx context.Context) ([]result, error) {
	const n = 500
	return in(ctx, 0, func(w *world) ([]result, error) {
		if err := w.crowd(ctx, 20_000, 10_000, 2_000, "many", 100); err != nil {
			return nil, err
		}
		if _, err := w.startOperator(ctx); err != nil {
			return nil, err
		}
		onboarded, err := w.onboard(ctx, "many", n, nil)
		if err != nil {
			return nil, err
		}
		quiet, err := w.idle(n, time.Minute)
		if err != nil {
			return nil, err
		}
		// 100 objects that Pods use become Retiring at once.
		retiring, err := w.measure("100 become Retiring", 100, func() (time.Time, error) {
			begun := w.clock.Now()
			err := each(100, func(i int) error { _, err := w.requestRotation(ctx, "many", i); return err })
			if err != nil {
				return begun, err
			}
			return begun, w.until(ctx, "many", 100, "2")
		}, nil, nil)
		if err != nil {
			return nil, err
		}
		waiting, err := w.idle(n, time.Minute)
		waiting.Phase = "idle, 100 Retiring"
		return []result{onboarded, quiet, retiring, waiting}, err
	})
}

// large is the objects of a large cluster.
func large(ctx context.Context, n int) ([]result, error) {
	return in(ctx, 0, func(w *world) ([]result, error) {
		if _, err := w.startOperator(ctx); err != nil {
			return nil, err
		}
		onboarded, err := w.onboard(ctx, "many", n, nil)
		if err != nil {
			return nil, err
		}
		idle, err := w.idle(n, time.Minute)
		if err != nil {
			return nil, err
		}
		restarted, err := w.restart(ctx, n)
		return []result{onboarded, idle, restarted}, err
	})
}

// growth is how time and memory grow with the number of objects, beside the same writes with no operator running.
func growth(ctx context.Context, profiles string) ([]result, error) {
	var all []result
	for _, n := range []int{100, 1_000, 10_000} {
		results, err := in(ctx, 0, func(w *world) ([]result, error) {
			if _, err := w.startOperator(ctx); err != nil {
				return nil, err
			}
			due := w.clock.Now().Add(time.Duration(n)*20*time.Millisecond + 15*time.Second).Truncate(time.Second)
			onboarded, err := w.onboard(ctx, "many", n, rotatingAt(due))
			if err != nil {
				return nil, err
			}
			rotated, err := w.rotateAll(ctx, "many", n, due)
			if err != nil {
				return nil, err
			}
			if err := w.profiles(ctx, profiles, strconv.Itoa(n)); err != nil {
				return nil, err
			}
			if err := w.stopOperator(); err != nil {
				return nil, err
			}
			same, err := w.floorOfSameWrites(ctx, "many", n)
			return []result{same, onboarded, rotated}, err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, results...)
	}
	return all, nil
}

// slowVendor is a CleverTap that takes 200 ms for a response: each account's two calls at once are the limit.
func slowVendor(ctx context.Context) ([]result, error) {
	return in(ctx, 200*time.Millisecond, func(w *world) ([]result, error) {
		if _, err := w.startOperator(ctx); err != nil {
			return nil, err
		}
		onboarded, err := w.onboard(ctx, "many", 500, nil)
		onboarded.Phase = fmt.Sprintf("onboard, at most %d calls of an account at once", w.vendor.Busiest())
		return []result{onboarded}, err
	})
}

// oneAccount is 10,000 objects on one account, of which CleverTap takes two calls at once.
func oneAccount(ctx context.Context) ([]result, error) {
	return in(ctx, 0, func(w *world) ([]result, error) {
		w.account = "BENCH-ONE"
		if _, err := w.startOperator(ctx); err != nil {
			return nil, err
		}
		onboarded, err := w.onboard(ctx, "many", 10_000, nil)
		onboarded.Phase = fmt.Sprintf("onboard, at most %d calls of the account at once", w.vendor.Busiest())
		return []result{onboarded}, err
	})
}

// shards is one operator for all objects, and then two with half of them each.
func shards(ctx context.Context) ([]result, error) {
	const n = 2_000
	var all []result
	for _, selector := range []string{"", "shard=0"} {
		results, err := in(ctx, 0, func(w *world) ([]result, error) {
			w.shard = "yes"
			if _, err := w.startOperator(ctx, "--watch-label-selector="+selector); err != nil {
				return nil, err
			}
			owned := n
			if selector != "" {
				owned = n / 2
			}
			r, err := w.measure("onboard, selector "+orAll(selector), owned, func() (time.Time, error) {
				begun, err := w.declare(ctx, "many", n, func(*v1alpha1.CleverTapPasscode) {})
				if err != nil {
					return begun, err
				}
				return begun, w.until(ctx, "many", owned, "1")
			}, func(all []request) []time.Time { return timesOf(all, "create secrets") }, settledAfterOnboarding)
			return []result{r}, err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, results...)
	}
	return all, nil
}

func orAll(selector string) string {
	if selector == "" {
		return "none"
	}
	return selector
}
