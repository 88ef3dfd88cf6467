// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package decision_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	"pgregory.net/rapid"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
)

// validity is a world that things happen to at random, with a reconciler that makes its passes and a CleverTap that knows
// which values work, and at times says nothing.
type validity struct {
	*world
	works       map[string]bool
	unavailable bool
	// rejecting reports whether something on the way rejects everyone.
	rejecting bool
}

func (v *validity) pass(t *rapid.T) {
	for range 10 {
		d := v.decide()
		if d.Want == nil && len(d.Verify) == 0 && cmp.Equal(d.Status, v.object.Status) {
			if !d.Next.IsZero() && !d.Next.After(v.now) {
				t.Fatalf("nothing to do, and yet to look again at once: at %s for %s", v.now, d.Next)
			}
			return
		}
		if d.Want != nil {
			v.publish(t, d.Want)
		}
		for _, request := range d.Verify {
			v.resultOf(request)
		}
		v.object.Status = d.Status
	}
	t.Fatalf("does not settle: %+v", v.decide())
}

func (v *validity) publish(t *rapid.T, want *rotation.Want) {
	if v.target.Conflict != "" {
		t.Fatal("writes a foreign target")
	}
	value := want.Tuple.Passcode.Reveal()
	before := v.target.Record
	if before == nil && v.lastTarget != nil {
		before = v.lastTarget.Record
	}
	switch {
	case before != nil && want.Record.Revision < before.Revision:
		t.Fatalf("revision goes back from %d to %d", before.Revision, want.Record.Revision)
	case before != nil && want.Record.Fingerprint == before.Fingerprint:
		if want.Record.Revision != before.Revision && want.Record.Reason != v1alpha1.RotationInitial {
			t.Fatal("a revision of the same value")
		}
	default:
		result := v.result(want.Tuple.Region, want.Tuple.Passcode)
		if result.Result != clevertap.Accepted || v.now.Sub(result.At) > 30*time.Second {
			t.Fatalf("publishes %q, of which CleverTap said %+v", value, result)
		}
	}
	if fingerprint := v.fingerprint(want.Tuple.Region, want.Tuple.AccountID, want.Tuple.Passcode); fingerprint != want.Record.Fingerprint {
		t.Fatal("the record speaks of another value")
	}
	v.write(want)
}

func (v *validity) resultOf(q rotation.VerificationRequest) {
	key := q.Tuple.Passcode.Reveal()
	if q.Tuple.Region != "in1" {
		key = string(q.Tuple.Region) + "/" + key
	}
	before := v.results[key]
	switch {
	case v.unavailable:
		if before.Unavailable == 0 {
			before.UnavailableSince = v.now
		}
		before.Unavailable++
		before.UnavailableAt, before.Detail = v.now, "HTTP 503"
		v.results[key] = before
	case v.works[key] && !v.rejecting:
		v.results[key] = clevertap.Verification{Result: clevertap.Accepted, At: v.now}
	default:
		after := clevertap.Verification{Result: clevertap.Rejected, At: v.now, RejectedSince: v.now, Rejections: before.Rejections + 1}
		if before.Result == clevertap.Rejected {
			after.RejectedSince = before.RejectedSince
		}
		v.results[key] = after
	}
}

// happen does one thing at random.
func (v *validity) happen(t *rapid.T) {
	events := v.changesAround(t)
	maps.Copy(events, v.editsOfObject(t))
	events[rapid.SampledFrom(slices.Sorted(maps.Keys(events))).Draw(t, "event")]()
}

// changesAround are those of time, CleverTap, Secrets and the operator.
func (v *validity) changesAround(t *rapid.T) map[string]func() {
	name := rapid.SampledFrom([]string{"a", "b", "c", "d"})
	value := rapid.SampledFrom([]string{"v1", "v2", "v3", "v4", "v5"})
	return map[string]func(){
		"time":   func() { v.now = v.now.Add(time.Duration(rapid.Int64Range(1, int64(40*day)).Draw(t, "wait"))) },
		"moment": func() { v.now = v.now.Add(time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "wait"))) },
		"works": func() {
			v.works[rapid.SampledFrom([]string{"", "eu1/"}).Draw(t, "region")+value.Draw(t, "value")] = rapid.Bool().Draw(t, "works")
		},
		"silence":   func() { v.unavailable = !v.unavailable },
		"rejecting": func() { v.rejecting = !v.rejecting },
		"source":    func() { sourceHas(name.Draw(t, "name"), value.Draw(t, "value"))(v.world) },
		"break": func() {
			problem := rapid.SampledFrom([]string{"", "SourceNotFound", "PasscodeMalformed"}).Draw(t, "problem")
			sourceProblem(name.Draw(t, "name"), problem)(v.world)
		},
		"restart":    func() { restarted(v.world) },
		"lostStatus": func() { statusLost(v.world) },
		"delete":     func() { v.target = rotation.Target{} },
		"edit": func() {
			if v.target.Exists {
				targetEdited(v.world)
			}
		},
	}
}

// editsOfObject are those of a person in the object.
func (v *validity) editsOfObject(t *rapid.T) map[string]func() {
	name := rapid.SampledFrom([]string{"a", "b", "c", "d"})
	request := rapid.SampledFrom([]string{"v1", "v2", "v3", "v4", "v5"})
	index := func() int { return rapid.IntRange(0, len(v.object.Spec.Passcodes)-1).Draw(t, "index") }
	return map[string]func(){
		"pin": func() {
			pinning(rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "pin"))(v.world)
		},
		"request": func() { requestsRotation(request.Draw(t, "request"))(v.world) },
		"verify":  func() { requestsVerification(request.Draw(t, "request"))(v.world) },
		"list": func() {
			listed(rapid.SliceOfNDistinct(name, 1, 4, rapid.ID).Draw(t, "names")...)(v.world)
		},
		"date": func() {
			e := &v.object.Spec.Passcodes[index()]
			e.CreatedAt = nil
			if rapid.Bool().Draw(t, "dated") {
				e.CreatedAt = new(rfc3339(v.now.Add(-time.Duration(rapid.Int64Range(0, int64(60*day)).Draw(t, "age")))))
			}
			v.object.Generation++
		},
		"expiry": func() {
			days := rapid.Int32Range(1, 200).Draw(t, "days")
			v.object.Spec.Passcodes[index()].Expiry = &v1alpha1.Expiry{Days: &days}
			v.object.Generation++
		},
		"region": func() { inRegion(rapid.SampledFrom([]v1alpha1.Region{"in1", "eu1"}).Draw(t, "region"))(v.world) },
	}
}

func begin(t *rapid.T) *validity {
	l := &validity{world: newWorld(listed("a", "b")), works: map[string]bool{"v1": true, "v2": true}}
	sourceHas("a", "v1")(l.world)
	sourceHas("b", "v2")(l.world)
	sourceHas("c", "v3")(l.world)
	sourceHas("d", "v4")(l.world)
	l.pass(t)
	return l
}

// Whatever happens: what is published was accepted; a revision never goes back; decide on its own output settles; the
// next wake-up is in the future, or there is something to do now.
func TestWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := begin(t)
		for range rapid.IntRange(1, 30).Draw(t, "length") {
			l.happen(t)
			l.pass(t)
		}
	})
}

// However long CleverTap says nothing, and whatever the time: what is published stays.
func TestAnOutageMovesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := begin(t)
		for range rapid.IntRange(0, 10).Draw(t, "before") {
			l.happen(t)
			l.pass(t)
		}
		if l.target.Record == nil || l.target.Fingerprint != l.target.Record.Fingerprint {
			return
		}
		published := *l.target.Record
		l.unavailable = true
		for range rapid.IntRange(1, 30).Draw(t, "silence") {
			// Longer than an acceptance from before permits to publish.
			l.now = l.now.Add(time.Duration(rapid.Int64Range(int64(31*time.Second), int64(20*day)).Draw(t, "wait")))
			l.pass(t)
			if l.target.Record.Revision != published.Revision || l.target.Fingerprint != published.Fingerprint {
				t.Fatal("moved without a result")
			}
		}
	})
}

// A path that rejects everyone for a while, a proxy's perhaps, moves nothing; nor does its recovery.
func TestAPathThatRejectsEveryoneMovesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := begin(t)
		pass := func(longest time.Duration) {
			l.now = l.now.Add(time.Duration(rapid.Int64Range(1, int64(longest)).Draw(t, "wait")))
			l.pass(t)
			if l.target.Record.Revision != 1 || l.target.Tuple.Passcode.Reveal() != "v1" {
				t.Fatal("moved")
			}
		}
		for range rapid.IntRange(1, 5).Draw(t, "outages") {
			l.rejecting = true
			for range rapid.IntRange(1, 30).Draw(t, "outage") {
				pass(3 * time.Hour)
			}
			l.rejecting = false
			for range rapid.IntRange(1, 30).Draw(t, "recovery") {
				pass(time.Hour)
			}
		}
	})
}

// observedValidity is an observed Secret that things happen to at random, and the values that CleverTap has accepted.
type observedValidity struct {
	*world
	accepts map[string]bool
}

// first is the name of the first entry, and its value.
func (v observedValidity) first() (name, value string) {
	name = v.object.Spec.Passcodes[0].Name
	return name, v.value(name)
}

// happenings are what can happen, by name.
func (v observedValidity) happenings(t *rapid.T) map[string]func() {
	name, value := v.first()
	return map[string]func(){
		"accepted": func() {
			accepted(value)(v.world)
			v.accepts[value] = true
		},
		"rejected":    func() { rejectedTimes(value)(v.world) },
		"unavailable": func() { unavailableTimes(value, rapid.IntRange(1, 3).Draw(t, "times"))(v.world) },
		"changed":     func() { sourceHas(name, rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "value"))(v.world) },
		"order": func() {
			listed(rapid.SampledFrom([][]string{{"a", "b"}, {"b", "a"}, {"b"}}).Draw(t, "list")...)(v.world)
		},
		"lost":    func() { sourceProblem(name, v1alpha1.ReasonKeyNotFound)(v.world) },
		"found":   func() { clear(v.problems) },
		"time":    func() { after(time.Duration(rapid.IntRange(1, 100*24).Draw(t, "hours")) * time.Hour)(v.world) },
		"restart": func() { restarted(v.world) },
		"suspend": func() { v.object.Spec.Suspend = !v.object.Spec.Suspend },
	}
}

// Whatever happens to an observed Secret, nothing is written, and Ready is True only for a value that CleverTap has accepted.
func TestObservingWritesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := observedValidity{newWorld(modeObserve, listed("a", "b")), map[string]bool{}}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			happenings := l.happenings(t)
			happenings[rapid.SampledFrom(slices.Sorted(maps.Keys(happenings))).Draw(t, "what")]()
			d := l.decide()
			if d.Want != nil || len(d.Release) > 0 || len(d.Restart) > 0 || d.Scan {
				t.Fatalf("writes or scans: %+v", d)
			}
			_, value := l.first()
			// A status that waits a second for a result still describes the value before.
			describes := slices.ContainsFunc(d.Status.Passcodes, func(p v1alpha1.PasscodeStatus) bool {
				return p.State == v1alpha1.StateActive && p.Fingerprint == l.fingerprint("in1", "TEST-1", l.passcode(value))
			})
			if describes && meta.IsStatusConditionTrue(d.Status.Conditions, v1alpha1.ConditionReady) && !l.accepts[value] {
				t.Fatalf("Ready is True, and CleverTap never accepted %q: %+v", value, d.Status.Conditions)
			}
			l.object.Status = d.Status
		}
	})
}
