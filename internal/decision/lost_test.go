// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package decision_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/retirement"
)

func TestTheSameValueInAnotherRegionIsNothingToDelete(t *testing.T) {
	RegisterTestingT(t)
	w := newWorld(published)
	do(w, after(time.Hour), inRegion("eu1"), accepted("a", "eu1/a"), settled,
		looked(pod("p", frozen(made))), settled, after(time.Hour), accepted("eu1/a"), looked(), settled, settled)
	t.Log(w.object.Status.ActivePasscode, w.target.Tuple.Passcode.Reveal(), w.target.Record.Replaced)
	for _, e := range safe(w) {
		t.Error(e)
	}
}

func TestAValueWhoseSourceComesBackRepeatsNoSafeToDelete(t *testing.T) {
	RegisterTestingT(t)
	w := newWorld(rotated)
	do(w, looked(pod("p", frozen(made))), settled, after(time.Minute), broken("a", "SourceNotFound"), settled,
		after(time.Minute), looked(), settled, settled)
	t.Log(len(safe(w)), entryOf(w, "a").State)
	do(w, after(time.Minute), broken("a", ""), settled, settled)
	if n := len(safe(w)); n != 1 {
		t.Errorf("sent %d times: %v", n, safe(w))
	}
}

func TestARestartInTheFutureHoldsNothingUp(t *testing.T) {
	RegisterTestingT(t)
	w := newWorld(rotated, auto)
	other := func(r *consumers.Rollout) {
		r.Restarts = map[string]string{consumers.RestartAnnotation("other"): "1@2036-01-01T00:00:00Z"}
	}
	do(w, after(time.Hour), accepted("b"), looked(pod("p", frozen(made))), runs(other), settled)
	first := cond(w, "RolloutComplete")
	for range 12 {
		do(w, after(time.Hour), accepted("b"))
		if d := w.decide(); len(d.Restart) > 0 {
			return
		}
	}
	do(w, settled)
	t.Errorf("never restarted in 12 h:\n%s\n%s", first, cond(w, "RolloutComplete"))
}

func TestAClockThatIsSetBackRestartsNothingAgain(t *testing.T) {
	RegisterTestingT(t)
	w := newWorld(rotated, auto)
	do(w, at(switchedAt.Add(-2*time.Second)), accepted("a", "b"), looked(pod("p", frozen(made))), runs())
	api := consumers.Workload{Kind: "Deployment", Name: "api"}
	made := retirement.Restarts{}
	for i := range 5 {
		d := w.decide()
		t.Log(i, w.now.Format(time.TimeOnly), len(d.Restart), d.Mark)
		if len(d.Restart) == 0 {
			break
		}
		if i > 0 {
			t.Errorf("restarted again after 100 ms")
		}
		w.look.Restarted(api, d.MarkKey, d.Mark)
		made = retirement.Restarts{Annotation: d.MarkKey, Revision: w.target.Record.Revision, Count: made.Count + 1, Times: append(made.Times, w.now)}
		w.restarts = map[consumers.Workload]retirement.Restarts{api: made}
		do(w, after(100*time.Millisecond))
	}
	w.settle()
	t.Log(cond(w, "RolloutComplete"))
}

func TestWhatWasActiveInALostTargetIsRetiredAndReported(t *testing.T) {
	RegisterTestingT(t)
	w := newWorld(listed("a", "b"), published)
	do(w, after(time.Minute), deleted, restarted, rejectedTimes("a"), accepted("b"), settled)
	t.Log(w.object.Status.ActivePasscode, entryOf(w, "a").State, w.target.Record.Replaced)
	do(w, looked(), settled, after(5*time.Minute), settled)
	if entryOf(w, "a").State == "Retired" && len(safe(w)) == 0 {
		t.Errorf("a is %s, no SafeToDelete", entryOf(w, "a").State)
	}
}

func TestAVerificationInTheFutureIsNoReasonToWait(t *testing.T) {
	RegisterTestingT(t)
	w := newWorld(published)
	w.object.Status.Passcodes[0].VerifiedAt = new(metav1.NewTime(w.now.Add(60 * day)))
	do(w, restarted)
	for range 50 {
		do(w, after(day))
		if d := w.decide(); len(d.Verify) > 0 {
			return
		}
	}
	d := w.settle()
	t.Errorf("not asked in 50 days, %s, next %s", cond(w, "Verified"), d.Next)
}

func TestALostTargetThatCannotBeWrittenIsVerifiedAtItsInterval(t *testing.T) {
	RegisterTestingT(t)
	w := newWorld(published)
	do(w, after(time.Minute), broken("a", "SourceNotFound"), deleted, writeDenied)
	for i := range 3 {
		do(w, accepted("a"))
		d := w.decide()
		t.Log(i, w.now, len(d.Verify), d.Next)
		if i > 0 && len(d.Verify) > 0 {
			t.Errorf("asked again %d, answered just now", i)
		}
		do(w, after(200*time.Millisecond))
	}
}

func TestALostKeyAndALostSourceLeaveTheTarget(t *testing.T) {
	RegisterTestingT(t)
	w := newWorld(listed("a", "b"), published)
	do(w, after(time.Hour), otherKey, broken("a", "SourceNotFound"), accepted("b"))
	d := w.decide()
	if d.Want != nil && d.Want.Tuple.Passcode.Reveal() != "a" {
		t.Errorf("overwritten: %s %s rev %d", d.Want.Tuple.Passcode.Reveal(), d.Want.Record.Reason, d.Want.Record.Revision)
	}
	w2 := newWorld(published)
	do(w2, after(time.Hour), otherKey, broken("a", "SourceNotFound"), settled)
	t.Log(w2.object.Status.ActivePasscode, cond(w2, "Ready"))
}

func TestAKeyThatIsGoneFromItsSourceHasNoUsers(t *testing.T) {
	RegisterTestingT(t)
	for _, drop := range []bool{false, true} {
		w := newWorld(rotated)
		if drop { // the Secret is there, and its key is not
			do(w, listed("b"))
			w.held = map[retirement.SecretKey]string{{Secret: "staged", Key: "a"}: ""}
		} else {
			do(w, broken("a", "KeyNotFound"))
		}
		for range 5 {
			do(w, after(10*time.Minute), accepted("b"))
			fresh := func(p *consumers.Pod) { p.CreatedAt = w.now.Add(-time.Minute) }
			do(w, looked(pod("p", uses(consumers.Refreshed, w.now.Add(-time.Minute), "staged"), fresh)), settled)
		}
		if w.object.Status.StalePods != nil {
			t.Errorf("drop %v: key a is gone from Secret staged for 50 min, Pod is 1 min old: %v", drop, w.object.Status.StalePods)
		}
	}
}
