// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"pgregory.net/rapid"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

// shared is the campaign of this process, whose control plane serves all tests; nil if there is none.
var shared *campaign

func TestMain(m *testing.M) {
	flag.Parse()
	ctrl.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	os.Exit(withControlPlane(m.Run))
}

func withControlPlane(run func() int) int {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		return run()
	}
	c, err := newCampaign()
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		return 1
	}
	shared = c
	code := run()
	if err := errors.Join(c.plane.Stop(), c.write(os.Getenv("FAULTS_OUT"))); err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		return 1
	}
	return code
}

// ofThisProcess is the shared campaign; without a control plane the test says that it did not run.
func ofThisProcess(t *testing.T) *campaign {
	t.Helper()
	if shared == nil {
		t.Skip("NOT RUN: KUBEBUILDER_ASSETS names no control plane; make test does")
	}
	return shared
}

// campaign is a control plane and what came of the plans on it.
type campaign struct {
	plane  *harness.ControlPlane
	kube   client.WithWatch
	config *rest.Config
	binary string // of the operator that is killed

	mu         sync.Mutex
	references map[string]*reference
	summary    summary
}

// newCampaign starts a control plane, which its caller stops.
func newCampaign() (*campaign, error) {
	plane, err := harness.Start("")
	if err != nil {
		return nil, err
	}
	c := &campaign{plane: plane, config: plane.Config(), references: map[string]*reference{}}
	c.binary = filepath.Join(harness.Root(), "bin", "clevertap-passcode-operator")
	c.summary.Violations = map[string]int{}
	c.config.QPS = -1
	if c.kube, err = harness.Client(c.config); err != nil {
		return nil, errors.Join(err, plane.Stop())
	}
	return c, nil
}

// summary is what FAULTS_OUT names a file for.
type summary struct {
	Workloads, Points            int
	SingleFaultPlans             int
	DoubleCrashPlans             int
	TwoReplicaPlans              int
	GeneratedPlans               int
	NotReached                   int `json:"plansWhosePointWasNotReached"`
	FaultsInjected, StatesJudged int
	StaleCaches                  int
	Kills                        int
	SchemaLeaves, SpecChanges    int
	LoadObjects, LoadCalls       int
	LoadCallsDown, LoadMegabytes int
	MalformedObjects             int
	Violations                   map[string]int
}

func (c *campaign) write(file string) error {
	if file == "" {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	text, err := json.MarshalIndent(c.summary, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the summary: %w", err)
	}
	if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil { // documentation is read by everyone
		return fmt.Errorf("writing the summary: %w", err)
	}
	return nil
}

// plan is one run of a workload with faults at numbered points.
type plan struct {
	kind     string
	workload workload
	faults   map[int]fault
	replicas int
	children bool  // the operator runs as a child process, by the real clock
	behind   *link // the way of replica 0's API server to etcd, if that is another one
}

// String is the plan's name as a test: points, and the fault at each.
func (p plan) String() string {
	var points, faults []string
	var order []int
	for point := range p.faults {
		order = append(order, point)
	}
	slices.Sort(order)
	for _, point := range order {
		points, faults = append(points, strconv.Itoa(point)), append(faults, string(p.faults[point]))
	}
	return fmt.Sprintf("point=%s/fault=%s", strings.Join(points, "+"), strings.Join(faults, "+"))
}

// reference is a workload's end without faults, and how many points it has.
type reference struct {
	once   sync.Once
	end    *ending
	points int
}

// referenceOf runs the workload three times without faults: what differs between them differs by itself.
func (c *campaign) referenceOf(t *testing.T, w workload, children bool) *reference {
	t.Helper()
	c.mu.Lock()
	key := fmt.Sprint(w.name, children)
	r := c.references[key]
	if r == nil {
		r = &reference{}
		c.references[key] = r
	}
	c.mu.Unlock()
	r.once.Do(func() {
		runs := 3
		if children {
			runs = 1 // by the real clock
		}
		for range runs {
			o := c.run(t, plan{kind: "no fault", workload: w, replicas: 1, children: children}, nil)
			if r.end != nil && !cmp.Equal(*r.end, o.end) {
				t.Fatalf("ends in two ways without faults: %s", cmp.Diff(*r.end, o.end))
			}
			r.end, r.points = &o.end, max(r.points, o.points)
		}
	})
	if t.Failed() || r.end == nil {
		t.Fatal("the workload fails without faults")
	}
	return r
}

// stride is which part of all plans runs: every so many, of all or of the sample of -short.
func stride(all, sample int) int {
	if every, err := strconv.Atoi(os.Getenv("FAULTS_EVERY")); err == nil && every > 0 {
		return every
	}
	if strings.Contains(flag.Lookup("test.run").Value.String(), "point=") {
		return 1 // one plan is named
	}
	if testing.Short() {
		return sample
	}
	return all
}

// sampled is true for every so many of its calls, spread evenly.
func sampled(every int) func() bool {
	n := every / 2
	return func() bool {
		n++
		return n%every == 0
	}
}

// eachWorkload has a test for every workload, with what the workload does without faults. A workload that needs time to go
// by has none with replicas that are processes of their own.
func (c *campaign) eachWorkload(t *testing.T, children bool, test func(t *testing.T, w workload, r *reference)) {
	t.Helper()
	for _, w := range workloads() {
		if children && w.timed {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			test(t, w, c.referenceOf(t, w, children))
		})
	}
}

// Every fault at every point of every workload.
func TestWorkload(t *testing.T) {
	c := ofThisProcess(t)
	c.eachWorkload(t, false, func(t *testing.T, w workload, r *reference) {
		c.mu.Lock()
		c.summary.Workloads++
		c.summary.Points += r.points
		c.mu.Unlock()
		chosen := sampled(stride(1, 37))
		for point := range r.points {
			for _, f := range everyFault() {
				if chosen() {
					c.test(t, plan{kind: "single fault", workload: w, faults: map[int]fault{point: f}, replicas: 1}, r.end)
				}
			}
		}
	})
}

// A second crash while the first one is recovered from.
func TestDoubleCrash(t *testing.T) {
	c := ofThisProcess(t)
	c.eachWorkload(t, false, func(t *testing.T, w workload, r *reference) {
		random, chosen := randomOf(w), sampled(stride(3, 38))
		for point := range r.points {
			for _, f := range crashes() {
				for _, within := range []int{6, 12} {
					second := crashes()[random.IntN(2)]
					p := plan{kind: "double crash", workload: w, faults: map[int]fault{point: f, point + 1 + random.IntN(within): second}, replicas: 1}
					if chosen() {
						c.test(t, p, r.end)
					}
				}
			}
		}
	})
}

// A crash of one of two replicas that both work, as two leaders do for a while.
func TestTwoReplicas(t *testing.T) {
	c := ofThisProcess(t)
	c.eachWorkload(t, false, func(t *testing.T, w workload, r *reference) {
		c.testCrashes(t, r, stride(5, 26), plan{kind: "two replicas", workload: w, replicas: 2})
	})
}

// testCrashes carries out the plan with a crash at every point, or at every so many.
func (c *campaign) testCrashes(t *testing.T, r *reference, every int, p plan) {
	t.Helper()
	chosen := sampled(every)
	for point := range r.points {
		for _, f := range crashes() {
			if chosen() {
				p.faults = map[int]fault{point: f}
				c.test(t, p, r.end)
			}
		}
	}
}

// randomOf is the same at every run.
func randomOf(w workload) *rand.Rand {
	name := fnv.New64a()
	_, _ = name.Write([]byte(w.name)) // a hash takes all
	return rand.New(rand.NewPCG(1, name.Sum64()))
}

// test carries a plan out as a test of its own.
func (c *campaign) test(t *testing.T, p plan, reference *ending) {
	t.Helper()
	t.Run(p.String(), func(t *testing.T) {
		t.Parallel()
		c.run(t, p, reference)
	})
}

// outcome is what a plan came to.
type outcome struct {
	end    ending
	points int
}

// run carries a plan out. What it violates is an error, after the story of what happened.
func (c *campaign) run(t rapid.TB, p plan, reference *ending) outcome {
	t.Helper()
	ctx := context.Background() // what ends is the scene, also after the test has failed
	s, err := c.newScene(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	failure := p.workload.run(ctx, s)
	s.settle()
	o := outcome{points: s.fence.counted()}
	found, states, err := s.judge(ctx, p.workload, reference, failure)
	if err == nil {
		o.end, err = s.end(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.count(p, s.fence.injections(), states)
	if len(found) > 0 || (testing.Verbose() && p.kind != "") {
		t.Log(s.story())
	}
	c.report(t, found)
	return o
}

// report has each violation fail the test.
func (c *campaign) report(t rapid.TB, found []violation) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range found {
		c.summary.Violations[v.Invariant]++
		t.Errorf("violates %q: %s", v.Invariant, v.What)
	}
}

func (c *campaign) count(p plan, injected, states int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.summary.FaultsInjected += injected
	c.summary.StatesJudged += states
	switch {
	case p.kind == "generated":
		c.summary.GeneratedPlans++ // whose point may well not be reached
	case len(p.faults) > 0 && injected == 0:
		c.summary.NotReached++
	case p.kind == "single fault":
		c.summary.SingleFaultPlans++
	case p.kind == "double crash" && injected == 2:
		c.summary.DoubleCrashPlans++
	case p.kind == "double crash":
		c.summary.NotReached++
	case p.kind == "two replicas":
		c.summary.TwoReplicaPlans++
	case p.kind == "kill -9":
		c.summary.Kills++
	case p.kind == "stale cache":
		c.summary.StaleCaches++
	}
}
