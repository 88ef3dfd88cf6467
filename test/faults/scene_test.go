// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/controllers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/operator"
	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
	"github.com/passcode-operator/clevertap-passcode-operator/test/invariants"
)

const (
	day       = 24 * time.Hour
	accountID = "TEST-FAULTS"
	// stepWait is how long, in real time, a step may take.
	stepWait = 20 * time.Second
)

// scene is one run of a workload: a namespace with a clock, a CleverTap and operators of its own.
type scene struct {
	real      clock.Clock
	kube      client.WithWatch
	config    *rest.Config
	namespace string
	clock     *clocktesting.FakeClock
	start     time.Time
	vendor    *clevertaptest.Server
	account   *clevertaptest.Account
	http      *httptest.Server
	fence     *fence
	replicas  int
	behind    *link         // the way of replica 0's API server to etcd, if that is another one
	delay     time.Duration // that a child's calls to CleverTap take
	binary    string        // what runs as a child process; "" means none
	// passesOver reports whether the workload lets one be passed over that had no result.
	passesOver bool
	made       map[string]bool // values that CleverTap ever accepted

	mu       sync.Mutex
	running  []*incarnation
	prepare  func(*incarnation) // what the next incarnation starts with
	older    map[string]*listing
	stopped  bool
	process  int  // of the last child
	calls    int  // of a child to CleverTap that are under way
	busiest  int  // how many that were at most
	restless bool // whether there were requests without end
	group    sync.WaitGroup
	states   []state             // every one of every target that the API server ever had
	reported []invariants.Report // and of every object
	changes  []invariants.Change // of targets, Pods and events
	lines    []line              // what is printed of both
	watch    func()              // ends
}

// newScene makes a namespace and starts the plan's operators, as child processes or within this process.
func (c *campaign) newScene(ctx context.Context, p plan) (*scene, error) {
	s := &scene{real: clock.RealClock{}, kube: c.kube, config: c.config, replicas: p.replicas, behind: p.behind, passesOver: p.workload.passesOver,
		made: map[string]bool{}}
	if p.children {
		s.binary = c.binary
	}
	s.start = s.real.Now().Truncate(time.Second)
	s.clock = clocktesting.NewFakeClock(s.start)
	s.fence = &fence{plan: p.faults, now: s.real.Now, last: s.start}
	made := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "faults-"}}
	if err := s.kube.Create(ctx, made); err != nil {
		return nil, fmt.Errorf("making a namespace: %w", err)
	}
	s.namespace = made.Name
	s.vendor = clevertaptest.New(s.clock)
	s.account = s.vendor.Account(clevertap.India, accountID)
	s.http = httptest.NewServer(s.vendor)
	var err error
	if s.watch, err = harness.Record(s.kube, s.namespace, s.keep); err != nil {
		return nil, fmt.Errorf("recording what happens: %w", err)
	}
	for i := range p.replicas {
		s.group.Go(func() { s.supervise(i) })
	}
	return s, nil
}

// line is a state in words, and how many requests there were by then.
type line struct {
	requests int
	text     string
}

// story is what happened: the numbered requests with their faults, and the states of targets and objects between them.
func (s *scene) story() string {
	s.mu.Lock()
	lines := slices.Clone(s.lines)
	s.mu.Unlock()
	s.fence.mu.Lock()
	defer s.fence.mu.Unlock()
	var text strings.Builder
	for n, what := range s.fence.trace {
		for ; len(lines) > 0 && lines[0].requests <= n; lines = lines[1:] {
			fmt.Fprintf(&text, "         %s\n", lines[0].text)
		}
		what = strings.ReplaceAll(what, s.namespace, "NAMESPACE")
		if f := s.fence.plan[n]; f != "" {
			what += "   <-- " + string(f)
		}
		fmt.Fprintf(&text, "%6d  %s\n", n, what)
	}
	for _, l := range lines {
		fmt.Fprintf(&text, "         %s\n", l.text)
	}
	return "what happened:\n" + text.String()
}

// state is a target as it was, and how many calls CleverTap had by then.
type state struct {
	*corev1.Secret
	calls int
}

func (s *scene) keep(what client.Object, deleted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes = append(s.changes, invariants.Change{Object: what, Deleted: deleted})
	if deleted {
		return
	}
	switch what := what.(type) {
	case *v1alpha1.CleverTapPasscode:
		met := s.fence.unanswered() || slices.ContainsFunc(s.vendor.Calls(), func(c clevertaptest.Call) bool { return c.NoResult })
		s.reported = append(s.reported, invariants.Report{CleverTapPasscode: what, MetOutage: met})
		s.printf("object %s: %s, active %q, revision %d, Ready %s", what.Name, what.Status.Phase, what.Status.ActivePasscode, what.Status.Revision,
			readyReason(what))
	case *corev1.Secret:
		if what.Labels[v1alpha1.RoleLabel] == v1alpha1.RoleTarget {
			s.states = append(s.states, state{what, len(s.vendor.Calls())})
			s.printf("target %s: revision %s, passcode %q, %d keys", what.Name, what.Annotations[v1alpha1.RevisionAnnotation],
				what.Annotations[v1alpha1.PasscodeAnnotation], len(what.Data))
		}
	}
}

// printf adds a line to the story; the caller has the lock.
func (s *scene) printf(format string, args ...any) {
	s.lines = append(s.lines, line{s.fence.counted(), fmt.Sprintf(format, args...)})
}

// supervise starts an operator again whenever it has ended, as a kubelet does.
func (s *scene) supervise(replica int) {
	for {
		ctx, cancel := context.WithCancel(context.Background())
		i := &incarnation{end: cancel, replica: replica, gate: newGate()}
		s.mu.Lock()
		if s.prepare != nil {
			s.prepare(i)
		}
		if s.stopped {
			s.mu.Unlock()
			cancel()
			return
		}
		s.running = append(s.running, i)
		s.mu.Unlock()
		_ = s.operate(ctx, i) // it ends by a crash, by a fault that it can't live with, or with the run
		i.die()
		cancel()
	}
}

// operate runs one operator.
func (s *scene) operate(ctx context.Context, i *incarnation) error {
	if s.binary != "" {
		return s.child(ctx, i)
	}
	access := rest.CopyConfig(s.config)
	if i.replica == 0 && s.behind != nil {
		access = rest.CopyConfig(s.behind.server)
	}
	access.Wrap(s.fence.around(i, false))
	options := harness.Options(s.namespace, s.http.URL)
	options.Namespaces = []string{s.namespace}
	// it is reported to nobody
	return operator.Run(ctx, options,
		operator.Dependencies{Config: access, Clock: s.clock, Random: rand.Reader, Wrap: s.fence.around(i, true), Registry: prometheus.NewRegistry(),
			Prepared: func(r *controllers.Reconciler) { i.reconciler.Store(r) }})
}

// current is replica 0's newest incarnation.
func (s *scene) current() *incarnation {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range slices.Backward(s.running) {
		if i.replica == 0 {
			return i
		}
	}
	panic("no such replica")
}

func (s *scene) close() {
	s.mu.Lock()
	s.stopped = true
	for _, i := range s.running {
		i.gate.open()
		i.end()
	}
	s.mu.Unlock()
	s.group.Wait()
	s.watch()
	s.http.Close()
}

// until lets time go by in small steps, whenever nothing happens, until the condition holds.
func (s *scene) until(what string, met func() bool) error {
	step := 5 * time.Second
	for begun := s.real.Now(); s.real.Now().Sub(begun) < stepWait; {
		if met() {
			return nil
		}
		if s.binary == "" && s.isCalm() {
			s.clock.Step(step)
			step += step / 4 // what was without a result is verified again after an hour at most
		}
		<-s.real.After(poll)
	}
	return fmt.Errorf("never: %s", what)
}

// settle lets everything that is still to come in the next hour happen: that long a successor is not verified again
// that had no result.
func (s *scene) settle() {
	if s.binary != "" {
		s.quiet()
		return
	}
	for _, wait := range []time.Duration{50 * time.Second, 50 * time.Second, 50 * time.Second, 62 * time.Minute, 50 * time.Second} {
		s.clock.Step(wait)
		s.quiet()
	}
}

// rest lets some minutes go by in which nothing is due.
func (s *scene) rest() {
	for range 3 {
		s.clock.Step(50 * time.Second)
		s.quiet()
	}
}

// How long, in real time, nothing is requested before it counts as quiet if only that can be seen: of an operator that
// has not started, or is a process of its own, whose waits are real; and of one of which a request is held, or whose API server is.
const (
	quietUnseen = 1500 * time.Millisecond
	quietHeld   = 120 * time.Millisecond
)

// isCalm reports whether nothing is to come before the clock or someone brings it.
func (s *scene) isCalm() bool {
	s.mu.Lock()
	working := slices.DeleteFunc(slices.Clone(s.running), func(i *incarnation) bool { return !i.works() })
	s.mu.Unlock()
	if len(working) != s.replicas {
		return false
	}
	quiet := s.real.Now().Sub(s.fence.quietSince())
	if s.binary != "" {
		return quiet > quietUnseen
	}
	for _, i := range working {
		var calm bool
		switch r := i.reconciler.Load(); {
		case r == nil:
			calm = quiet > quietUnseen
		case i.gate.holds(), i.replica == 0 && s.behind.isPaused():
			calm = quiet > quietHeld
		default:
			calm = r.Idle() && s.caughtUp(r.Client, i.gate)
		}
		if !calm {
			return false
		}
	}
	return true
}

// caughtUp reports whether an operator's informers have what the API server has, as far as the gate shows it.
func (s *scene) caughtUp(informers client.Reader, g *gate) bool {
	for resource, list := range watchedKinds() {
		if !g.shows(resource) {
			continue
		}
		seen, err := s.versions(list, informers)
		there, failed := s.versions(list, s.kube)
		if err != nil || failed != nil || !maps.Equal(seen, there) {
			return false
		}
	}
	return true
}

func watchedKinds() map[string]client.ObjectList {
	return map[string]client.ObjectList{objects: &v1alpha1.CleverTapPasscodeList{}, secrets: &corev1.SecretList{}}
}

// recordedAll waits until the record has what the API server has.
func (s *scene) recordedAll() error {
	for _, list := range watchedKinds() {
		there, err := s.versions(list, s.kube)
		if err != nil {
			return fmt.Errorf("looking at what there is: %w", err)
		}
		for begun := s.real.Now(); !s.haveRecorded(there); <-s.real.After(poll) {
			if s.real.Now().Sub(begun) > stepWait {
				return errors.New("never: what the API server has is recorded")
			}
		}
	}
	return nil
}

func (s *scene) haveRecorded(versions map[string]string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	recorded := map[string]bool{}
	for _, change := range s.changes {
		recorded[change.Object.GetName()+" "+change.Object.GetResourceVersion()] = true
	}
	for name, version := range versions {
		if !recorded[name+" "+version] {
			return false
		}
	}
	return true
}

// versions are those of all objects that the operator watches, by name.
func (s *scene) versions(list client.ObjectList, from client.Reader) (map[string]string, error) {
	options := []client.ListOption{client.InNamespace(s.namespace)}
	if _, isSecret := list.(*corev1.SecretList); isSecret {
		options = append(options, client.HasLabels{v1alpha1.RoleLabel})
	}
	err := from.List(context.Background(), list, options...)
	return versionsOf(list), err
}

func versionsOf(list client.ObjectList) map[string]string {
	versions := map[string]string{}
	_ = meta.EachListItem(list, func(o runtime.Object) error { // which fails for no list
		object := o.(client.Object)
		versions[object.GetName()] = object.GetResourceVersion()
		return nil
	})
	return versions
}

// quiet waits until it is calm twice in a row, with no request in between: what an informer has may be on its way still to
// the queue.
func (s *scene) quiet() {
	begun, first := s.real.Now(), s.fence.counted()
	for before, calm := first, 0; calm < 2; {
		if s.fence.counted() > first+mostRequests || s.real.Now().Sub(begun) > longestQuiet {
			s.restless = true
			return
		}
		now := s.fence.counted()
		if s.isCalm() && now == before && now == s.fence.counted() {
			calm++
		} else {
			calm = 0
		}
		before = now
		<-s.real.After(poll)
	}
}

// poll is how often a condition is looked at, in real time.
const poll = 15 * time.Millisecond

// What comes to rest does so with fewer requests than these, and, on a machine that has much else to do, within this real time.
const (
	mostRequests = 300
	longestQuiet = 2 * time.Minute
)

// passcode makes one on the dashboard and stages it under its name.
func (s *scene) passcode(ctx context.Context, names ...string) error {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Name: "staged", Namespace: s.namespace, Labels: map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleSource},
	}, StringData: map[string]string{}}
	for _, name := range names {
		s.account.Passcode(name, valueOf(name), 365)
		s.made[valueOf(name)] = true
		secret.StringData[name] = valueOf(name)
	}
	return s.kube.Create(ctx, secret)
}

func valueOf(name string) string { return "VALUE-OF-" + name }

// entry was created when the scene began; each one lasts 20 days longer than the one before it.
func (s *scene) entry(name string, position int) v1alpha1.PasscodeEntry {
	return v1alpha1.PasscodeEntry{Name: name, SecretKeyRef: v1alpha1.SecretKeyRef{Name: "staged", Key: name},
		CreatedAt: new(v1alpha1.Time(s.start.UTC().Format(time.RFC3339))), Expiry: &v1alpha1.Expiry{Days: new(int32(90 + 20*position))}}
}

func (s *scene) declare(ctx context.Context, passcodes ...string) error {
	return s.declareWith(ctx, "o", passcodes, func(*v1alpha1.CleverTapPasscode) {})
}

func (s *scene) declareWith(ctx context.Context, name string, passcodes []string, modify func(*v1alpha1.CleverTapPasscode)) error {
	o := &v1alpha1.CleverTapPasscode{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: s.namespace}}
	o.Spec = v1alpha1.CleverTapPasscodeSpec{AccountID: accountID, Region: "in1", Expiry: v1alpha1.Expiry{Days: ptr.To[int32](90)}}
	for i, passcode := range passcodes {
		o.Spec.Passcodes = append(o.Spec.Passcodes, s.entry(passcode, i))
	}
	modify(o)
	return s.kube.Create(ctx, o)
}

func (s *scene) object(ctx context.Context, name string) (*v1alpha1.CleverTapPasscode, error) {
	o := &v1alpha1.CleverTapPasscode{}
	err := s.kube.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: name}, o)
	return o, err
}

func (s *scene) change(ctx context.Context, name string, modify func(*v1alpha1.CleverTapPasscode)) error {
	o, err := s.object(ctx, name)
	if err != nil {
		return err
	}
	before := o.DeepCopy()
	modify(o)
	return s.kube.Patch(ctx, o, client.MergeFrom(before))
}

func (s *scene) secret(ctx context.Context, name string) *corev1.Secret {
	secret := &corev1.Secret{}
	if err := s.kube.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: name}, secret); err != nil {
		return &corev1.Secret{}
	}
	return secret
}

// published waits until the target contains a passcode and the status says so.
func (s *scene) published(ctx context.Context, object, passcode string) error {
	return s.until(object+" publishes "+passcode, func() bool {
		o, err := s.object(ctx, object)
		if err == nil && s.passedOver() && passcode == "b" && o.Status.ActivePasscode == "c" {
			return true
		}
		return err == nil && o.Status.ActivePasscode == passcode && o.Status.ObservedGeneration == o.Generation &&
			string(s.secret(ctx, object).Data["passcode"]) == valueOf(passcode)
	})
}

// passedOver reports whether another one may be published, because a result of CleverTap was kept back.
func (s *scene) passedOver() bool { return s.passesOver && s.fence.unanswered() }

func all(steps ...error) error { return errors.Join(steps...) }
