// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package decision_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/decision"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/status"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
	"github.com/passcode-operator/clevertap-passcode-operator/test/invariants"
)

// The model check searches breadth-first through everything that can happen to one object. A state is what the API
// server and CleverTap have, and what each replica has seen and recorded; a step is one write of a replica, one result,
// an informer that catches up, the clock, or a disruption. Only disruptions are counted: given how many there may be,
// the states are finitely many, and the search visits them all. make faults gives it one more than make test.

// modelInstants are those that the clock goes through: within a retry, past a second rejection, past the interval, around
// the rotation time of "a", and around its end.
func modelInstants() []time.Time {
	var list []time.Time
	for _, d := range []time.Duration{day, 60 * day, 90 * day} {
		list = append(list, creation.Add(d), creation.Add(d+31*time.Second), creation.Add(d+2*time.Hour))
	}
	return list
}

// digest distinguishes what is too big to be compared again and again.
type digest = [16]byte

// stored is what the API server has.
type stored struct {
	object                       *v1alpha1.CleverTapPasscode
	target                       rotation.Target
	objectVersion, targetVersion int
	lastWhole                    *rotation.Target // what the target was before this state of it, if that was whole
	digests                      [3]digest        // of object, target and lastWhole
}

// hasRevision is the highest that is still known of: what nobody saw before it was deleted leaves no trace.
func (s stored) revision() int64 {
	if s.target.Record == nil {
		return s.object.Status.Revision
	}
	return max(s.object.Status.Revision, s.target.Record.Revision)
}

func (s *stored) seeObject(from stored) {
	s.object, s.objectVersion, s.digests[0] = from.object, from.objectVersion, from.digests[0]
}

func (s *stored) seeTarget(from stored) {
	s.target, s.targetVersion, s.digests[1] = from.target, from.targetVersion, from.digests[1]
}

func (s stored) same(as stored) bool {
	return s.objectVersion == as.objectVersion && s.targetVersion == as.targetVersion
}

// replica is a process of the operator: its cache of the API server, and what only it knows.
type replica struct {
	cache           stored
	results         map[string]clevertap.Verification
	lastTarget      *rotation.Target
	scan            *consumers.Scan // the last scan, since a target of scannedRevision was seen
	scannedRevision int64           // a revision
	digest          digest          // of all three
}

// model is a state; none is changed once it has been made.
type model struct {
	now      time.Time
	budget   int
	server   stored
	behind   stored // what was before the last write
	replicas []replica

	values map[string]string // of the sources, by name
	gone   map[string]bool   // values that the dashboard has deleted
	dark   bool              // something on the way rejects everyone
	wiped  bool              // someone has emptied the status, or deleted the target: what was reported is not known any more
	denied bool              // a policy denies writes of the target
	pod    bool              // a Pod has had the target in its environment since before anything was published

	// safeToDeleteEvents counts how often each replaced value was called safe to delete since it was last published, by the message. It
	// sendsEvents no states apart: a path keeps its own.
	safe map[string]int

	triggers  int64           // how many revisions there may be
	published map[string]bool // values that were
	last      string          // the newest of them

	trail *trail
}

// trail is how a state was reached, for people.
type trail struct {
	what   string
	before *trail
}

func (t *trail) String() string {
	var steps []string
	for ; t != nil; t = t.before {
		steps = append(steps, t.what)
	}
	slices.Reverse(steps)
	return strings.Join(steps, " → ")
}

func newModel(budget int, changes ...step) *model {
	w := newWorld(append([]step{listed("a", "b"), expiresAfterDays("b", 300)}, changes...)...)
	first := stored{object: w.object}
	return &model{
		now: modelInstants()[0], budget: budget, server: first, behind: first, replicas: []replica{{cache: first}}, triggers: 1,
	}
}

// after is a copy that may be changed: what is shared with the state before is replaced, never written.
func (m *model) after(what string) *model {
	n := *m
	n.replicas = slices.Clone(m.replicas)
	n.trail = &trail{what, m.trail}
	return &n
}

func (m *model) disrupted(what string) *model {
	n := m.after(what)
	n.budget--
	return n
}

func with[V any](before map[string]V, key string, value V) map[string]V {
	after := maps.Clone(before)
	if after == nil {
		after = map[string]V{}
	}
	after[key] = value
	return after
}

func (m *model) works(value string) bool { return !m.dark && !m.gone[value] }

// world is what a replica knows at a time.
func (m *model) world(i int, now time.Time) *world {
	r := m.replicas[i]
	w := newWorld()
	w.now, w.object, w.target, w.lastTarget, w.results, w.values = now, r.cache.object, r.cache.target, r.lastTarget, r.results, m.values
	if record := w.target.Record; record != nil && record.Revision == r.scannedRevision {
		w.scan = r.scan
	}
	return w
}

// whole is the target if it is what its record says, else nil.
func whole(t rotation.Target) *rotation.Target {
	if !t.Exists || !t.Exact || t.Record == nil || t.Record.Fingerprint != t.Fingerprint {
		return nil
	}
	return &t
}

func (m *model) setTarget(t rotation.Target) {
	m.behind = m.server
	m.server.lastWhole = whole(m.server.target)
	m.server.target, m.server.targetVersion = t, m.server.targetVersion+1
	m.server.digests[1], m.server.digests[2] = digestOfTarget(&t), digestOfTarget(m.server.lastWhole)
}

func (m *model) setObject(change func(*v1alpha1.CleverTapPasscode)) {
	m.behind = m.server
	m.server.object, m.server.objectVersion = m.server.object.DeepCopy(), m.server.objectVersion+1
	change(m.server.object)
	m.server.digests[0] = digestOf(m.server.object)
}

// pass is one pass of a replica that reads this time, down to its first write; nil if it does nothing. outage is
// whether CleverTap is unavailable.
func (m *model) pass(t *testing.T, i int, now time.Time, outage bool) *model {
	if m.behindStatus(i) {
		return nil
	}
	w := m.world(i, now)
	if seen := whole(w.target); seen != nil {
		w.lastTarget = seen
	}
	d := w.decide()
	m.judgeEffects(t, w.object, d)
	r := &m.replicas[i]
	denied := d.Want != nil && m.denied
	switch {
	case d.Want != nil && !denied && (!d.ReportFirst || r.cache.objectVersion != m.server.objectVersion):
		return m.write(t, i, w, d)
	case len(d.Verify) > 0:
		return m.responded(i, w, d.Verify, outage)
	case d.Scan:
		return m.scans(i, w)
	}
	if denied {
		targetWriteDenied(w)
		d = w.decide()
	}
	if !equality.Semantic.DeepEqual(d.Status, r.cache.object.Status) && r.cache.objectVersion == m.server.objectVersion {
		return m.report(t, i, w, d)
	}
	return nil
}

// judgeEffects checks that an object in mode Observe has no effect but verification.
func (m *model) judgeEffects(t *testing.T, object *v1alpha1.CleverTapPasscode, d decision.Decision) {
	if object.Spec.Observes() && (d.Want != nil || len(d.Release) > 0 || len(d.Restart) > 0 || d.Scan) {
		t.Errorf("an observed Secret leads to writes or scans: %+v: %s", d, m.trail)
	}
}

func (m *model) report(t *testing.T, i int, w *world, d decision.Decision) *model {
	m.judgeStatus(t, i, d.Status)
	n := m.after(fmt.Sprintf("%d reports", i))
	n.sends(t, d.Events)
	n.setObject(func(o *v1alpha1.CleverTapPasscode) { o.Status = d.Status })
	n.replicas[i].cache.seeObject(n.server)
	n.replicas[i].know(w)
	return n
}

// judgeStatus checks what is reported against the invariants. If the status before has met an outage already, it goes on.
func (m *model) judgeStatus(t *testing.T, i int, status v1alpha1.CleverTapPasscodeStatus) {
	t.Helper()
	before := meta.FindStatusCondition(m.replicas[i].cache.object.Status.Conditions, v1alpha1.ConditionVerified)
	met := before != nil && before.Reason == v1alpha1.ReasonUnavailable
	for _, result := range m.replicas[i].results {
		met = met || result.Unavailable > 0
	}
	o := &v1alpha1.CleverTapPasscode{ObjectMeta: metav1.ObjectMeta{UID: m.server.object.UID}, Status: status}
	if err := errors.Join(invariants.OutageWasMet(o, met), invariants.ActiveIsNeverRetired(o),
		invariants.StatusNeverGoesBack(m.server.object, o)); err != nil {
		t.Errorf("%v: %s", err, m.trail)
	}
}

// sends compares events with what happened: a replaced value is called safe to delete once, and never while a Pod has it.
func (m *model) sends(t *testing.T, events []status.Event) {
	for _, e := range events {
		if e.Reason != v1alpha1.EventSafeToDelete {
			continue
		}
		m.safe = maps.Clone(m.safe)
		if m.safe == nil {
			m.safe = map[string]int{}
		}
		m.safe[e.Message]++
		if m.safe[e.Message] > 1 && !m.wiped {
			t.Errorf("said twice: %s: %s", e.Message, m.trail)
		}
		if e.Passcode != "" && e.Passcode == m.server.object.Status.ActivePasscode && e.Passcode == m.last {
			t.Errorf("calls what is active safe to delete: %s: %s", e.Message, m.trail)
		}
	}
}

// scans is one scan of the Pods.
func (m *model) scans(i int, w *world) *model {
	n := m.after(fmt.Sprintf("%d scans", i))
	w.scan = &consumers.Scan{At: m.now}
	if m.pod {
		w.scan.Pods = []consumers.Pod{pod("api-1", usesByEnv(creation))}
	}
	n.replicas[i].know(w)
	return n
}

// behindStatus reports whether a replica knows by the status that its cache of the target is old, and read from the API server.
func (m *model) behindStatus(i int) bool {
	cache := m.replicas[i].cache
	return cache.target.Record != nil && cache.target.Record.Revision < cache.object.Status.Revision && cache.targetVersion != m.server.targetVersion
}

// write is checked against what it was decided on, as the API server does.
func (m *model) write(t *testing.T, i int, w *world, d decision.Decision) *model {
	want := d.Want
	cache := m.replicas[i].cache
	if cache.targetVersion != m.server.targetVersion {
		if cache.target.Exists || !m.server.target.Exists {
			return nil // a conflict: it waits for its informer
		}
		return m.seesTarget(i) // the create ran into it
	}
	if !cache.target.Exists && cache.objectVersion != m.server.objectVersion {
		return nil // the object is read before a create, which carries no version of anything
	}
	m.judge(t, i, want)
	n := m.after(fmt.Sprintf("%d writes %d %s", i, want.Record.Revision, want.Tuple.Passcode.Reveal()))
	w.write(want)
	n.sends(t, d.WriteEvents)
	if want.Publishes { // what is published again may be replaced again
		n.safe = maps.Clone(n.safe)
		maps.DeleteFunc(n.safe, func(message string, _ int) bool {
			return strings.Contains(message, strconv.Quote(want.Record.Passcode))
		})
	}
	n.setTarget(w.target)
	n.last = want.Tuple.Passcode.Reveal()
	n.published = with(n.published, n.last, true)
	n.replicas[i].cache.seeTarget(n.server)
	n.replicas[i].know(w)
	return n
}

func (m *model) responded(i int, w *world, requests []rotation.VerificationRequest, outage bool) *model {
	n := m.after(fmt.Sprintf("%d verifies", i))
	results := maps.Clone(w.results)
	if results == nil {
		results = map[string]clevertap.Verification{}
	}
	l := validity{world: w, works: map[string]bool{}, unavailable: outage}
	l.results, l.now = results, m.now
	for _, q := range requests {
		value := q.Tuple.Passcode.Reveal()
		l.works[value] = m.works(value)
		l.resultOf(q)
		if result := results[value]; result.Result == clevertap.Rejected && result.Rejections > 3 {
			result.Rejections = 3 // their number only makes waits longer
			results[value] = result
		}
	}
	w.results = results
	n.replicas[i].know(w)
	return n
}

// judge checks a write against the invariants.
func (m *model) judge(t *testing.T, i int, want *rotation.Want) {
	t.Helper()
	result := m.replicas[i].results[want.Tuple.Passcode.Reveal()]
	before, after := stateOf(m.server.target.Tuple, m.server.target.Record), stateOf(want.Tuple, &want.Record)
	if m.server.target.Record != nil && m.server.target.Record.Fingerprint == want.Record.Fingerprint {
		before.Value = after.Value // whatever someone wrote over it
	}
	accepted := result.Result == clevertap.Accepted && m.now.Sub(result.At) <= 30*time.Second
	if !want.Publishes { // it is put back, or kept, under another name or with other labels
		accepted = m.published[after.Value]
	}
	highest := invariants.Target{Revision: m.server.revision()}
	err := errors.Join(
		invariants.Whole(after, invariants.Place{AccountID: "TEST-1", Region: "in1", Endpoint: "https://in1.api.clevertap.com"}),
		invariants.Accepted(after, accepted), invariants.RevisionNeverGoesBack(highest, after), invariants.RevisionIsPublishedOnce(before, after),
		invariants.OlderValueNeverComesBack(append(slices.Sorted(maps.Keys(m.published)), m.last), after, want.Publishes))
	if want.Publishes && after.Revision == highest.Revision {
		err = errors.Join(err, fmt.Errorf("revision %d is there already", after.Revision))
	}
	if err != nil {
		t.Errorf("%v; after revision %d, having heard %+v: %s", err, m.server.revision(), result, m.trail)
	}
}

func stateOf(tuple target.Tuple, record *target.Record) invariants.Target {
	t := invariants.Target{Value: tuple.Passcode.Reveal(),
		Place: invariants.Place{AccountID: tuple.AccountID, Region: string(tuple.Region), Endpoint: tuple.Endpoint}}
	if record != nil {
		t.Revision, t.Passcode, t.Reason, t.PublishedAt = record.Revision, record.Passcode, record.Reason, record.PublishedAt
	}
	return t
}

// next are all states that may follow.
func (m *model) next(t *testing.T) []*model {
	var list []*model
	for i := range m.replicas {
		list = append(list, m.pass(t, i, m.now, false), m.seesObject(i), m.seesTarget(i))
	}
	list = slices.DeleteFunc(list, isNone)
	if n := m.later(); n != nil && len(list) == 0 {
		list = append(list, n)
	}
	if m.dark || m.denied || m.pod {
		list = append(list, m.lit("light"))
	}
	if m.budget > 0 {
		list = append(list, m.disruptions(t)...)
	}
	return slices.DeleteFunc(list, isNone)
}

func isNone(m *model) bool { return m == nil }

// lit is that nothing on the way rejects everyone any more, a moment later if something did, no policy denies anything,
// no Pod has an old value, and the object is not suspended.
func (m *model) lit(what string) *model {
	n := m.after(what)
	if m.dark {
		n.dark, n.now = false, m.now.Add(1)
	}
	n.denied, n.pod = false, false
	if n.server.object.Spec.Suspend {
		n.setObject(func(o *v1alpha1.CleverTapPasscode) { resumed(&world{object: o}) })
	}
	return n
}

// later is the next instant. Nothing that could happen now is still to come then, but by a disruption.
func (m *model) later() *model {
	at := slices.IndexFunc(modelInstants(), m.now.Before)
	if at < 0 {
		return nil
	}
	n := m.after("time")
	n.now = modelInstants()[at]
	if at%3 == 0 {
		n.triggers++ // a rotation time, or an end
	}
	return n
}

// seesObject and seesTarget are what two watches bring, in any order.
func (m *model) seesObject(i int) *model {
	if m.replicas[i].cache.objectVersion == m.server.objectVersion {
		return nil
	}
	n := m.after(fmt.Sprintf("%d sees the object", i))
	n.replicas[i].cache.seeObject(m.server)
	return n
}

func (m *model) seesTarget(i int) *model {
	if m.replicas[i].cache.targetVersion == m.server.targetVersion {
		return nil
	}
	n := m.after(fmt.Sprintf("%d sees the target", i))
	r := &n.replicas[i]
	r.cache.seeTarget(m.server)
	if last := m.server.lastWhole; !m.server.target.Exists && last != nil && (r.lastTarget == nil || r.lastTarget.Record.Revision < last.Record.Revision) {
		w := m.world(i, m.now)
		w.lastTarget = last
		r.know(w) // the event of the deletion says what was deleted
	}
	return n
}

func (m *model) disruptions(t *testing.T) []*model {
	var list []*model
	if n := m.later(); n != nil {
		n.budget--
		n.trail.what += ", before anything else"
		list = append(list, n)
	}
	for i := range m.replicas {
		list = append(list, m.crash(i, "crash", m.server), m.crash(i, "crash and a relist from behind", m.behind), m.lostReply(t, i))
		for _, reading := range []time.Duration{61 * day, -2 * day} {
			if n := m.pass(t, i, m.now.Add(reading), false); n != nil {
				n.budget--
				n.trail.what += " at a wrong time"
				list = append(list, n)
			}
		}
		if n := m.pass(t, i, m.now, true); n != nil && n.trail.what == fmt.Sprintf("%d verifies", i) {
			n.budget--
			n.trail.what += ", and hears nothing"
			list = append(list, n)
		}
	}
	if len(m.replicas) == 1 {
		n := m.disrupted("a second replica")
		n.replicas = append(n.replicas, replica{cache: m.server})
		list = append(list, n)
	}
	for _, value := range []string{"a", "b"} {
		n := m.disrupted("the dashboard deletes " + value)
		n.gone = with(m.gone, value, true)
		n.triggers++
		list = append(list, n)
	}
	dark := m.disrupted("everyone is rejected")
	dark.dark = true
	denied := m.disrupted("a label that a policy denies on the target")
	denied.denied = true
	denied.setObject(func(o *v1alpha1.CleverTapPasscode) { targetLabelAdded(&world{object: o}) })
	used := m.disrupted("a Pod has the target in its environment")
	used.pod = true
	return append(append(list, dark, denied, used), m.edits()...)
}

func (m *model) crash(i int, what string, cache stored) *model {
	n := m.disrupted(fmt.Sprintf("%d: %s", i, what))
	n.replicas[i] = replica{cache: cache}
	return n
}

// lostReply is a write that the server did and the replica does not hear of.
func (m *model) lostReply(t *testing.T, i int) *model {
	n := m.pass(t, i, m.now, false)
	if n == nil || n.server.same(m.server) {
		return nil
	}
	n.budget--
	n.trail.what += ", and its reply is lost"
	n.replicas[i] = m.replicas[i]
	return n
}

// edits are what people do.
func (m *model) edits() []*model {
	var list []*model
	object := func(what string, triggers int64, change func(*v1alpha1.CleverTapPasscode)) {
		n := m.disrupted(what)
		n.triggers += triggers
		n.setObject(change)
		list = append(list, n)
	}
	respec := func(what string, change step) {
		object(what, 1, func(o *v1alpha1.CleverTapPasscode) { change(&world{object: o}) })
	}
	respec("request", requestsRotation("now"))
	respec("pin a", pinning("a"))
	respec("pin b", pinning("b"))
	respec("no pin", pinning(""))
	respec("without a", listed("b"))
	respec("suspended", suspended)
	respec("resumed", resumed)
	respec("Observe", modeObserve)
	respec("Manage", modeManage)
	object("status emptied", 0, func(o *v1alpha1.CleverTapPasscode) {
		o.Status = v1alpha1.CleverTapPasscodeStatus{ObservedGeneration: -1}
	})
	list[len(list)-1].wiped = true
	source := m.disrupted("another value under a")
	source.values = with(m.values, "a", "a2")
	source.triggers++
	list = append(list, source)
	if m.server.target.Exists {
		gone := m.disrupted("target deleted")
		gone.triggers++
		gone.wiped = true
		gone.setTarget(rotation.Target{})
		edit := m.disrupted("target edited")
		w := m.world(0, m.now)
		w.target = m.server.target
		targetEdited(w)
		edit.setTarget(w.target)
		list = append(list, gone, edit)
	}
	return list
}

// key distinguishes states: by what they contain, and by how versions are ordered.
func (m *model) key() digest {
	objects := []int{m.server.objectVersion, m.behind.objectVersion}
	targets := []int{m.server.targetVersion, m.behind.targetVersion}
	parts := []any{m.server.digests, m.behind.digests}
	for _, r := range m.replicas {
		objects, targets = append(objects, r.cache.objectVersion), append(targets, r.cache.targetVersion)
		parts = append(parts, r.cache.digests, r.digest)
	}
	return digestOf(append(parts, ranks(objects), ranks(targets),
		m.now, m.budget, m.values, m.gone, m.dark, m.wiped, m.triggers, m.published, m.last, m.denied, m.pod)...)
}

func digestOf(parts ...any) digest {
	text, err := json.Marshal(parts)
	if err != nil {
		panic(err) // they are plain
	}
	sum := sha256.Sum256(text)
	return digest(sum[:16])
}

func digestOfTarget(t *rotation.Target) digest {
	if t == nil {
		return digest{}
	}
	return digestOf(t, t.Tuple.Passcode.Reveal(), t.Previous.Reveal())
}

// know sets what only a replica knows, as it is in its world.
func (r *replica) know(w *world) {
	r.results, r.lastTarget, r.scan, r.scannedRevision = w.results, w.lastTarget, w.scan, 0
	if record := w.target.Record; record != nil && w.scan != nil {
		r.scannedRevision = record.Revision
	}
	r.digest = digestOf(r.results, digestOfTarget(r.lastTarget), r.scan, r.scannedRevision)
}

func ranks(versions []int) []int {
	order := slices.Compact(slices.Sorted(slices.Values(versions)))
	list := make([]int, 0, len(versions))
	for _, version := range versions {
		list = append(list, slices.Index(order, version))
	}
	return list
}

// search visits every state that can follow the first, and checks where each leads when nothing else happens. It stops after
// so many states, the nearest first; 0 means never.
func search(t *testing.T, first *model, most int) (states int) {
	queue, seen, good := []*model{first}, map[digest]bool{first.key(): true}, map[digest]bool{}
	for len(queue) > 0 && !t.Failed() {
		if states == most && most > 0 {
			t.Logf("stopped after %d states, %d waiting", states, len(queue))
			return states
		}
		m := queue[0]
		queue = queue[1:]
		states++
		if states%100_000 == 0 {
			t.Logf("%d states, %d waiting", states, len(queue))
		}
		m.leadsToWhatIsWanted(t, good)
		m.calmsDown(t)
		m.goesOnThoughDenied(t)
		for _, n := range m.next(t) {
			if key := n.key(); !seen[key] {
				seen[key] = true
				queue = append(queue, n)
			}
		}
	}
	return states
}

// leadsToWhatIsWanted lets replicas work and time go by, without another disruption: what is wanted comes about, and
// stays. States that were found to lead there are not followed again.
func (m *model) leadsToWhatIsWanted(t *testing.T, good map[digest]bool) {
	m = m.lit("nothing else happens")
	m.budget = 0
	var path []digest
	defer func() {
		for _, key := range path {
			good[key] = true
		}
	}()
	for _, wait := range []time.Duration{0, 31 * time.Second, 2 * time.Minute, 61 * time.Minute, 31 * time.Second, 61 * time.Minute, 61 * time.Minute} {
		if wait > 0 {
			m = m.after("time")
			m.now = m.now.Add(wait)
		}
		for passes := 0; ; passes++ {
			key := m.key()
			if good[key] {
				return
			}
			path = append(path, key)
			n := m.step(t)
			if n == nil {
				break
			}
			if passes > 60 {
				t.Errorf("does not settle: %s", n.trail)
				return
			}
			m = n
		}
	}
	m.wanted(t)
}

// calmsDown lets replicas work of which one sees nothing new: what they do comes to an end all the same.
func (m *model) calmsDown(t *testing.T) {
	for had := range m.replicas {
		if len(m.replicas) < 2 || m.replicas[had].cache.same(m.server) {
			continue
		}
		n := m.lit("replica " + strconv.Itoa(had) + " sees nothing new")
		n.budget = 0
		for passes := 0; n != nil; passes++ {
			if passes > 60 {
				t.Errorf("does not calm down: %s", n.trail)
				return
			}
			n = n.stepBut(t, had)
		}
	}
}

// goesOnThoughDenied lets replicas work and time go by while the target cannot be written: what is published is verified
// all the same, and the status says what is true.
func (m *model) goesOnThoughDenied(t *testing.T) {
	if !m.denied || m.dark || m.server.object.Spec.Suspend || !m.server.target.Exists {
		return
	}
	n := m.after("the denial stays")
	n.budget = 0
	for range 4 {
		n = n.after("time")
		n.now = n.now.Add(61 * time.Minute)
		for passes, next := 0, n.step(t); next != nil; passes, next = passes+1, n.step(t) {
			if n = next; passes > 60 {
				t.Errorf("does not settle while writes are denied: %s", n.trail)
				return
			}
		}
	}
	if o := n.server.object; o.Status.ObservedGeneration != o.Generation {
		t.Errorf("generation %d is not observed while writes are denied: %s", o.Generation, n.trail)
	}
	verified := meta.FindStatusCondition(n.server.object.Status.Conditions, v1alpha1.ConditionVerified)
	if verified == nil || verified.Status == metav1.ConditionUnknown {
		t.Errorf("verifies nothing while writes are denied, %+v: %s", verified, n.trail)
	}
	if err := invariants.GoesOnThoughDenied(n.server.object, m.now, n.now); err != nil {
		t.Errorf("%v: %s", err, n.trail)
	}
}

// stepBut is one step while a replica sees nothing new; all work on what they have seen before they look again.
func (m *model) stepBut(t *testing.T, had int) *model {
	for i := range m.replicas {
		if n := m.pass(t, i, m.now, false); n != nil {
			return n
		}
		if i == had {
			continue
		}
		for _, n := range []*model{m.seesObject(i), m.seesTarget(i)} {
			if n != nil {
				return n
			}
		}
	}
	return nil
}

// step is the next of what happens when nothing disrupts: all look before they work.
func (m *model) step(t *testing.T) *model {
	for i := range m.replicas {
		for _, n := range []*model{m.seesObject(i), m.seesTarget(i), m.pass(t, i, m.now, false)} {
			if n != nil {
				return n
			}
		}
	}
	return nil
}

// wanted is what everything ends in.
func (m *model) wanted(t *testing.T) {
	object, target := m.server.object, m.server.target
	if object.Spec.Observes() {
		m.wantedObserving(t)
		return
	}
	if !target.Exists || target.Record == nil {
		if m.anyWorks() {
			t.Errorf("publishes nothing: %s", m.trail)
		}
		return
	}
	value, name := target.Tuple.Passcode.Reveal(), target.Record.Passcode
	w := m.world(0, m.now)
	due := m.rotationDue(w.decide(), name)
	switch {
	case !target.Exact || target.Fingerprint != target.Record.Fingerprint:
		t.Errorf("the target is not whole: %s", m.trail)
	case object.Status.ActivePasscode != name || object.Status.Revision != target.Record.Revision:
		t.Errorf("the status says %q, revision %d, the target says %q, %d: %s", object.Status.ActivePasscode, object.Status.Revision, name,
			target.Record.Revision, m.trail)
	case object.Status.ObservedGeneration != object.Generation:
		t.Errorf("generation %d is not observed: %s", object.Generation, m.trail)
	case object.Status.LastHandledRotateAt != object.Annotations[v1alpha1.RotateRequestedAtAnnotation]:
		t.Errorf("the request is not handled: %s", m.trail)
	case !m.works(value) && m.anyWorks():
		t.Errorf("%q is rejected, and another one would not be: %s", value, m.trail)
	case due:
		t.Errorf("%q should have been replaced by now: %s", name, m.trail)
	case target.Record.Revision > m.triggers:
		t.Errorf("%d revisions for %d reasons: %s", target.Record.Revision, m.triggers, m.trail)
	}
}

// wantedObserving is what everything ends in while someone else maintains the Secret: the status describes the first
// entry, and Ready is True if CleverTap accepts it.
func (m *model) wantedObserving(t *testing.T) {
	object := m.server.object
	first, status := object.Spec.Passcodes[0].Name, object.Status
	w := world{values: m.values}
	works := m.works(w.value(first))
	switch {
	case status.ActivePasscode != first:
		t.Errorf("reports %q, and the first entry is %q: %s", status.ActivePasscode, first, m.trail)
	case status.ObservedGeneration != object.Generation:
		t.Errorf("generation %d is not observed: %s", object.Generation, m.trail)
	case status.Target != "" || status.NextPasscode != "" || status.NextRotationTime != nil || status.StalePods != nil:
		t.Errorf("reports a target or a rotation in mode Observe: %+v: %s", status, m.trail)
	case meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionReady) != works:
		t.Errorf("%q works is %t, and the status says %+v: %s", first, works, status.Conditions, m.trail)
	}
}

func (m *model) anyWorks() bool {
	return slices.ContainsFunc(m.server.object.Spec.Passcodes, func(e v1alpha1.PasscodeEntry) bool {
		w := world{values: m.values}
		return m.works(w.value(e.Name))
	})
}

// rotationDue reports whether "a" is published past its rotation time, though "b" would do.
func (m *model) rotationDue(d decision.Decision, name string) bool {
	pinned := m.server.object.Spec.Rotation != nil && m.server.object.Spec.Rotation.Pin == "a"
	return name == "a" && !pinned && m.server.target.Tuple.Passcode.Reveal() == "a" && !m.now.Before(creation.Add(60*day)) &&
		m.works("b") && !m.published["b"] && d.Status.NextPasscode == "b"
}

func TestEveryState(t *testing.T) {
	budget, most := number(t, "MODEL_DISRUPTIONS", 1), number(t, "MODEL_STATES", 0)
	t.Run("Manage", func(t *testing.T) {
		t.Logf("%d states with %d disruptions", search(t, newModel(budget), most), budget)
	})
	t.Run("Observe", func(t *testing.T) {
		t.Logf("%d states with %d disruptions", search(t, newModel(budget, modeObserve), most), budget)
	})
}

// number is what a variable of the environment says, or the default if it is not set.
func number(t *testing.T, variable string, byDefault int) int {
	text, set := os.LookupEnv(variable)
	if !set {
		return byDefault
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}
