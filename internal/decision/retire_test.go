// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package decision_test

import (
	"fmt"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/decision"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/retirement"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
)

// switchedAt is when rotated switches from a to b.
var switchedAt = made.Add(day + time.Hour + time.Minute)

// rotated has switched from a to b on request, and has not looked yet.
func rotated(w *world) {
	spare(w)
	at(switchedAt)(w)
	requestsRotation("1")(w)
	accepted("a", "b")(w)
	w.settle()
}

type podModifier func(*consumers.Pod)

// pod is one of Deployment api's; without a use it holds nothing.
func pod(name string, modifiers ...podModifier) consumers.Pod {
	p := consumers.Pod{Name: name, Owner: consumers.Workload{Kind: "Deployment", Name: "api"}}
	for _, modify := range modifiers {
		modify(&p)
	}
	return p
}

func uses(way consumers.Way, started time.Time, secret string, keys ...string) podModifier {
	return func(p *consumers.Pod) {
		p.StartedAt = started
		p.Containers = append(p.Containers, consumers.Container{
			Name: "app", StartedAt: started, Uses: []consumers.Use{{Secret: secret, Keys: keys, Way: way}},
		})
	}
}

func frozen(started time.Time) podModifier { return uses(consumers.Frozen, started, "marketing") }

func mounted(started time.Time) podModifier { return uses(consumers.Refreshed, started, "marketing") }

func madeBy(mark string) podModifier {
	return func(p *consumers.Pod) {
		p.Restarts = map[string]string{consumers.RestartAnnotation("marketing"): mark}
	}
}

func looked(pods ...consumers.Pod) step {
	return func(w *world) {
		var rollouts []consumers.Rollout
		if w.look != nil {
			rollouts = w.look.Rollouts
		}
		w.look = &consumers.Scan{At: w.now, Pods: pods, Rollouts: rollouts}
		w.looks++
	}
}

func blind(w *world) {
	w.look = &consumers.Scan{At: w.now, Problem: "the operator may not look"}
	w.looks++
}

type rolloutModifier func(*consumers.Rollout)

// runs is a Deployment api that the look found.
func runs(modifiers ...rolloutModifier) step {
	return func(w *world) {
		r := consumers.Rollout{Workload: consumers.Workload{Kind: "Deployment", Name: "api"}, UID: "api", ResourceVersion: "1"}
		for _, modify := range modifiers {
			modify(&r)
		}
		w.look.Rollouts = append(w.look.Rollouts, r)
	}
}

func restartedFor(mark string) rolloutModifier {
	return func(r *consumers.Rollout) {
		r.Restarts = map[string]string{consumers.RestartAnnotation("marketing"): mark}
	}
}

func rollout(modify func(*v1alpha1.Rollout)) step {
	return spec(func(s *v1alpha1.CleverTapPasscodeSpec) {
		s.Rollout = &v1alpha1.Rollout{}
		modify(s.Rollout)
	})
}

var auto = rollout(func(r *v1alpha1.Rollout) { r.Auto = true })

func targets(names ...string) step {
	return rollout(func(r *v1alpha1.Rollout) {
		for _, name := range names {
			r.Targets = append(r.Targets, v1alpha1.RolloutTarget{Kind: "Deployment", Name: name})
		}
	})
}

func looks(yes bool) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Scan).To(Equal(yes))
	}
}

func restarts(names ...string) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		got := []string{}
		for _, r := range d.Restart {
			got = append(got, r.Name)
		}
		Expect(got).To(ConsistOf(names))
	}
}

func stale(names ...string) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Status.StalePods).NotTo(BeNil())
		Expect(d.Status.StalePods.Names).To(ConsistOf(names))
		Expect(d.Status.StalePods.Count).To(BeEquivalentTo(len(names)))
	}
}

func nothingStale(_ *world, d decision.Decision) {
	GinkgoHelper()
	Expect(d.Status.StalePods).To(BeNil())
}

func marks(mark string) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.MarkKey).To(Equal("restart.clevertap.passcode-operator.io/marketing"))
		Expect(d.Mark).To(Equal(mark))
	}
}

// anotherRevision is one more publication.
func anotherRevision(w *world) {
	holds("b", "b2")(w)
	accepted("b2")(w)
	w.settle()
}

// userRotated is rotated for a user passcode, changed in place, with rollout.auto.
func userRotated(w *world) {
	spec(user)(w)
	auto(w)
	published(w)
	at(switchedAt)(w)
	holds("a", "new")(w)
	accepted("new")(w)
	w.settle()
}

var before, later = switchedAt.Add(-time.Hour), switchedAt.Add(time.Minute)

var _ = DescribeTable("17. The old passcode", decides,
	Entry("is Retiring until somebody has looked", given(rotated), looks(true), state("a", "Retiring"), stale()),
	Entry("is Retired where nobody holds it", given(rotated, looked()), looks(false), state("a", "Retired"), nothingStale, tells("SafeToDelete")),
	Entry("is reported as Retired together with the rotation if a scan has ended in time", given(rotatedUnreported, looked()), looks(false), activeIs("b"), state("a", "Retired"), tells("Rotated", "NoSuccessor", "SafeToDelete")),
	Entry("is not reported before the scan has ended", given(rotatedUnreported), looks(true), activeIs("a"), tells()),
	Entry("is not reported while the scan is under way, for a second", given(rotatedUnreported, scanning, after(999*time.Millisecond)), looks(false), activeIs("a"), tells()),
	Entry("is reported as Retiring if the scan takes longer", given(rotatedUnreported, scanning, after(time.Second)), activeIs("b"), state("a", "Retiring"), tells("Rotated", "NoSuccessor")),
	Entry("is reported before the next publication, of which history would know nothing else", given(rotatedUnreported, scanning, listed("a", "b", "c"), after(300*time.Millisecond), requestsRotation("2"), accepted("b", "c")), reportsFirst, activeIs("b"), tells("Rotated")),
	Entry("stays Retired, and nobody looks again", given(rotated, looked(), settled, restarted), looks(false), state("a", "Retired"), writesNothing, tells()),
	Entry("is held by a container that took it by environment variable before", given(rotated, looked(pod("api-1", frozen(before)))), state("a", "Retiring"), stale("api-1"), tells()),
	Entry("is not held by a container that started after", given(rotated, looked(pod("api-1", frozen(later)))), state("a", "Retired")),
	Entry("is not held by a container whose Pod was created after, whatever its node's clock says", given(rotated, looked(pod("api-1", frozen(before), createdLater))), state("a", "Retired")),
	Entry("may be held by one that started after by a clock that is ahead", given(rotated, looked(pod("api-1", frozen(switchedAt.Add(4*time.Second))))), state("a", "Retiring"), stale("api-1")),
	Entry("is not held by one that started after by more than clocks differ", given(rotated, looked(pod("api-1", frozen(switchedAt.Add(5*time.Second))))), state("a", "Retired")),
	Entry("is held by a Pod that was created after and takes it from a former target", given(rotated, formerlyIn("old", "a"), looked(pod("api-1", uses(consumers.Frozen, later, "old"), createdLater))), stale("api-1")),
	Entry("is held by a Pod that was created after and takes it from its source", given(rotated, looked(pod("job-1", uses(consumers.Frozen, later, "staged", "a"), createdLater))), stale("job-1")),
	Entry("is not held by one that was made by the restart for a later revision", given(rotated, looked(pod("api-1", frozen(switchedAt), madeBy("3@2026-10-02T10:01:00Z")))), state("a", "Retired")),
	Entry("may be held by one that was made by the restart for an earlier revision", given(rotated, looked(pod("api-1", frozen(switchedAt), madeBy("1@2026-10-02T10:01:00Z")))), stale("api-1")),
	Entry("is held by a Pod that took it from a source whose entry is gone", given(rotated, listed("b"), looked(pod("job-1", uses(consumers.Frozen, before, "staged", "a")))), wantsStale("job-1")),
	Entry("is held by a Pod that mounts a source which nothing is known of any more", given(rotated, listed("b"), looked(pod("job-1", uses(consumers.Refreshed, later, "staged", "a")))), wantsStale("job-1")),
	Entry("is not held by one that mounts a source which has another value now", given(rotated, listed("b"), nowHolds("staged", "a", "other"), looked(pod("job-1", uses(consumers.Refreshed, before, "staged", "a"))), after(2*time.Minute)), nothingStale),
	Entry("is held by a Pod that took it from a former target that was deleted", given(formerTargetDeleted, looked(pod("api-1", uses(consumers.Frozen, before, "former")))), stale("api-1")),
	Entry("may be held by one whose source is missing", given(rotated, broken("a", "SourceNotFound"), looked(pod("job-1", uses(consumers.Refreshed, before, "staged", "a")))), stale("job-1")),
	Entry("may be held by one that started in the same second", given(rotated, looked(pod("api-1", frozen(switchedAt)))), state("a", "Retiring")),
	Entry("is not held by one of the same second that was made by the restart", given(rotated, looked(pod("api-1", frozen(switchedAt), madeBy("2@2026-10-02T10:01:00Z")))), state("a", "Retired")),
	Entry("may be held by a container of which nothing is known", given(rotated, looked(pod("api-1", frozen(time.Time{})))), stale("api-1")),
	Entry("is waited for while volumes are refreshed, without another look", given(rotated, looked(pod("api-1", mounted(before)))), state("a", "Retiring"), stale(), looks(false), looksAgain(switchedAt.Add(2*time.Minute))),
	Entry("is Retired once they are", given(rotated, looked(pod("api-1", mounted(before))), after(2*time.Minute), accepted("b")), state("a", "Retired"), looks(false)),
	Entry("is held by whoever took it from its source", given(rotated, looked(pod("job-1", uses(consumers.Refreshed, later, "staged", "a")))), stale("job-1")),
	Entry("is not held by whoever took another from that Secret", given(rotated, looked(pod("job-1", uses(consumers.Frozen, before, "staged", "b")))), state("a", "Retired")),
	Entry("is held by whoever mounts a former target that still has it", given(rotated, formerlyIn("old", "a"), looked(pod("api-1", uses(consumers.Refreshed, later, "old")))), stale("api-1")),
	Entry("is held by another object that publishes it", given(rotated, publishedElsewhere("a"), looked()), state("a", "Retiring")),
	Entry("is looked for again after two seconds while somebody holds it", given(rotated, looked(pod("api-1", frozen(before)))), looks(false), looksAgain(switchedAt.Add(2*time.Second))),
	Entry("is looked for again then", given(rotated, looked(pod("api-1", frozen(before))), after(2*time.Second)), looks(true)),
	Entry("is looked for again after a minute at most", given(rotated, lookedOften(9, pod("api-1", frozen(before)))), looksAgain(switchedAt.Add(time.Minute))),
	Entry("is never called safe where nobody may look", given(rotated, blind), state("a", "Retiring"), looks(false), looksAgain(switchedAt.Add(2*time.Second))),
	Entry("is looked for again where the status is lost", given(rotated, looked(), settled, restarted, statusLost, accepted("a", "b"), settled), looks(true), state("a", "Retiring")),
	Entry("that was changed in place is told of only where something held it", given(published, holds("a", "new"), accepted("new"), settled, looked()), nothingStale, tells()),
	Entry("that was changed in place shows in stalePods", given(published, holds("a", "new"), accepted("new"), settled, looked(pod("api-1", frozen(made)))), stale("api-1")),
	Entry("that was changed in place is told of then", given(published, holds("a", "new"), accepted("new"), settled, looked(pod("api-1", frozen(made))), settled, after(time.Minute), looked()), nothingStale, tells("SafeToDelete")),
	Entry("is marked once it was seen in use", given(rotated, looked(pod("api-1", frozen(before)))), marksReplaced("a", true, false)),
	Entry("is not marked again", given(rotated, looked(pod("api-1", frozen(before))), settled), writesNothing),
	Entry("is marked once its end of use is known", given(rotated, looked(pod("api-1", frozen(before))), settled, looked()), marksReplaced("a", true, true)),
	Entry("needs no mark where nobody uses it", given(rotated, looked()), writesNothing),
	Entry("is told of once, though the operator crashed after the mark", given(rotated, looked(pod("api-1", frozen(before))), settled, looked(), writtenOnly, restarted), state("a", "Retired"), tells("SafeToDelete"), writesNothing),
	Entry("is not told of again where the status is lost", given(rotated, looked(pod("api-1", frozen(before))), settled, looked(), settled, statusLost), state("a", "Retired"), tells("Rotated")),
	Entry("is not told of again where it is renamed", given(rotated, looked(), settled, listed("z", "b"), holds("z", "a"), settled), state("z", "Retired"), tells()),
	Entry("that was never marked counts as told of where it is listed no more", given(rotated, unmarked, listed("b"), statusLost, looked(pod("api-1", frozen(before)))), writesNothing, nothingStale),
	Entry("is not spoken of by the name of what must not be deleted", given(published, after(time.Hour), holds("a", "new"), accepted("new"), settled, looked(pod("api-1", frozen(made))), settled, looked()), tellsOf("SafeToDelete", "", "not its present value")),
	Entry("is spoken of by its name where that is free", given(rotated, looked(pod("api-1", frozen(before))), settled, listed("b"), settled, looked()), tellsOf("SafeToDelete", "a", `uses "a" any more`)),
	Entry("of a user is dead already, and not to be deleted", given(spec(user), published, after(time.Hour), holds("a", "new"), accepted("new"), settled, looked(pod("api-1", frozen(made))), settled, looked()), tells(), nothingStale),
	Entry("of a user with an entry of its own neither", given(spec(user), rotated, looked()), tells(), state("a", "Retired"), explains("a", "nothing to delete", "!delete it")),
	Entry("past its end that nobody looked for is not called unused", given(listed("a", "b"), lasting("b", 1), publishedOnly("a"), after(2*day)), state("b", "Expired"), explains("b", "once nothing uses it")),
	Entry("of a first publication is nobody's", given(published), looks(false), nothingStale),
)

var _ = DescribeTable("18. previousPasscode", decides,
	Entry("is there once it was replaced", given(keepingPrevious, rotated), previous("a"), writesNothing),
	Entry("is kept while somebody holds it", given(keepingPrevious, rotated, looked(pod("api-1", frozen(before))), settled), writesNothing, previous("a")),
	Entry("goes when nobody does, which makes no revision", given(keepingPrevious, rotated, looked()), dropsPrevious(2)),
	Entry("goes when it is refused", given(keepingPrevious, rotated, looked(pod("api-1", frozen(before))), rejectedTimes("a")), dropsPrevious(2)),
	Entry("counts as no holder", given(keepingPrevious, rotated, looked(pod("api-1", uses(consumers.Frozen, before, "marketing", "previous")))), dropsPrevious(2)),
	Entry("is not there where nobody asked for it", given(rotated), previous("")),
	Entry("comes from the source where it is asked for later", given(rotated, looked(pod("api-1", frozen(before))), settled, keepingPrevious), wants("a")),
	Entry("is put back when it is edited", given(keepingPrevious, rotated, editedPrevious), wants("a")),
	Entry("is none for a user passcode, whose old one is dead", given(spec(user), keepingPrevious, published, holds("a", "new"), accepted("new"), settled), previous("")),
)

var _ = DescribeTable("19. Restarts", decides,
	Entry("are of workloads that hold an old value by environment variable", given(auto, rotated, looked(pod("api-1", frozen(before))), runs()), restarts("api"), marks("2@2026-10-02T10:01:00Z"), says("RolloutComplete", "InProgress")),
	Entry("are not of those that only mount the volume", given(auto, rotated, looked(pod("api-1", mounted(before))), runs()), restarts(), says("RolloutComplete", "Complete")),
	Entry("are not of those that started after", given(auto, rotated, looked(pod("api-1", frozen(later))), runs()), restarts(), says("RolloutComplete", "Complete")),
	Entry("are not of those that hold another Secret", given(auto, rotated, looked(pod("api-1", uses(consumers.Frozen, before, "other"))), runs()), restarts()),
	Entry("are of named ones, whatever they hold", given(targets("api"), rotated, looked(pod("api-1", mounted(before))), runs()), restarts("api")),
	Entry("are not of unnamed ones without auto", given(targets("api"), rotated, looked(pod("api-1"), pod("web-1", frozen(before), owner("web"))), runs(), runs(named("web"))), restarts("api")),
	Entry("are not without rollout", given(rotated, looked(pod("api-1", frozen(before))), runs()), restarts(), saysNothingOf("RolloutComplete")),
	Entry("happen once a revision", given(auto, rotated, looked(pod("api-1", frozen(before))), runs(restartedFor("2@2026-10-02T10:01:00Z"))), restarts(), says("RolloutComplete", "InProgress")),
	Entry("happen once a revision, though the operator restarts", given(auto, rotated, looked(pod("api-1", frozen(before))), settled, restarted, looked(pod("api-1", frozen(before))), runs(restartedFor("2@2026-10-02T10:01:00Z"))), restarts()),
	Entry("catch up on what happened while the operator was down", given(auto, rotated, restarted), looks(true)),
	Entry("wait five minutes after the last one", given(auto, rotated, looked(pod("api-1", frozen(before))), runs(restartedFor("1@2026-10-02T09:59:00Z"))), restarts(), says("RolloutComplete", "InProgress")),
	Entry("wait five minutes after one for another target", given(auto, rotated, looked(pod("api-1", frozen(before))), runs(restartedElsewhere(switchedAt.Add(-time.Minute)))), restarts(), mentions("RolloutComplete", "10:05:00 UTC")),
	Entry("do not wait for one in the future", given(auto, rotated, looked(pod("api-1", frozen(before))), runs(restartedElsewhere(switchedAt.AddDate(1, 0, 0)))), restarts("api")),
	Entry("happen once, though the clock was set back after the publication", given(auto, rotated, at(switchedAt.Add(-10*time.Minute)), accepted("a", "b"), undone(1), looked(pod("api-1", frozen(made))), runs(restartedFor("2@2026-10-02T09:51:00Z"))), restarts()),
	Entry("wait 30 s for a user passcode", given(userRotated, looked(pod("api-1", frozen(before))), runs(restartedElsewhere(switchedAt.Add(-20*time.Second)))), restarts(), mentions("RolloutComplete", "10:01:10 UTC")),
	Entry("of a user's are three in five minutes at most", given(userRotated, looked(pod("api-1", frozen(before))), runs(restartedElsewhere(switchedAt.Add(-time.Minute), switchedAt.Add(-2*time.Minute), switchedAt.Add(-3*time.Minute)))), restarts(), mentions("RolloutComplete", "10:03:00 UTC")),
	Entry("that somebody undoes come again without the pause", given(auto, rotated, undone(1), looked(pod("api-1", frozen(before))), runs()), restarts("api")),
	Entry("that somebody undoes three times end there", given(auto, rotated, undone(3), looked(pod("api-1", frozen(before))), runs(madeByController("Shop", "big"))), restarts(), says("RolloutComplete", "Failed"), mentions("RolloutComplete", `its controller, Shop "big", removes the annotation`)),
	Entry("for another target of the same revision are none that were undone", given(auto, rotated, restartedAsTarget("other"), looked(pod("api-1", frozen(before))), runs(restartedElsewhere(switchedAt.Add(-time.Minute)))), restarts(), says("RolloutComplete", "InProgress")),
	Entry("that somebody undid for another revision count anew", given(auto, rotated, undone(3), anotherRevision, looked(pod("api-1", frozen(before))), runs()), says("RolloutComplete", "InProgress")),
	Entry("of a named one are none where its Pods were created after", given(targets("api"), rotated, looked(pod("api-1", mounted(before), createdLater)), runs()), restarts(), says("RolloutComplete", "Complete")),
	Entry("of a named one are none where its first Pod has not started", given(targets("api"), rotated, looked(pod("api-1", pending)), runs()), restarts(), says("RolloutComplete", "Complete")),
	Entry("of a named one come where its Pod was created in the same second", given(targets("api"), rotated, looked(pod("api-1", mounted(switchedAt), createdAtSwitch)), runs()), restarts("api")),
	Entry("are not of a Pod that was there before its passcode, which is named", given(auto, published, after(time.Minute), looked(pod("api-1", frozen(made), optional)), runs()), restarts(), says("RolloutComplete", "Complete"), mentions("RolloutComplete", "api-1", "optional")),
	Entry("name no Pod whose variable is not optional", given(auto, published, after(time.Minute), looked(pod("api-1", frozen(made))), runs()), mentions("RolloutComplete", "!api-1")),
	Entry("come then", given(auto, rotated, looked(pod("api-1", frozen(before))), runs(restartedFor("1@2026-10-02T09:59:00Z")), at(switchedAt.Add(3*time.Minute)), accepted("b")), restarts("api")),
	Entry("do not wait five minutes for a user passcode", given(spec(user), auto, published, at(switchedAt), holds("a", "new"), accepted("new"), settled, looked(pod("api-1", frozen(before))), runs(restartedFor("1@2026-10-02T09:59:00Z"))), restarts("api")),
	Entry("are none of a first publication", given(auto, published, looked(pod("api-1", frozen(made))), runs()), restarts(), says("RolloutComplete", "Complete")),
	Entry("leave a paused one, and tell", given(auto, rotated, looked(pod("api-1", frozen(before))), runs(paused)), restarts(), says("RolloutComplete", "Failed")),
	Entry("leave one whose Pods must be deleted by hand, and tell", given(auto, rotated, looked(pod("api-1", frozen(before))), runs(manual)), restarts(), says("RolloutComplete", "Failed")),
	Entry("of a named one that does not exist are told of", given(targets("gone"), rotated, looked()), restarts(), says("RolloutComplete", "Failed")),
	Entry("are none while suspended", given(auto, rotated, suspended, looked(pod("api-1", frozen(before))), runs()), restarts()),
	Entry("are complete once the real rollout is", given(auto, rotated, looked(pod("api-1", frozen(later))), runs(restartedFor("2@2026-10-02T10:01:00Z"))), says("RolloutComplete", "Complete"), state("a", "Retired")),
	Entry("are not complete before", given(auto, rotated, looked(pod("api-1", frozen(later))), runs(restartedFor("2@2026-10-02T10:01:00Z"), unfinished)), says("RolloutComplete", "InProgress"), state("a", "Retiring"), looks(false)),
	Entry("that do not get there are told of", given(auto, rotated, looked(pod("api-1", frozen(before))), runs(restartedFor("2@2026-10-02T10:01:00Z"), unfinished, failed)), says("RolloutComplete", "Failed")),
	Entry("cannot be told of where nobody may look", given(auto, rotated, blind), says("RolloutComplete", "Failed")),
	Entry("look once when the spec is new", given(published, auto), looks(true)),
	Entry("look no more when that is done", given(published, auto, looked(), settled, restarted), looks(false), says("RolloutComplete", "Complete")),
)

// unmarked is a record of before there were marks.
func unmarked(w *world) {
	for i := range w.target.Record.Replaced {
		w.target.Record.Replaced[i].Locations = nil
	}
}

func marksReplaced(name string, inUse, reported bool) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Want).NotTo(BeNil())
		Expect(d.Want.Publishes).To(BeFalse())
		Expect(d.Want.Record.Replaced).To(ContainElement(And(
			HaveField("Passcode", name), HaveField("InUse", inUse), HaveField("Reported", reported),
		)))
	}
}

func tellsOf(reason, passcode, text string) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Want).NotTo(BeNil())
		Expect(d.Want.Events).To(ConsistOf(And(
			HaveField("Reason", reason), HaveField("Passcode", passcode), HaveField("Message", ContainSubstring(text)),
		)))
	}
}

var _ = Describe("17. However often values are replaced", func() {
	// replace rotates n times, each time to a new value that takes the old one's place, while a Pod uses the old one for
	// a while.
	replace := func(n int, next func(w *world, i int), steps ...step) []rotation.Event {
		w := newWorld(append(steps, published)...)
		for i := range n {
			after(time.Hour)(w)
			next(w, i)
			w.settle()
			looked(pod("api-1", frozen(made)))(w)
			w.settle()
			after(time.Minute)(w)
			looked()(w)
			w.settle()
			restarted(w)
			w.settle()
		}
		return slices.DeleteFunc(w.sent, func(e rotation.Event) bool { return e.Reason != v1alpha1.EventSafeToDelete })
	}
	It("each is told of once where entries are taken off the list", func() {
		Expect(replace(4, func(w *world, i int) {
			name := fmt.Sprint("next-", i)
			listed(name)(w)
			accepted(name)(w)
		})).To(HaveLen(4))
	})
	It("each is told of once where values are changed in place", func() {
		Expect(replace(5, func(w *world, i int) {
			value := fmt.Sprint("value-", i)
			holds("a", value)(w)
			accepted(value)(w)
		})).To(And(HaveLen(5), HaveEach(HaveField("Passcode", ""))))
	})
	It("a user's are never told of", func() {
		Expect(replace(5, func(w *world, i int) {
			value := fmt.Sprint("value-", i)
			holds("a", value)(w)
			accepted(value)(w)
		}, spec(user))).To(BeEmpty())
	})
})

// createdLater is a Pod of a second after the switch.
func createdLater(p *consumers.Pod) { p.CreatedAt = switchedAt.Add(time.Second) }

func createdAtSwitch(p *consumers.Pod) { p.CreatedAt = switchedAt }

func pending(p *consumers.Pod) { p.Pending = true }

// nowHolds is what a Secret that held a replaced value is known to hold now.
func nowHolds(secret, key, value string) step {
	return func(w *world) {
		w.held = map[retirement.SecretKey]string{{Secret: secret, Key: key}: w.fingerprint("in1", "TEST-1", w.passcode(value))}
	}
}

// wantsStale is stale after the mark that is to be written first.
func wantsStale(names ...string) expectation {
	return func(w *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Want).NotTo(BeNil())
		stale(names...)(w, d)
	}
}

// formerTargetDeleted has published into a target "former", gone to another name, and rotated; then "former" was deleted.
func formerTargetDeleted(w *world) {
	spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Target = &v1alpha1.Target{Name: "former"} })(w)
	spare(w)
	former := w.target
	w.former, w.formerName = &former, "former"
	w.target, w.remembered = rotation.Target{}, nil
	spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Target = nil })(w)
	w.settle()
	w.former, w.formerName = nil, ""
	at(switchedAt)(w)
	requestsRotation("1")(w)
	accepted("a", "b")(w)
	w.settle()
}

// undone is that this process restarted api n times for revision 2, and the annotation is gone.
func undone(n int) step {
	return func(w *world) {
		w.restarts = map[consumers.Workload]retirement.Restarts{{Kind: "Deployment", Name: "api"}: {Annotation: consumers.RestartAnnotation("marketing"), Revision: 2, Count: n, Times: []time.Time{w.now.Add(-time.Minute)}}}
	}
}

// restartedAsTarget is that this process restarted api for revision 2 while the target had another name.
func restartedAsTarget(name string) step {
	return func(w *world) {
		undone(1)(w)
		for workload, made := range w.restarts {
			made.Annotation = consumers.RestartAnnotation(name)
			w.restarts[workload] = made
		}
	}
}

func madeByController(kind, name string) rolloutModifier {
	return func(r *consumers.Rollout) { r.Controller = consumers.Workload{Kind: kind, Name: name} }
}

// restartedElsewhere are restarts for other targets.
func restartedElsewhere(times ...time.Time) rolloutModifier {
	return func(r *consumers.Rollout) {
		r.Restarts = map[string]string{}
		for i, t := range times {
			r.Restarts[consumers.RestartAnnotation(fmt.Sprint("other-", i))] = "7@" + t.Format(time.RFC3339)
		}
	}
}

func optional(p *consumers.Pod) { p.Containers[0].Uses[0].Optional = true }

func lookedOften(n int, pods ...consumers.Pod) step {
	return func(w *world) {
		looked(pods...)(w)
		w.looks = n
	}
}

func formerlyIn(secret, value string) step {
	return func(w *world) {
		w.others = map[string]string{secret: w.fingerprint("in1", "TEST-1", w.passcode(value))}
	}
}

func publishedElsewhere(value string) step {
	return func(w *world) {
		w.usedByOther = map[string]string{w.fingerprint("in1", "TEST-1", w.passcode(value)): "other"}
	}
}

// rotatedUnreported has b published in place of a, which no status says yet.
func rotatedUnreported(w *world) {
	for _, step := range []step{spare, at(switchedAt), requestsRotation("1"), accepted("a", "b")} {
		step(w)
	}
	w.write(w.decide().Want)
}

// scanning is that a scan was requested just now, and has not ended.
func scanning(w *world) { w.scanRequestedAt = w.now }

func activeIs(name string) expectation {
	return status(func(g Gomega, s v1alpha1.CleverTapPasscodeStatus) { g.Expect(s.ActivePasscode).To(Equal(name)) })
}

// reportsFirst is a publication that waits for the report of the one before.
func reportsFirst(_ *world, d decision.Decision) {
	GinkgoHelper()
	Expect(d.ReportFirst).To(BeTrue())
	Expect(d.Want).NotTo(BeNil())
}

// sharedWith are other objects that have the active passcode's value active.
func sharedWith(names ...string) step { return func(w *world) { w.sharedWith = names } }

func named(name string) rolloutModifier { return func(r *consumers.Rollout) { r.Name = name } }

func owner(name string) podModifier { return func(p *consumers.Pod) { p.Owner.Name = name } }

func paused(r *consumers.Rollout) { r.Paused = true }

func manual(r *consumers.Rollout) { r.Manual = "its updateStrategy is OnDelete: delete its Pods" }

func unfinished(r *consumers.Rollout) { r.Unfinished = "1 of 2 Pods are updated" }

func failed(r *consumers.Rollout) { r.Failed = "ReplicaSet has timed out progressing" }

var keepingPrevious = spec(func(s *v1alpha1.CleverTapPasscodeSpec) {
	s.Target = &v1alpha1.Target{Keys: &v1alpha1.TargetKeys{PreviousPasscode: "previous"}}
})

func editedPrevious(w *world) {
	w.target.Previous = w.passcode("edited")
	w.target.PreviousFingerprint = w.fingerprint("in1", "TEST-1", w.target.Previous)
}

func previous(value string) expectation {
	return func(w *world, _ decision.Decision) {
		GinkgoHelper()
		Expect(w.target.Previous.Reveal()).To(Equal(value))
	}
}

func wants(previous string) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Want).NotTo(BeNil())
		Expect(d.Want.Previous.Reveal()).To(Equal(previous))
		Expect(d.Want.Publishes).To(BeFalse())
	}
}

func dropsPrevious(revision int64) expectation {
	return func(w *world, d decision.Decision) {
		GinkgoHelper()
		wants("")(w, d)
		Expect(d.Want.Record.Revision).To(Equal(revision))
	}
}

var _ = DescribeTable("A passcode that several objects of a namespace have active", decides,
	Entry("is said in the message of its entry", given(published, sharedWith("orders")), explains("a", `also the active passcode of CleverTapPasscode "orders"`, "only once both")),
	Entry("is not said to be deleted if it is a user's, which a reset ends", given(spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Type = "User" }), published, sharedWith("orders")), explains("a", "reset it only once both", "!delete it")),
	Entry("is said without names if there are several", given(published, sharedWith("orders", "search")), explains("a", "several other CleverTapPasscodes", "kubectl clevertap list -n", "!orders")),
	Entry("is said in mode Observe too", given(observing, accepted("a"), sharedWith("orders")), explains("a", "also the active passcode of CleverTapPasscode", "orders")),
	Entry("is not said of an entry that waits", given(spare, sharedWith("orders")), explains("b", "!orders")),
)
