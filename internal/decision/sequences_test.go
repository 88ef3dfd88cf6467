// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package decision_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/retirement"
)

// These are sequences in which each decision looks right by itself.

// safeToDeleteEvents are the SafeToDelete events that were sent.
func safeToDeleteEvents(w *world) (all []string) {
	for _, e := range w.sent {
		if e.Reason == "SafeToDelete" {
			all = append(all, fmt.Sprintf("passcode=%q %s", e.Passcode, e.Message))
		}
	}
	return all
}

// apply carries out steps.
func apply(w *world, steps ...step) {
	for _, s := range steps {
		s(w)
	}
}
func conditionText(w *world, name string) string {
	c := meta.FindStatusCondition(w.object.Status.Conditions, name)
	if c == nil {
		return name + " absent"
	}
	return fmt.Sprintf("%s=%s %s: %s", name, c.Status, c.Reason, c.Message)
}
func entryOf(w *world, name string) v1alpha1.PasscodeStatus {
	for _, s := range w.object.Status.Passcodes {
		if s.Name == name {
			return s
		}
	}
	return v1alpha1.PasscodeStatus{}
}

func TestTheActivePasscodeIsNeverNamedAsWhatToDelete(t *testing.T) {
	RegisterTestingT(t)
	w := newWorld(published)
	apply(w, after(time.Hour), sourceHas("a", "new"), accepted("new"), settled, // changed in place, "a" is active still
		scanned(pod("p", usesByEnv(creation))), settled, // someone has the old value
		after(time.Minute), listed("b"), rejectedTimes("b"), accepted("new"), settled, // a is taken off; b is rejected: a stays
		after(10*time.Minute), scanned(), settled, settled)
	t.Log("active:", w.object.Status.ActivePasscode, conditionText(w, "Ready"))
	for _, e := range safeToDeleteEvents(w) {
		t.Log(e)
		if strings.Contains(e, `uses "a" any more`) && w.object.Status.ActivePasscode == "a" {
			t.Error("SafeToDelete names the active passcode")
		}
	}
}

func TestASourceThatChangesLaterHadUsersUntilThen(t *testing.T) {
	w := newWorld(rotatedToB)
	fromSource := func(p *consumers.Pod) { p.CreatedAt = rotatedAt.Add(time.Hour) }
	user := pod("p", fromSource, usesSecret(consumers.Frozen, rotatedAt.Add(time.Hour), "staged", "a"))
	apply(w, after(2*time.Hour), scanned(user), settled)
	t.Log(entryOf(w, "a").State, entryOf(w, "a").Message)
	apply(w, after(time.Hour), sourceHas("a", "a-reset"), accepted("a-reset", "b"))
	w.had = map[retirement.SecretKey]string{{Secret: "staged", Key: "a"}: w.fingerprint("in1", "TEST-1", w.passcode("a-reset"))}
	apply(w, scanned(user), settled, settled)
	for _, e := range safeToDeleteEvents(w) {
		t.Error("while Pod p, created when the source contained the old value, still has it by env: ", e)
	}
}

func TestALostStatusRepeatsNoSafeToDelete(t *testing.T) {
	w := newWorld(rotatedToB)
	apply(w, scanned(), settled, after(10*time.Minute), settled)
	t.Log(len(safeToDeleteEvents(w)), safeToDeleteEvents(w))
	apply(w, statusLost, restarted, accepted("a", "b"), settled, scanned(), settled, after(5*time.Minute), settled)
	if n := len(safeToDeleteEvents(w)); n != 1 {
		t.Errorf("status lost: SafeToDelete %d times for one value: %v", n, safeToDeleteEvents(w))
	}
}
func TestAnEntryThatComesBackRepeatsNoSafeToDelete(t *testing.T) {
	w := newWorld(rotatedToB)
	apply(w, scanned(), settled, after(10*time.Minute), settled)
	apply(w, listed("b"), settled, after(time.Minute), listed("a", "b"), accepted("a", "b"), settled, scanned(), settled)
	if n := len(safeToDeleteEvents(w)); n != 1 {
		t.Errorf("re-listed: SafeToDelete %d times for one value: %v", n, safeToDeleteEvents(w))
	}
}
func TestAnOldRecordCountsAsReported(t *testing.T) {
	w := newWorld(rotatedToB)
	apply(w, scanned(), settled, after(10*time.Minute), settled)
	for i := range w.target.Record.Replaced {
		w.target.Record.Replaced[i].Locations = nil
	}
	w.target.Record.Locations = nil
	w.sent = nil
	apply(w, statusLost, restarted, accepted("a", "b"), settled, scanned(), settled, after(5*time.Minute), settled)
	if n := len(safeToDeleteEvents(w)); n != 0 {
		t.Errorf("record without marks: %v", safeToDeleteEvents(w))
	}
}

func TestAContainerThatIsToStartTakesTheOldValueFromItsSource(t *testing.T) {
	for _, phase := range []corev1.PodPhase{corev1.PodPending, corev1.PodRunning} {
		w := newWorld(rotatedToB)
		p := consumers.FromPod(&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "p", CreationTimestamp: metav1.NewTime(rotatedAt.Add(-time.Hour))},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Env: []corev1.EnvVar{{Name: "X", ValueFrom: &corev1.EnvVarSource{
				SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "staged"}, Key: "a"}}}}}}},
			Status: corev1.PodStatus{Phase: phase, ContainerStatuses: []corev1.ContainerStatus{{Name: "app",
				State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}}}},
		})
		apply(w, scanned(p), settled, after(10*time.Minute), settled)
		if len(safeToDeleteEvents(w)) > 0 {
			t.Errorf("%s: a Pod's next start takes the old value from its source: %v", phase, safeToDeleteEvents(w))
		}
	}
}

func TestWhatWasActiveIsNoSuccessorOnceItsTargetIsLost(t *testing.T) {
	w := newWorld(published)
	apply(w, targetDeleted, restarted, listed("z", "a"), createdAt("z", creation.Add(-time.Hour)), expiresAfterDays("a", 300), accepted("z", "a"), settled)
	t.Log("active", w.object.Status.ActivePasscode, "a is", entryOf(w, "a").State, "next", w.object.Status.NextPasscode, w.object.Status.History,
		conditionText(w, "SuccessorReady"))
	apply(w, at(creation.Add(61*day)), accepted("z", "a"))
	d := w.decide()
	if d.Want != nil && d.Want.Record.Passcode == "a" {
		t.Errorf("a, active at revision 1, is published again: %s revision %d", d.Want.Record.Reason, d.Want.Record.Revision)
	}
	w2 := newWorld(published)
	apply(w2, targetDeleted, restarted, listed("a", "b"), createdAt("b", creation.Add(time.Hour)), rejectedTimes("a"), accepted("b"), settled,
		after(time.Minute), accepted("a", "b"), settled)
	t.Log("active", w2.object.Status.ActivePasscode, "a is", entryOf(w2, "a").State, w2.object.Status.NextPasscode, conditionText(w2, "SuccessorReady"))
}

func TestARemovedPasscodeIsNotCalledVerifiedForEver(t *testing.T) {
	w := newWorld(published)
	apply(w, after(time.Hour), accepted("a"), listed("b"), rejectedTimes("b"), settled, restarted, unavailableTimes("a", 1), unavailableTimes("b", 1))
	apply(w, after(10*day), unavailableTimes("a", 200), unavailableTimes("b", 200), settled)
	if s := conditionText(w, "Verified"); strings.Contains(s, "Accepted") {
		t.Errorf("10 days without a result: %s", s)
	}
}

func TestNamingAWorkloadTakesNothingFromAuto(t *testing.T) {
	init := func(p *consumers.Pod) {
		p.StartedAt = rotatedAt.Add(time.Hour) // main container restarted in place since
		p.CreatedAt = creation
		p.Containers = []consumers.Container{{Name: "init", StartedAt: creation, Uses: []consumers.Use{{Secret: "marketing", Way: consumers.Frozen}}}}
	}
	for _, names := range [][]string{nil, {"api"}} {
		w := newWorld(rotatedToB)
		rollout(func(r *v1alpha1.Rollout) {
			r.Auto = true
			for _, n := range names {
				r.Targets = append(r.Targets, v1alpha1.RolloutTarget{Kind: "Deployment", Name: n})
			}
		})(w)
		apply(w, after(2*time.Hour), accepted("a", "b"), scanned(pod("p", init)), hasWorkload())
		d := w.decide()
		c := meta.FindStatusCondition(d.Status.Conditions, "RolloutComplete")
		t.Log(names, len(d.Restart), c)
		if len(d.Restart) != 1 {
			t.Errorf("auto, targets %v: not restarted", names)
		}
	}
}

func TestOneRestartCountsOnce(t *testing.T) {
	w := newWorld(published)
	spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Type = v1alpha1.PasscodeTypeUser })(w)
	auto(w)
	base := w.now.Add(time.Minute)
	// published revision 4; restarted for 2 at base, for 3 at base+30s, by this process
	for i, v := range []string{"n1", "n2", "n3"} {
		apply(w, at(base.Add(time.Duration(i)*30*time.Second)), sourceHas("a", v), accepted(v), settled)
	}
	api := consumers.Workload{Kind: "Deployment", Name: "api"}
	apply(w, scanned(pod("p", usesByEnv(creation))), hasWorkload(restartedFor("3@"+base.Add(30*time.Second).Format(time.RFC3339))))
	w.restarts = map[consumers.Workload]retirement.Restarts{api: {Revision: 3, Count: 1, Times: []time.Time{
		base.Add(200 * time.Millisecond), base.Add(30*time.Second + 200*time.Millisecond)}}}
	apply(w, at(base.Add(62*time.Second)), accepted("n3"))
	d := w.decide()
	whole := w.restarts
	w.restarts = map[consumers.Workload]retirement.Restarts{api: {Revision: 3, Count: 1, Times: []time.Time{base, base.Add(30 * time.Second)}}}
	t.Log("with whole seconds it is made:", len(w.decide().Restart))
	w.restarts = whole
	if len(d.Restart) != 1 {
		c := meta.FindStatusCondition(d.Status.Conditions, "RolloutComplete")
		t.Errorf("third restart in five minutes, 32 s after the second: not made; %s; now %s", c.Message, w.now)
	}
}

func TestAnAcceptedPasscodeIsNotDenied(t *testing.T) {
	w := newWorld(listed("a", "b"), published)
	apply(w, after(time.Minute), suspended, listed("b"), settled)
	if s := conditionText(w, "Ready"); strings.Contains(s, "no entry is accepted") && entryOf(w, "b").State == "Staged" {
		t.Errorf("b is %s and: %s", entryOf(w, "b").State, s)
	}
	w = newWorld(listed("a", "b"), published)
	apply(w, after(time.Minute), listed("b"), accepted("b"), targetWriteDenied)
	w.object.Status = w.decide().Status
	if s := conditionText(w, "Ready"); strings.Contains(s, "no entry is accepted") {
		t.Errorf("write denied, b is %s and: %s", entryOf(w, "b").State, s)
	}
}

func TestAnExpiredPasscodeIsNotCalledRejected(t *testing.T) {
	w := newWorld(listed("a", "b"), expiresAfterDays("b", 10), expiresAfterDays("a", 300), published)
	apply(w, at(creation.Add(20*day)), accepted("a", "b"), settled)
	t.Log(entryOf(w, "b").State, entryOf(w, "b").Message)
	apply(w, restarted, after(time.Hour), accepted("a"), expiresAfterDays("b", 200), unavailableTimes("b", 3), settled)
	if s := entryOf(w, "b"); s.State == "Rejected" {
		t.Errorf("CleverTap never rejected b: %s %s", s.State, s.Message)
	}
}

func TestNobodyIsSaidToVerifyWhoDoesNot(t *testing.T) {
	w := newWorld(rotatedToB)
	apply(w, scanned(), settled, after(5*time.Minute), settled)
	apply(w, targetDeleted, restarted, listed("a"), accepted("a"), settled, after(time.Hour), accepted("a"), settled)
	d := w.decide()
	t.Log(conditionText(w, "Ready"), "|", conditionText(w, "Reconciling"), "|", conditionText(w, "Stalled"), "asks", len(d.Verify), "want", d.Want != nil,
		"next", d.Next, "now", w.now, entryOf(w, "a").State)
	if strings.Contains(conditionText(w, "Ready"), "being verified") && len(d.Verify) == 0 {
		t.Errorf("nothing verifies: %s", conditionText(w, "Ready"))
	}
}

func TestAnEditedTargetWhoseEntryIsGoneIsVerifiedOnce(t *testing.T) {
	w := newWorld(listed("a", "b"), accepted("a"), settled)
	w.object.Spec.Passcodes = w.object.Spec.Passcodes[1:] // "b", which is not verified yet
	apply(w, targetEdited, accepted("a"))
	for _, q := range w.decide().Verify {
		if q.Tuple.Passcode.Reveal() == "a" {
			t.Errorf("what was verified just now is verified again: %+v", w.results["a"])
		}
	}
}

func TestPodsWithoutAPasscodeDespiteClockSkew(t *testing.T) {
	publishedAt := creation.Add(day)
	optional := func(created, started time.Time) podModifier {
		return func(p *consumers.Pod) {
			p.CreatedAt, p.StartedAt = created, started
			p.Containers = []consumers.Container{{Name: "app", StartedAt: started,
				Uses: []consumers.Use{{Secret: "marketing", Way: consumers.Frozen, Optional: true}}}}
		}
	}
	w := newWorld(published)
	apply(w, auto, after(10*time.Second),
		scanned(pod("later", optional(publishedAt.Add(3*time.Second), publishedAt.Add(-time.Second))))) // node's clock is behind
	w.settle()
	if s := conditionText(w, "RolloutComplete"); strings.Contains(s, "later") {
		t.Errorf("created 3 s after the publication: %s", s)
	}
	w = newWorld(published)
	apply(w, auto, after(10*time.Second), scanned(pod("earlier", optional(publishedAt.Add(-2*time.Second), publishedAt.Add(2*time.Second))))) // ahead
	w.settle()
	if s := conditionText(w, "RolloutComplete"); !strings.Contains(s, "earlier") {
		t.Errorf("created 2 s before, started (clock ahead 3 s) before the publication: %s", s)
	}
}

func TestARestartOfAFormerObjectIsNone(t *testing.T) {
	w := newWorld(rotatedToB, auto) // revision 2 of a re-created object
	p := pod("p", usesByEnv(creation), madeBy("7@2026-09-01T00:00:00Z"), func(p *consumers.Pod) { p.CreatedAt = creation })
	apply(w, scanned(p), hasWorkload(restartedFor("7@2026-09-01T00:00:00Z")), settled, after(5*time.Minute), settled)
	t.Log(conditionText(w, "RolloutComplete"))
	if len(safeToDeleteEvents(w)) > 0 {
		t.Errorf("p took the value before it was replaced: %v", safeToDeleteEvents(w))
	}
}

func TestValuesThatTradePlacesKeepTheirDates(t *testing.T) {
	w := newWorld(listed("a", "b", "c"), withoutCreatedAt("b"), withoutCreatedAt("c"), published)
	first := entryOf(w, "b").ExpiresAt
	apply(w, after(40*day), accepted("a", "b", "c"), settled)
	apply(w, sourceHas("b", "c"), sourceHas("c", "b"), settled)
	if now := entryOf(w, "b").ExpiresAt; !now.Equal(first) {
		t.Errorf("both values were first seen together, and end at %s; after their names were swapped at %s", first, now)
	}
}

func TestAnExpiredValueThatWasNeverAcceptedLeavesItsCreatedAt(t *testing.T) {
	w := newWorld(published)
	apply(w, listed("a", "b"), createdAt("b", creation.Add(-200*day)), unavailableTimes("b", 1), settled)
	t.Log(entryOf(w, "b").State, entryOf(w, "b").BeginsAt)
	apply(w, after(time.Minute), rejectedTimes("b"), settled)
	t.Log(entryOf(w, "b").State, entryOf(w, "b").BeginsAt)
	apply(w, after(time.Minute), sourceHas("b", "b-right"), expiresAfterDays("b", 365), accepted("b-right"), settled)
	s := entryOf(w, "b")
	if want := creation.Add(-200 * day); !s.BeginsAt.Time.Equal(want) {
		t.Errorf("a corrected typo lost its createdAt %s: begins %s, ends %s; %s", want, s.BeginsAt, s.ExpiresAt, s.Message)
	}
}
