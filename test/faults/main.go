// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Command faults injects faults at every point of every workload, on a real API server, and holds every state that was
// to named oracles: make faults. With -sample it takes a sample.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/operator"
	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	c := campaign{}
	flag.IntVar(&c.sample, "sample", 0, "how many plans of each kind to run, spread evenly; 0 means all")
	flag.IntVar(&c.doubles, "doubles", 400, "how many double crashes")
	flag.IntVar(&c.twins, "twins", 120, "how many plans with two active replicas")
	flag.IntVar(&c.kills, "kills", 60, "how many kills of a child process")
	flag.IntVar(&c.objects, "objects", 5000, "how many objects start at once")
	flag.StringVar(&c.binary, "binary", filepath.Join(harness.Root(), "bin", "clevertap-passcode-operator"), "where the operator that is killed is built")
	flag.IntVar(&c.parallel, "parallel", 24, "how many plans at once")
	flag.StringVar(&c.only, "only", "", "run the workloads, or mutants, whose name contains this")
	flag.StringVar(&c.out, "out", "", "file for the summary, as JSON")
	flag.BoolVar(&c.first, "first", false, "run no further plans once a violation is found")
	mutate := flag.Bool("mutants", false, "prove that the oracles bite: run a sample against each mutant of the operator")
	flag.Parse()
	ctrl.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	var err error
	if *mutate {
		err = killMutants(ctx, c.only, c.out)
	} else {
		err = c.run(ctx)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

// campaign is all plans of a run, and what came of them.
type campaign struct {
	sample, doubles, twins, kills, objects, parallel int
	only, out, binary                                string
	first                                            bool

	kube    client.WithWatch
	config  *rest.Config
	mu      sync.Mutex
	summary summary
}

// summary is what is told at the end.
type summary struct {
	Workloads, Points            int
	SingleFaultPlans             int
	DoubleCrashPlans             int
	TwoReplicaPlans              int
	NotReached                   int `json:"plansWhosePointWasNotReached"`
	FaultsInjected, StatesJudged int
	StaleViews                   int
	Kills                        int
	SchemaLeaves, SpecChanges    int
	LoadObjects, LoadCalls       int
	LoadCallsDown, LoadMegabytes int
	MalformedObjects             int
	Violations                   map[string]int
	Examples                     []string `json:",omitempty"`
}

// plan is one run of a workload with faults at numbered points.
type plan struct {
	kind        string
	workload    workload
	faults      map[int]fault
	replicas    int
	children    bool         // the operator runs as a child process, by the real clock
	cacheBehind *rest.Config // the API server of replica 0, if that is another one
}

func (p plan) String() string {
	var points []int
	for point := range p.faults {
		points = append(points, point)
	}
	slices.Sort(points)
	var text strings.Builder
	fmt.Fprintf(&text, "%s, %q", p.kind, p.workload.name)
	for _, point := range points {
		fmt.Fprintf(&text, ", %s at %d", p.faults[point], point)
	}
	return text.String()
}

func (c *campaign) run(ctx context.Context) error {
	plane, err := c.connect()
	if err != nil {
		return err
	}
	defer func() { _ = plane.Stop() }()
	c.summary.Violations = map[string]int{}
	references, points, err := c.references(ctx)
	if err != nil {
		return err
	}
	c.carryOut(ctx, c.plans(points), references)
	c.lateViews(ctx)
	stages := []func(context.Context) error{
		func(ctx context.Context) error { return c.twoServers(ctx, plane.EtcdURL()) },
		c.killed, c.specChanges, c.load,
		c.malformed, // the last, because it goes over to a control plane of its own
	}
	for _, stage := range stages {
		if err := stage(ctx); err != nil {
			return err
		}
	}
	return c.tell()
}

// selected reports whether something of this name is to be run.
func (c *campaign) selected(name string) bool { return strings.Contains(name, c.only) }

// connect starts a control plane, which is to be stopped.
func (c *campaign) connect() (*harness.ControlPlane, error) {
	plane, err := harness.Start("")
	if err != nil {
		return nil, err
	}
	scheme, err := operator.Scheme()
	if err != nil {
		return nil, errors.Join(err, plane.Stop())
	}
	c.config = plane.Config()
	c.config.QPS = -1
	if c.kube, err = client.NewWithWatch(c.config, client.Options{Scheme: scheme}); err != nil {
		return nil, errors.Join(fmt.Errorf("connecting: %w", err), plane.Stop())
	}
	return plane, nil
}

// references runs each workload three times without faults: what differs between them differs by itself.
func (c *campaign) references(ctx context.Context) (map[string]*ending, map[string]int, error) {
	references, points := map[string]*ending{}, map[string]int{}
	var problems []error
	c.each(len(workloads()), func(i int) {
		w := workloads()[i]
		if !c.selected(w.name) {
			return
		}
		for range 3 {
			found, end, counted, err := c.once(ctx, plan{kind: "no fault", workload: w, replicas: 1}, nil)
			c.mu.Lock()
			switch {
			case err != nil:
				problems = append(problems, fmt.Errorf("%s: %w", w.name, err))
			case len(found) > 0:
				problems = append(problems, fmt.Errorf("%s without faults: %v", w.name, found))
			case references[w.name] != nil && !cmp.Equal(*references[w.name], end):
				problems = append(problems, fmt.Errorf("%s ends in two ways without faults: %s", w.name, cmp.Diff(*references[w.name], end)))
			}
			references[w.name] = &end
			points[w.name] = max(points[w.name], counted)
			broken := len(problems) > 0
			c.mu.Unlock()
			if broken {
				return
			}
		}
	})
	c.summary.Workloads = len(points)
	for _, n := range points {
		c.summary.Points += n
	}
	return references, points, errors.Join(problems...)
}

// plans are every fault at every point, and a sample of pairs of crashes and of crashes of one of two replicas.
func (c *campaign) plans(points map[string]int) []plan {
	var single, double, twin []plan
	random := rand.New(rand.NewPCG(1, 2)) // the same sample at every run
	for _, w := range workloads() {
		for point := range points[w.name] {
			for _, f := range everyFault() {
				single = append(single, plan{kind: "single fault", workload: w, faults: map[int]fault{point: f}, replicas: 1})
			}
			for _, f := range []fault{crashBefore, crashAfter} {
				second := []fault{crashBefore, crashAfter}[random.IntN(2)]
				double = append(double, plan{kind: "double crash", workload: w, faults: map[int]fault{point: f, point + 1 + random.IntN(6): second}, replicas: 1})
				double = append(double, plan{kind: "double crash", workload: w, faults: map[int]fault{point: f, point + 1 + random.IntN(12): second}, replicas: 1})
				twin = append(twin, plan{kind: "two replicas", workload: w, faults: map[int]fault{point: f}, replicas: 2})
			}
		}
	}
	singles, doubles, twins := len(single), c.doubles, c.twins
	if c.sample > 0 {
		singles, doubles, twins, c.kills = c.sample, c.sample/3, c.sample/4, min(c.kills, c.sample/20)
		c.objects = min(c.objects, 2*c.sample)
	}
	return slices.Concat(spread(single, singles), spread(double, doubles), spread(twin, twins))
}

// spread takes n of them, evenly.
func spread(all []plan, n int) []plan {
	if n >= len(all) {
		return all
	}
	var some []plan
	for i := range n {
		some = append(some, all[i*len(all)/n])
	}
	return some
}

func (c *campaign) each(n int, do func(i int)) { inParallel(c.parallel, n, do) }

// inParallel does so many things, some at a time.
func inParallel(atOnce, n int, do func(i int)) {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i := range n {
		group.Go(func() error {
			do(i)
			return nil
		})
	}
	_ = group.Wait() // none of them fails
}

func (c *campaign) carryOut(ctx context.Context, plans []plan, references map[string]*ending) {
	c.each(len(plans), func(i int) {
		if ctx.Err() != nil || c.first && c.violated() {
			return
		}
		p := plans[i]
		found, _, _, err := c.once(ctx, p, references[p.workload.name])
		c.note(p, found, err)
		if i%100 == 99 {
			fmt.Fprintf(os.Stderr, "faults: %d of %d plans begun\n", i+1, len(plans))
		}
	})
}

func (c *campaign) violated() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.summary.Violations) > 0
}

// note counts what a plan found, and keeps some of it.
func (c *campaign) note(p plan, found []violation, err error) {
	if err != nil {
		found = append(found, violation{"the run itself", err.Error()})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range found {
		c.summary.Violations[v.Oracle]++
		if c.summary.Violations[v.Oracle] <= 5 {
			c.summary.Examples = append(c.summary.Examples, fmt.Sprintf("%s: %s: %s", p, v.Oracle, v.What))
		}
	}
}

// once carries a plan out.
func (c *campaign) once(ctx context.Context, p plan, reference *ending) (found []violation, end ending, counted int, err error) {
	s, err := c.newScene(ctx, p)
	if err != nil {
		return nil, end, 0, err
	}
	defer s.close()
	failure := p.workload.run(ctx, s)
	s.settle()
	counted = s.fence.counted()
	found, states, err := s.judge(ctx, p.workload, reference, failure)
	if err != nil {
		return nil, end, 0, err
	}
	if end, err = s.end(ctx); err != nil {
		return nil, end, 0, err
	}
	c.count(p, s.fence.injections(), states)
	return found, end, counted, nil
}

func (c *campaign) count(p plan, injected, states int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.summary.FaultsInjected += injected
	c.summary.StatesJudged += states
	switch {
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
	}
}

func (c *campaign) tell() error {
	text, err := json.MarshalIndent(c.summary, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the summary: %w", err)
	}
	fmt.Println(string(text))
	if c.out != "" {
		if err := os.WriteFile(c.out, append(text, '\n'), 0o644); err != nil { // documentation is read by everyone
			return fmt.Errorf("writing the summary: %w", err)
		}
	}
	if len(c.summary.Violations) > 0 {
		return fmt.Errorf("%d oracles found violations", len(c.summary.Violations))
	}
	return nil
}
