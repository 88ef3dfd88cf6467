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

// safe are the SafeToDelete events that were sent.
func safe(w *world) (all []string) {
	for _, e := range w.sent {
		if e.Reason == "SafeToDelete" {
			all = append(all, fmt.Sprintf("passcode=%q %s", e.Passcode, e.Message))
		}
	}
	return all
}

// do carries out steps.
func do(w *world, steps ...step) {
	for _, s := range steps {
		s(w)
	}
}
func cond(w *world, name string) string {
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
	do(w, after(time.Hour), holds("a", "new"), accepted("new"), settled, // changed in place, "a" is active still
		looked(pod("p", frozen(made))), settled, // somebody holds the old value
		after(time.Minute), listed("b"), rejectedTimes("b"), accepted("new"), settled, // a is taken off; b is refused: a stays
		after(10*time.Minute), looked(), settled, settled)
	t.Log("active:", w.object.Status.ActivePasscode, cond(w, "Ready"))
	for _, e := range safe(w) {
		t.Log(e)
		if strings.Contains(e, `uses "a" any more`) && w.object.Status.ActivePasscode == "a" {
			t.Error("SafeToDelete names the active passcode")
		}
	}
}

func TestASourceThatChangesLaterHadUsersUntilThen(t *testing.T) {
	w := newWorld(rotated)
	fromSource := func(p *consumers.Pod) { p.CreatedAt = switchedAt.Add(time.Hour) }
	user := pod("p", fromSource, uses(consumers.Frozen, switchedAt.Add(time.Hour), "staged", "a"))
	do(w, after(2*time.Hour), looked(user), settled)
	t.Log(entryOf(w, "a").State, entryOf(w, "a").Message)
	do(w, after(time.Hour), holds("a", "a-reset"), accepted("a-reset", "b"))
	w.held = map[retirement.SecretKey]string{{Secret: "staged", Key: "a"}: w.fingerprint("in1", "TEST-1", w.passcode("a-reset"))}
	do(w, looked(user), settled, settled)
	for _, e := range safe(w) {
		t.Error("while Pod p, created when the source held the old value, still has it by env: ", e)
	}
}

func TestALostStatusRepeatsNoSafeToDelete(t *testing.T) {
	w := newWorld(rotated)
	do(w, looked(), settled, after(10*time.Minute), settled)
	t.Log(len(safe(w)), safe(w))
	do(w, statusLost, restarted, accepted("a", "b"), settled, looked(), settled, after(5*time.Minute), settled)
	if n := len(safe(w)); n != 1 {
		t.Errorf("status lost: SafeToDelete %d times for one value: %v", n, safe(w))
	}
}
func TestAnEntryThatComesBackRepeatsNoSafeToDelete(t *testing.T) {
	w := newWorld(rotated)
	do(w, looked(), settled, after(10*time.Minute), settled)
	do(w, listed("b"), settled, after(time.Minute), listed("a", "b"), accepted("a", "b"), settled, looked(), settled)
	if n := len(safe(w)); n != 1 {
		t.Errorf("re-listed: SafeToDelete %d times for one value: %v", n, safe(w))
	}
}
func TestAnOldRecordCountsAsReported(t *testing.T) {
	w := newWorld(rotated)
	do(w, looked(), settled, after(10*time.Minute), settled)
	for i := range w.target.Record.Replaced {
		w.target.Record.Replaced[i].Locations = nil
	}
	w.target.Record.Locations = nil
	w.sent = nil
	do(w, statusLost, restarted, accepted("a", "b"), settled, looked(), settled, after(5*time.Minute), settled)
	if n := len(safe(w)); n != 0 {
		t.Errorf("record without marks: %v", safe(w))
	}
}

func TestAContainerThatIsToStartTakesTheOldValueFromItsSource(t *testing.T) {
	for _, phase := range []corev1.PodPhase{corev1.PodPending, corev1.PodRunning} {
		w := newWorld(rotated)
		p := consumers.FromPod(&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "p", CreationTimestamp: metav1.NewTime(switchedAt.Add(-time.Hour))},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Env: []corev1.EnvVar{{Name: "X", ValueFrom: &corev1.EnvVarSource{
				SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "staged"}, Key: "a"}}}}}}},
			Status: corev1.PodStatus{Phase: phase, ContainerStatuses: []corev1.ContainerStatus{{Name: "app",
				State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}}}},
		})
		do(w, looked(p), settled, after(10*time.Minute), settled)
		if len(safe(w)) > 0 {
			t.Errorf("%s: a Pod's next start takes the old value from its source: %v", phase, safe(w))
		}
	}
}

func TestWhatWasActiveIsNoSuccessorOnceItsTargetIsLost(t *testing.T) {
	w := newWorld(published)
	do(w, deleted, restarted, listed("z", "a"), createdAt("z", made.Add(-time.Hour)), lasting("a", 300), accepted("z", "a"), settled)
	t.Log("active", w.object.Status.ActivePasscode, "a is", entryOf(w, "a").State, "next", w.object.Status.NextPasscode, w.object.Status.History, cond(w, "SuccessorReady"))
	do(w, at(made.Add(61*day)), accepted("z", "a"))
	d := w.decide()
	if d.Want != nil && d.Want.Record.Passcode == "a" {
		t.Errorf("a, active at revision 1, is published again: %s revision %d", d.Want.Record.Reason, d.Want.Record.Revision)
	}
	w2 := newWorld(published)
	do(w2, deleted, restarted, listed("a", "b"), createdAt("b", made.Add(time.Hour)), rejectedTimes("a"), accepted("b"), settled, after(time.Minute), accepted("a", "b"), settled)
	t.Log("active", w2.object.Status.ActivePasscode, "a is", entryOf(w2, "a").State, w2.object.Status.NextPasscode, cond(w2, "SuccessorReady"))
}

func TestARemovedPasscodeIsNotCalledVerifiedForEver(t *testing.T) {
	w := newWorld(published)
	do(w, after(time.Hour), accepted("a"), listed("b"), rejectedTimes("b"), settled, restarted, unanswered("a", 1), unanswered("b", 1))
	do(w, after(10*day), unanswered("a", 200), unanswered("b", 200), settled)
	if s := cond(w, "Verified"); strings.Contains(s, "Accepted") {
		t.Errorf("10 days without an answer: %s", s)
	}
}

func TestNamingAWorkloadTakesNothingFromAuto(t *testing.T) {
	init := func(p *consumers.Pod) {
		p.StartedAt = switchedAt.Add(time.Hour) // main container restarted in place since
		p.CreatedAt = made
		p.Containers = []consumers.Container{{Name: "init", StartedAt: made, Uses: []consumers.Use{{Secret: "marketing", Way: consumers.Frozen}}}}
	}
	for _, names := range [][]string{nil, {"api"}} {
		w := newWorld(rotated)
		rollout(func(r *v1alpha1.Rollout) {
			r.Auto = true
			for _, n := range names {
				r.Targets = append(r.Targets, v1alpha1.RolloutTarget{Kind: "Deployment", Name: n})
			}
		})(w)
		do(w, after(2*time.Hour), accepted("a", "b"), looked(pod("p", init)), runs())
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
		do(w, at(base.Add(time.Duration(i)*30*time.Second)), holds("a", v), accepted(v), settled)
	}
	api := consumers.Workload{Kind: "Deployment", Name: "api"}
	do(w, looked(pod("p", frozen(made))), runs(restartedFor("3@"+base.Add(30*time.Second).Format(time.RFC3339))))
	w.restarts = map[consumers.Workload]retirement.Restarts{api: {Revision: 3, Count: 1, Times: []time.Time{
		base.Add(200 * time.Millisecond), base.Add(30*time.Second + 200*time.Millisecond)}}}
	do(w, at(base.Add(62*time.Second)), accepted("n3"))
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
	do(w, after(time.Minute), suspended, listed("b"), settled)
	if s := cond(w, "Ready"); strings.Contains(s, "no listed passcode is accepted") && entryOf(w, "b").State == "Staged" {
		t.Errorf("b is %s and: %s", entryOf(w, "b").State, s)
	}
	w = newWorld(listed("a", "b"), published)
	do(w, after(time.Minute), listed("b"), accepted("b"), writeDenied)
	w.object.Status = w.decide().Status
	if s := cond(w, "Ready"); strings.Contains(s, "no listed passcode is accepted") {
		t.Errorf("write denied, b is %s and: %s", entryOf(w, "b").State, s)
	}
}

func TestAnExpiredPasscodeIsNotCalledRefused(t *testing.T) {
	w := newWorld(listed("a", "b"), lasting("b", 10), lasting("a", 300), published)
	do(w, at(made.Add(20*day)), accepted("a", "b"), settled)
	t.Log(entryOf(w, "b").State, entryOf(w, "b").Message)
	do(w, restarted, after(time.Hour), accepted("a"), lasting("b", 200), unanswered("b", 3), settled)
	if s := entryOf(w, "b"); s.State == "Rejected" {
		t.Errorf("CleverTap never refused b: %s %s", s.State, s.Message)
	}
}

func TestNobodyIsSaidToAskWhoDoesNot(t *testing.T) {
	w := newWorld(rotated)
	do(w, looked(), settled, after(5*time.Minute), settled)
	do(w, deleted, restarted, listed("a"), accepted("a"), settled, after(time.Hour), accepted("a"), settled)
	d := w.decide()
	t.Log(cond(w, "Ready"), "|", cond(w, "Reconciling"), "|", cond(w, "Stalled"), "asks", len(d.Verify), "want", d.Want != nil, "next", d.Next, "now", w.now, entryOf(w, "a").State)
	if strings.Contains(cond(w, "Ready"), "being asked") && len(d.Verify) == 0 {
		t.Errorf("nobody asks: %s", cond(w, "Ready"))
	}
}

func TestPodsWithoutAPasscodeDespiteClockSkew(t *testing.T) {
	publishedAt := made.Add(day)
	optional := func(created, started time.Time) podModifier {
		return func(p *consumers.Pod) {
			p.CreatedAt, p.StartedAt = created, started
			p.Containers = []consumers.Container{{Name: "app", StartedAt: started, Uses: []consumers.Use{{Secret: "marketing", Way: consumers.Frozen, Optional: true}}}}
		}
	}
	w := newWorld(published)
	do(w, auto, after(10*time.Second), looked(pod("later", optional(publishedAt.Add(3*time.Second), publishedAt.Add(-time.Second))))) // node's clock is behind
	w.settle()
	if s := cond(w, "RolloutComplete"); strings.Contains(s, "later") {
		t.Errorf("created 3 s after the publication: %s", s)
	}
	w = newWorld(published)
	do(w, auto, after(10*time.Second), looked(pod("earlier", optional(publishedAt.Add(-2*time.Second), publishedAt.Add(2*time.Second))))) // ahead
	w.settle()
	if s := cond(w, "RolloutComplete"); !strings.Contains(s, "earlier") {
		t.Errorf("created 2 s before, started (clock ahead 3 s) before the publication: %s", s)
	}
}

func TestARestartOfAFormerObjectIsNone(t *testing.T) {
	w := newWorld(rotated, auto) // revision 2 of a re-created object
	p := pod("p", frozen(made), madeBy("7@2026-09-01T00:00:00Z"), func(p *consumers.Pod) { p.CreatedAt = made })
	do(w, looked(p), runs(restartedFor("7@2026-09-01T00:00:00Z")), settled, after(5*time.Minute), settled)
	t.Log(cond(w, "RolloutComplete"))
	if len(safe(w)) > 0 {
		t.Errorf("p took the value before it was replaced: %v", safe(w))
	}
}

func TestValuesThatTradePlacesKeepTheirDates(t *testing.T) {
	w := newWorld(listed("a", "b", "c"), undated("b"), undated("c"), published)
	first := entryOf(w, "b").ExpiresAt
	do(w, after(40*day), accepted("a", "b", "c"), settled)
	do(w, holds("b", "c"), holds("c", "b"), settled)
	if now := entryOf(w, "b").ExpiresAt; !now.Equal(first) {
		t.Errorf("both values were first seen together, and end at %s; after their names were swapped at %s", first, now)
	}
}

func TestAnExpiredValueThatWasNeverAcceptedLeavesItsCreatedAt(t *testing.T) {
	w := newWorld(published)
	do(w, listed("a", "b"), createdAt("b", made.Add(-200*day)), unanswered("b", 1), settled)
	t.Log(entryOf(w, "b").State, entryOf(w, "b").BeginsAt)
	do(w, after(time.Minute), rejectedTimes("b"), settled)
	t.Log(entryOf(w, "b").State, entryOf(w, "b").BeginsAt)
	do(w, after(time.Minute), holds("b", "b-right"), lasting("b", 365), accepted("b-right"), settled)
	s := entryOf(w, "b")
	if want := made.Add(-200 * day); !s.BeginsAt.Time.Equal(want) {
		t.Errorf("a corrected typo lost its createdAt %s: begins %s, ends %s; %s", want, s.BeginsAt, s.ExpiresAt, s.Message)
	}
}
