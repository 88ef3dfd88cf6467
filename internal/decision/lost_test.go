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
	apply(w, after(time.Hour), inRegion("eu1"), accepted("a", "eu1/a"), settled,
		scanned(pod("p", usesByEnv(creation))), settled, after(time.Hour), accepted("eu1/a"), scanned(), settled, settled)
	t.Log(w.object.Status.ActivePasscode, w.target.Tuple.Passcode.Reveal(), w.target.Record.Replaced)
	for _, e := range safeToDeleteEvents(w) {
		t.Error(e)
	}
}

func TestAValueWhoseSourceComesBackRepeatsNoSafeToDelete(t *testing.T) {
	RegisterTestingT(t)
	w := newWorld(rotatedToB)
	apply(w, scanned(pod("p", usesByEnv(creation))), settled, after(time.Minute), sourceProblem("a", "SourceNotFound"), settled,
		after(time.Minute), scanned(), settled, settled)
	t.Log(len(safeToDeleteEvents(w)), entryOf(w, "a").State)
	apply(w, after(time.Minute), sourceProblem("a", ""), settled, settled)
	if n := len(safeToDeleteEvents(w)); n != 1 {
		t.Errorf("sent %d times: %v", n, safeToDeleteEvents(w))
	}
}

func TestARestartInTheFutureDelaysNothing(t *testing.T) {
	RegisterTestingT(t)
	w := newWorld(rotatedToB, auto)
	other := func(r *consumers.Rollout) {
		r.Restarts = map[string]string{consumers.RestartAnnotation("other"): "1@2036-01-01T00:00:00Z"}
	}
	apply(w, after(time.Hour), accepted("b"), scanned(pod("p", usesByEnv(creation))), hasWorkload(other), settled)
	first := conditionText(w, "RolloutComplete")
	for range 12 {
		apply(w, after(time.Hour), accepted("b"))
		if d := w.decide(); len(d.Restart) > 0 {
			return
		}
	}
	apply(w, settled)
	t.Errorf("never restarted in 12 h:\n%s\n%s", first, conditionText(w, "RolloutComplete"))
}

func TestAClockThatIsSetBackRestartsNothingAgain(t *testing.T) {
	RegisterTestingT(t)
	w := newWorld(rotatedToB, auto)
	apply(w, at(rotatedAt.Add(-2*time.Second)), accepted("a", "b"), scanned(pod("p", usesByEnv(creation))), hasWorkload())
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
		w.scan.Restarted(api, d.MarkKey, d.Mark)
		made = retirement.Restarts{Annotation: d.MarkKey, Revision: w.target.Record.Revision, Count: made.Count + 1, Times: append(made.Times, w.now)}
		w.restarts = map[consumers.Workload]retirement.Restarts{api: made}
		apply(w, after(100*time.Millisecond))
	}
	w.settle()
	t.Log(conditionText(w, "RolloutComplete"))
}

func TestWhatWasActiveInALostTargetIsRetiredAndReported(t *testing.T) {
	RegisterTestingT(t)
	w := newWorld(listed("a", "b"), published)
	apply(w, after(time.Minute), targetDeleted, restarted, rejectedTimes("a"), accepted("b"), settled)
	t.Log(w.object.Status.ActivePasscode, entryOf(w, "a").State, w.target.Record.Replaced)
	apply(w, scanned(), settled, after(5*time.Minute), settled)
	if entryOf(w, "a").State == "Retired" && len(safeToDeleteEvents(w)) == 0 {
		t.Errorf("a is %s, no SafeToDelete", entryOf(w, "a").State)
	}
}

func TestAVerificationInTheFutureIsNoReasonToWait(t *testing.T) {
	RegisterTestingT(t)
	w := newWorld(published)
	w.object.Status.Passcodes[0].VerifiedAt = new(metav1.NewTime(w.now.Add(60 * day)))
	apply(w, restarted)
	for range 50 {
		apply(w, after(day))
		if d := w.decide(); len(d.Verify) > 0 {
			return
		}
	}
	d := w.settle()
	t.Errorf("not verified in 50 days, %s, next %s", conditionText(w, "Verified"), d.Next)
}

func TestALostTargetThatCannotBeWrittenIsVerifiedAtItsInterval(t *testing.T) {
	RegisterTestingT(t)
	w := newWorld(published)
	apply(w, after(time.Minute), sourceProblem("a", "SourceNotFound"), targetDeleted, targetWriteDenied)
	for i := range 3 {
		apply(w, accepted("a"))
		d := w.decide()
		t.Log(i, w.now, len(d.Verify), d.Next)
		if i > 0 && len(d.Verify) > 0 {
			t.Errorf("verified again %d, with a result just now", i)
		}
		apply(w, after(200*time.Millisecond))
	}
}

func TestALostKeyAndALostSourceLeaveTheTarget(t *testing.T) {
	RegisterTestingT(t)
	w := newWorld(listed("a", "b"), published)
	apply(w, after(time.Hour), fingerprintKeyReplaced, sourceProblem("a", "SourceNotFound"), accepted("b"))
	d := w.decide()
	if d.Want != nil && d.Want.Tuple.Passcode.Reveal() != "a" {
		t.Errorf("overwritten: %s %s rev %d", d.Want.Tuple.Passcode.Reveal(), d.Want.Record.Reason, d.Want.Record.Revision)
	}
	w2 := newWorld(published)
	apply(w2, after(time.Hour), fingerprintKeyReplaced, sourceProblem("a", "SourceNotFound"), settled)
	t.Log(w2.object.Status.ActivePasscode, conditionText(w2, "Ready"))
}

func TestAKeyThatIsGoneFromItsSourceHasNoUsers(t *testing.T) {
	RegisterTestingT(t)
	for _, drop := range []bool{false, true} {
		w := newWorld(rotatedToB)
		if drop { // the Secret is there, and its key is not
			apply(w, listed("b"))
			w.had = map[retirement.SecretKey]string{{Secret: "staged", Key: "a"}: ""}
		} else {
			apply(w, sourceProblem("a", "KeyNotFound"))
		}
		for range 5 {
			apply(w, after(10*time.Minute), accepted("b"))
			fresh := func(p *consumers.Pod) { p.CreatedAt = w.now.Add(-time.Minute) }
			apply(w, scanned(pod("p", usesSecret(consumers.Refreshed, w.now.Add(-time.Minute), "staged"), fresh)), settled)
		}
		if w.object.Status.StalePods != nil {
			t.Errorf("drop %v: key a is gone from Secret staged for 50 min, Pod is 1 min old: %v", drop, w.object.Status.StalePods)
		}
	}
}
