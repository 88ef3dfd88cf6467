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
	"github.com/passcode-operator/clevertap-passcode-operator/internal/status"
)

// rotatedAt is when rotated rotates from a to b.
var rotatedAt = creation.Add(day + time.Hour + time.Minute)

// rotatedToB has rotated from a to b on request, and has not scanned yet.
func rotatedToB(w *world) {
	withSuccessor(w)
	at(rotatedAt)(w)
	requestsRotation("1")(w)
	accepted("a", "b")(w)
	w.settle()
}

type podModifier func(*consumers.Pod)

// pod is one of Deployment api's; without a use it uses nothing.
func pod(name string, modifiers ...podModifier) consumers.Pod {
	p := consumers.Pod{Name: name, Owner: consumers.Workload{Kind: "Deployment", Name: "api"}}
	for _, modify := range modifiers {
		modify(&p)
	}
	return p
}

func usesSecret(way consumers.Way, started time.Time, secret string, keys ...string) podModifier {
	return func(p *consumers.Pod) {
		p.StartedAt = started
		p.Containers = append(p.Containers, consumers.Container{
			Name: "app", StartedAt: started, Uses: []consumers.Use{{Secret: secret, Keys: keys, Way: way}},
		})
	}
}

func usesByEnv(started time.Time) podModifier {
	return usesSecret(consumers.Frozen, started, "marketing")
}

func usesByVolume(started time.Time) podModifier {
	return usesSecret(consumers.Refreshed, started, "marketing")
}

func madeBy(mark string) podModifier {
	return func(p *consumers.Pod) {
		p.Restarts = map[string]string{consumers.RestartAnnotation("marketing"): mark}
	}
}

func scanned(pods ...consumers.Pod) step {
	return func(w *world) {
		var rollouts []consumers.Rollout
		if w.scan != nil {
			rollouts = w.scan.Rollouts
		}
		w.scan = &consumers.Scan{At: w.now, Pods: pods, Rollouts: rollouts}
		w.scans++
	}
}

func scanDenied(w *world) {
	w.scan = &consumers.Scan{At: w.now, Problem: "the operator may not list Pods"}
	w.scans++
}

type rolloutModifier func(*consumers.Rollout)

// hasWorkload is a Deployment api that the scan found.
func hasWorkload(modifiers ...rolloutModifier) step {
	return func(w *world) {
		r := consumers.Rollout{Workload: consumers.Workload{Kind: "Deployment", Name: "api"}, UID: "api", ResourceVersion: "1"}
		for _, modify := range modifiers {
			modify(&r)
		}
		w.scan.Rollouts = append(w.scan.Rollouts, r)
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

func requestsScan(yes bool) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Scan).To(Equal(yes))
	}
}

func restartsWorkloads(names ...string) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		got := []string{}
		for _, r := range d.Restart {
			got = append(got, r.Name)
		}
		Expect(got).To(ConsistOf(names))
	}
}

func hasStalePods(names ...string) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Status.StalePods).NotTo(BeNil())
		Expect(d.Status.StalePods.Names).To(ConsistOf(names))
		Expect(d.Status.StalePods.Count).To(BeEquivalentTo(len(names)))
	}
}

func hasNoStalePods(_ *world, d decision.Decision) {
	GinkgoHelper()
	Expect(d.Status.StalePods).To(BeNil())
}

func restartsWithMark(mark string) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.MarkKey).To(Equal("restart.clevertap.passcode-operator.io/marketing"))
		Expect(d.Mark).To(Equal(mark))
	}
}

// publishedAgain is one more publication.
func publishedAgain(w *world) {
	sourceHas("b", "b2")(w)
	accepted("b2")(w)
	w.settle()
}

// userPasscodeRotated is rotated for a user passcode, changed in place, with rollout.auto.
func userPasscodeRotated(w *world) {
	spec(typeUser)(w)
	auto(w)
	published(w)
	at(rotatedAt)(w)
	sourceHas("a", "new")(w)
	accepted("new")(w)
	w.settle()
}

var before, later = rotatedAt.Add(-time.Hour), rotatedAt.Add(time.Minute)

var _ = DescribeTable("17. The old passcode", decides,
	Entry("is Retiring until a scan",
		given(rotatedToB),
		requestsScan(true), hasEntryState("a", "Retiring"), hasStalePods()),
	Entry("is Retired if nothing uses it",
		given(rotatedToB, scanned()),
		requestsScan(false), hasEntryState("a", "Retired"), hasNoStalePods, sendsEvents("SafeToDelete")),
	Entry("is reported as Retired together with the rotation if a scan has ended in time",
		given(rotatedNotReported, scanned()),
		requestsScan(false), targetHas("b"), hasEntryState("a", "Retired"),
		sendsEvents("Rotated", "NoSuccessor", "SafeToDelete")),
	Entry("is not reported before the scan has ended",
		given(rotatedNotReported),
		requestsScan(true), targetHas("a"), sendsNoEvents),
	Entry("is not reported while the scan is under way, for a second",
		given(rotatedNotReported, scanUnderWay, after(999*time.Millisecond)),
		requestsScan(false), targetHas("a"), sendsNoEvents),
	Entry("is reported as Retiring if the scan takes longer",
		given(rotatedNotReported, scanUnderWay, after(time.Second)),
		targetHas("b"), hasEntryState("a", "Retiring"), sendsEvents("Rotated", "NoSuccessor")),
	Entry("is reported before the next publication, of which history would know nothing else",
		given(
			rotatedNotReported, scanUnderWay, listed("a", "b", "c"), after(300*time.Millisecond),
			requestsRotation("2"), accepted("b", "c")),
		reportsFirst, targetHas("b"), sendsEvents("Rotated")),
	Entry("stays Retired, without another scan",
		given(rotatedToB, scanned(), settled, restarted),
		requestsScan(false), hasEntryState("a", "Retired"), writesNothing, sendsNoEvents),
	Entry("is in use by a container that took it by environment variable before",
		given(rotatedToB, scanned(pod("api-1", usesByEnv(before)))),
		hasEntryState("a", "Retiring"), hasStalePods("api-1"), sendsNoEvents),
	Entry("is not in use by a container that started after",
		given(rotatedToB, scanned(pod("api-1", usesByEnv(later)))),
		hasEntryState("a", "Retired")),
	Entry("is not in use by a container whose Pod was created after, whatever its node's clock says",
		given(rotatedToB, scanned(pod("api-1", usesByEnv(before), createdLater))),
		hasEntryState("a", "Retired")),
	Entry("may be in use by one that started after by a clock that is ahead",
		given(rotatedToB, scanned(pod("api-1", usesByEnv(rotatedAt.Add(4*time.Second))))),
		hasEntryState("a", "Retiring"), hasStalePods("api-1")),
	Entry("is not in use by one that started after by more than clocks differ",
		given(rotatedToB, scanned(pod("api-1", usesByEnv(rotatedAt.Add(5*time.Second))))),
		hasEntryState("a", "Retired")),
	Entry("is in use by a Pod that was created after and takes it from a former target",
		given(
			rotatedToB, recordNamesLocation("old", "a"),
			scanned(pod("api-1", usesSecret(consumers.Frozen, later, "old"), createdLater))),
		hasStalePods("api-1")),
	Entry("is in use by a Pod that was created after and takes it from its source",
		given(rotatedToB, scanned(pod("job-1", usesSecret(consumers.Frozen, later, "staged", "a"), createdLater))),
		hasStalePods("job-1")),
	Entry("is not in use by one that was made by the restart for a later revision",
		given(rotatedToB, scanned(pod("api-1", usesByEnv(rotatedAt), madeBy("3@2026-10-02T10:01:00Z")))),
		hasEntryState("a", "Retired")),
	Entry("may be in use by one that was made by the restart for an earlier revision",
		given(rotatedToB, scanned(pod("api-1", usesByEnv(rotatedAt), madeBy("1@2026-10-02T10:01:00Z")))),
		hasStalePods("api-1")),
	Entry("is in use by a Pod that took it from a source whose entry is gone",
		given(rotatedToB, listed("b"), scanned(pod("job-1", usesSecret(consumers.Frozen, before, "staged", "a")))),
		wantsStale("job-1")),
	Entry("is in use by a Pod that mounts a source which nothing is known of any more",
		given(rotatedToB, listed("b"), scanned(pod("job-1", usesSecret(consumers.Refreshed, later, "staged", "a")))),
		wantsStale("job-1")),
	Entry("is not in use by one that mounts a source which has another value now",
		given(
			rotatedToB, listed("b"), secretHasNow("staged", "a", "other"),
			scanned(pod("job-1", usesSecret(consumers.Refreshed, before, "staged", "a"))), after(2*time.Minute)),
		hasNoStalePods),
	Entry("is in use by a Pod that took it from a former target that was deleted",
		given(formerTargetDeleted, scanned(pod("api-1", usesSecret(consumers.Frozen, before, "former")))),
		hasStalePods("api-1")),
	Entry("may be in use by one whose source is missing",
		given(
			rotatedToB, sourceProblem("a", "SourceNotFound"),
			scanned(pod("job-1", usesSecret(consumers.Refreshed, before, "staged", "a")))),
		hasStalePods("job-1")),
	Entry("may be in use by one that started in the same second",
		given(rotatedToB, scanned(pod("api-1", usesByEnv(rotatedAt)))),
		hasEntryState("a", "Retiring")),
	Entry("is not in use by one of the same second that was made by the restart",
		given(rotatedToB, scanned(pod("api-1", usesByEnv(rotatedAt), madeBy("2@2026-10-02T10:01:00Z")))),
		hasEntryState("a", "Retired")),
	Entry("may be in use by a container of which nothing is known",
		given(rotatedToB, scanned(pod("api-1", usesByEnv(time.Time{})))),
		hasStalePods("api-1")),
	Entry("is waited for while volumes are refreshed, without another scan",
		given(rotatedToB, scanned(pod("api-1", usesByVolume(before)))),
		hasEntryState("a", "Retiring"), hasStalePods(), requestsScan(false),
		reconcilesAgainAt(rotatedAt.Add(2*time.Minute))),
	Entry("is Retired once they are",
		given(rotatedToB, scanned(pod("api-1", usesByVolume(before))), after(2*time.Minute), accepted("b")),
		hasEntryState("a", "Retired"), requestsScan(false)),
	Entry("is in use by a container that took it from its source",
		given(rotatedToB, scanned(pod("job-1", usesSecret(consumers.Refreshed, later, "staged", "a")))),
		hasStalePods("job-1")),
	Entry("is not in use by a container that took another from that Secret",
		given(rotatedToB, scanned(pod("job-1", usesSecret(consumers.Frozen, before, "staged", "b")))),
		hasEntryState("a", "Retired")),
	Entry("is in use by a container that mounts a former target that still has it",
		given(
			rotatedToB, recordNamesLocation("old", "a"),
			scanned(pod("api-1", usesSecret(consumers.Refreshed, later, "old")))),
		hasStalePods("api-1")),
	Entry("is in use by another object that publishes it",
		given(rotatedToB, publishedElsewhere("a"), scanned()),
		hasEntryState("a", "Retiring")),
	Entry("is scanned for again after two seconds while something uses it",
		given(rotatedToB, scanned(pod("api-1", usesByEnv(before)))),
		requestsScan(false), reconcilesAgainAt(rotatedAt.Add(2*time.Second))),
	Entry("is scanned for again then",
		given(rotatedToB, scanned(pod("api-1", usesByEnv(before))), after(2*time.Second)),
		requestsScan(true)),
	Entry("is scanned for again after a minute at most",
		given(rotatedToB, scannedTimes(9, pod("api-1", usesByEnv(before)))),
		reconcilesAgainAt(rotatedAt.Add(time.Minute))),
	Entry("is never called safe if the scan is denied",
		given(rotatedToB, scanDenied),
		hasEntryState("a", "Retiring"), requestsScan(false), reconcilesAgainAt(rotatedAt.Add(2*time.Second))),
	Entry("is scanned for again if the status is lost",
		given(rotatedToB, scanned(), settled, restarted, statusLost, accepted("a", "b"), settled),
		requestsScan(true), hasEntryState("a", "Retiring")),
	Entry("that was changed in place is reported only if something used it",
		given(published, sourceHas("a", "new"), accepted("new"), settled, scanned()),
		hasNoStalePods, sendsNoEvents),
	Entry("that was changed in place shows in stalePods",
		given(
			published, sourceHas("a", "new"), accepted("new"), settled, scanned(pod("api-1", usesByEnv(creation)))),
		hasStalePods("api-1")),
	Entry("that was changed in place is reported then",
		given(
			published, sourceHas("a", "new"), accepted("new"), settled, scanned(pod("api-1", usesByEnv(creation))),
			settled, after(time.Minute), scanned()),
		hasNoStalePods, sendsEvents("SafeToDelete")),
	Entry("is marked once it was seen in use",
		given(rotatedToB, scanned(pod("api-1", usesByEnv(before)))),
		marksReplaced("a", true, false)),
	Entry("is not marked again", given(rotatedToB, scanned(pod("api-1", usesByEnv(before))), settled), writesNothing),
	Entry("is marked once its end of use is known",
		given(rotatedToB, scanned(pod("api-1", usesByEnv(before))), settled, scanned()),
		marksReplaced("a", true, true)),
	Entry("needs no mark where nobody uses it", given(rotatedToB, scanned()), writesNothing),
	Entry("is reported once, though the operator crashed after the mark",
		given(rotatedToB, scanned(pod("api-1", usesByEnv(before))), settled, scanned(), writtenOnly, restarted),
		hasEntryState("a", "Retired"), sendsEvents("SafeToDelete"), writesNothing),
	Entry("is not reported again if the status is lost",
		given(rotatedToB, scanned(pod("api-1", usesByEnv(before))), settled, scanned(), settled, statusLost),
		hasEntryState("a", "Retired"), sendsEvents("Rotated")),
	Entry("is not reported again if it is renamed",
		given(rotatedToB, scanned(), settled, listed("z", "b"), sourceHas("z", "a"), settled),
		hasEntryState("z", "Retired"), sendsNoEvents),
	Entry("that was never marked counts as reported if it is listed no more",
		given(rotatedToB, recordWithoutMarks, listed("b"), statusLost, scanned(pod("api-1", usesByEnv(before)))),
		writesNothing, hasNoStalePods),
	Entry("is not spoken of by the name of what must not be deleted",
		given(
			published, after(time.Hour), sourceHas("a", "new"), accepted("new"), settled,
			scanned(pod("api-1", usesByEnv(creation))), settled, scanned()),
		sendsEvent("SafeToDelete", "", "not its present value")),
	Entry("is spoken of by its name where that is free",
		given(rotatedToB, scanned(pod("api-1", usesByEnv(before))), settled, listed("b"), settled, scanned()),
		sendsEvent("SafeToDelete", "a", `uses "a" any more`)),
	Entry("of a user does not work any more, and is not to be deleted",
		given(
			spec(typeUser), published, after(time.Hour), sourceHas("a", "new"), accepted("new"), settled,
			scanned(pod("api-1", usesByEnv(creation))), settled, scanned()),
		sendsNoEvents, hasNoStalePods),
	Entry("of a user with an entry of its own neither",
		given(spec(typeUser), rotatedToB, scanned()),
		sendsNoEvents, hasEntryState("a", "Retired"), entryMentions("a", "nothing to delete", "!delete it")),
	Entry("that the pin names is not called safe to delete, because it becomes active again",
		given(rotatedToB, pinning("a"), after(time.Minute), scanned(), unavailableTimes("a", 1)),
		hasEntryState("a", "Retiring"), entryMentions("a", "may become active again", "!delete it"), sendsNoEvents),
	Entry("that the pin names, and CleverTap rejects, is safe to delete",
		given(rotatedToB, pinning("a"), after(time.Minute), scanned(), rejected("a")),
		hasEntryState("a", "Retired"), sendsEvents("SafeToDelete")),
	Entry("past its expiry without a scan is not called unused",
		given(listed("a", "b"), expiresAfterDays("b", 1), publishedOnly("a"), after(2*day)),
		hasEntryState("b", "Expired"), entryMentions("b", "once nothing uses it")),
	Entry("of a first publication is nobody's", given(published), requestsScan(false), hasNoStalePods),
)

var _ = DescribeTable("18. previousPasscode", decides,
	Entry("is there once it was replaced", given(keepingPrevious, rotatedToB), targetHasPrevious("a"), writesNothing),
	Entry("is kept while something uses it",
		given(keepingPrevious, rotatedToB, scanned(pod("api-1", usesByEnv(before))), settled),
		writesNothing, targetHasPrevious("a")),
	Entry("goes when nobody does, which makes no revision",
		given(keepingPrevious, rotatedToB, scanned()),
		dropsPrevious(2)),
	Entry("goes when it is rejected",
		given(keepingPrevious, rotatedToB, scanned(pod("api-1", usesByEnv(before))), rejectedTimes("a")),
		dropsPrevious(2)),
	Entry("does not count as using it",
		given(
			keepingPrevious, rotatedToB,
			scanned(pod("api-1", usesSecret(consumers.Frozen, before, "marketing", "previous")))),
		dropsPrevious(2)),
	Entry("is not there if nobody named it", given(rotatedToB), targetHasPrevious("")),
	Entry("comes from the source if it is named later",
		given(rotatedToB, scanned(pod("api-1", usesByEnv(before))), settled, keepingPrevious),
		wantsPrevious("a")),
	Entry("is put back when it is edited", given(keepingPrevious, rotatedToB, editedPrevious), wantsPrevious("a")),
	Entry("is none for a user passcode, whose old value does not work any more",
		given(spec(typeUser), keepingPrevious, published, sourceHas("a", "new"), accepted("new"), settled),
		targetHasPrevious("")),
)

var _ = DescribeTable("19. Restarts", decides,
	Entry("are of workloads that use an old value by environment variable",
		given(auto, rotatedToB, scanned(pod("api-1", usesByEnv(before))), hasWorkload()),
		restartsWorkloads("api"), restartsWithMark("2@2026-10-02T10:01:00Z"),
		hasCondition("RolloutComplete", "InProgress")),
	Entry("are not of those that only mount the volume",
		given(auto, rotatedToB, scanned(pod("api-1", usesByVolume(before))), hasWorkload()),
		restartsWorkloads(), hasCondition("RolloutComplete", "Complete")),
	Entry("are not of those that started after",
		given(auto, rotatedToB, scanned(pod("api-1", usesByEnv(later))), hasWorkload()),
		restartsWorkloads(), hasCondition("RolloutComplete", "Complete")),
	Entry("are not of those that use another Secret",
		given(auto, rotatedToB, scanned(pod("api-1", usesSecret(consumers.Frozen, before, "other"))), hasWorkload()),
		restartsWorkloads()),
	Entry("are of named ones, whatever they use",
		given(targets("api"), rotatedToB, scanned(pod("api-1", usesByVolume(before))), hasWorkload()),
		restartsWorkloads("api")),
	Entry("are not of unnamed ones without auto",
		given(
			targets("api"), rotatedToB, scanned(pod("api-1"), pod("web-1", usesByEnv(before), ownedBy("web"))),
			hasWorkload(), hasWorkload(workloadNamed("web"))),
		restartsWorkloads("api")),
	Entry("are not without rollout",
		given(rotatedToB, scanned(pod("api-1", usesByEnv(before))), hasWorkload()),
		restartsWorkloads(), lacksCondition("RolloutComplete")),
	Entry("happen once a revision",
		given(
			auto, rotatedToB, scanned(pod("api-1", usesByEnv(before))),
			hasWorkload(restartedFor("2@2026-10-02T10:01:00Z"))),
		restartsWorkloads(), hasCondition("RolloutComplete", "InProgress")),
	Entry("of what the operator cannot restart are a person's to make",
		given(auto, rotatedToB, scanned(pod("batch-1", usesByEnv(before), ownedBy("batch")))),
		restartsWorkloads(), conditionMentions("RolloutComplete", "batch-1. Action required: restart what they belong to")),
	Entry("happen once a revision, though the operator restarts",
		given(
			auto, rotatedToB, scanned(pod("api-1", usesByEnv(before))), settled, restarted,
			scanned(pod("api-1", usesByEnv(before))), hasWorkload(restartedFor("2@2026-10-02T10:01:00Z"))),
		restartsWorkloads()),
	Entry("catch up on what happened while the operator was down",
		given(auto, rotatedToB, restarted),
		requestsScan(true)),
	Entry("wait five minutes after the last one",
		given(
			auto, rotatedToB, scanned(pod("api-1", usesByEnv(before))),
			hasWorkload(restartedFor("1@2026-10-02T09:59:00Z"))),
		restartsWorkloads(), hasCondition("RolloutComplete", "InProgress")),
	Entry("wait five minutes after one for another target",
		given(
			auto, rotatedToB, scanned(pod("api-1", usesByEnv(before))),
			hasWorkload(restartedElsewhere(rotatedAt.Add(-time.Minute)))),
		restartsWorkloads(), conditionMentions("RolloutComplete", "10:05:00 UTC")),
	Entry("do not wait for one in the future",
		given(
			auto, rotatedToB, scanned(pod("api-1", usesByEnv(before))),
			hasWorkload(restartedElsewhere(rotatedAt.AddDate(1, 0, 0)))),
		restartsWorkloads("api")),
	Entry("happen once, though the clock was set back after the publication",
		given(
			auto, rotatedToB, at(rotatedAt.Add(-10*time.Minute)), accepted("a", "b"), restartUndone(1),
			scanned(pod("api-1", usesByEnv(creation))), hasWorkload(restartedFor("2@2026-10-02T09:51:00Z"))),
		restartsWorkloads()),
	Entry("wait 30 s for a user passcode",
		given(
			userPasscodeRotated, scanned(pod("api-1", usesByEnv(before))),
			hasWorkload(restartedElsewhere(rotatedAt.Add(-20*time.Second)))),
		restartsWorkloads(), conditionMentions("RolloutComplete", "10:01:10 UTC")),
	Entry("of a user's are three in five minutes at most",
		given(
			userPasscodeRotated, scanned(pod("api-1", usesByEnv(before))),
			hasWorkload(restartedElsewhere(rotatedAt.Add(-time.Minute), rotatedAt.Add(-2*time.Minute), rotatedAt.Add(-3*time.Minute)))),
		restartsWorkloads(), conditionMentions("RolloutComplete", "10:03:00 UTC")),
	Entry("that are undone come again without the pause",
		given(auto, rotatedToB, restartUndone(1), scanned(pod("api-1", usesByEnv(before))), hasWorkload()),
		restartsWorkloads("api")),
	Entry("that are undone three times end there",
		given(
			auto, rotatedToB, restartUndone(3), scanned(pod("api-1", usesByEnv(before))),
			hasWorkload(madeByController("Shop", "big"))),
		restartsWorkloads(), hasCondition("RolloutComplete", "Failed"),
		conditionMentions("RolloutComplete", `its controller, Shop "big", removes the annotation`)),
	Entry("for another target of the same revision are none that were undone",
		given(
			auto, rotatedToB, restartedAsTarget("other"), scanned(pod("api-1", usesByEnv(before))),
			hasWorkload(restartedElsewhere(rotatedAt.Add(-time.Minute)))),
		restartsWorkloads(), hasCondition("RolloutComplete", "InProgress")),
	Entry("that were undone for another revision count anew",
		given(
			auto, rotatedToB, restartUndone(3), publishedAgain, scanned(pod("api-1", usesByEnv(before))),
			hasWorkload()),
		hasCondition("RolloutComplete", "InProgress")),
	Entry("of a named one are none where its Pods were created after",
		given(targets("api"), rotatedToB, scanned(pod("api-1", usesByVolume(before), createdLater)), hasWorkload()),
		restartsWorkloads(), hasCondition("RolloutComplete", "Complete")),
	Entry("of a named one are none where its first Pod has not started",
		given(targets("api"), rotatedToB, scanned(pod("api-1", podPending)), hasWorkload()),
		restartsWorkloads(), hasCondition("RolloutComplete", "Complete")),
	Entry("of a named one come where its Pod was created in the same second",
		given(
			targets("api"), rotatedToB, scanned(pod("api-1", usesByVolume(rotatedAt), createdAtRotation)),
			hasWorkload()),
		restartsWorkloads("api")),
	Entry("are not of a Pod that was there before its passcode, which is named",
		given(
			auto, published, after(time.Minute), scanned(pod("api-1", usesByEnv(creation), variableIsOptional)),
			hasWorkload()),
		restartsWorkloads(), hasCondition("RolloutComplete", "Complete"),
		conditionMentions("RolloutComplete", "api-1", "optional")),
	Entry("name no Pod whose variable is not optional",
		given(auto, published, after(time.Minute), scanned(pod("api-1", usesByEnv(creation))), hasWorkload()),
		conditionMentions("RolloutComplete", "!api-1")),
	Entry("come then",
		given(
			auto, rotatedToB, scanned(pod("api-1", usesByEnv(before))),
			hasWorkload(restartedFor("1@2026-10-02T09:59:00Z")), at(rotatedAt.Add(3*time.Minute)), accepted("b")),
		restartsWorkloads("api")),
	Entry("do not wait five minutes for a user passcode",
		given(
			spec(typeUser), auto, published, at(rotatedAt), sourceHas("a", "new"), accepted("new"), settled,
			scanned(pod("api-1", usesByEnv(before))), hasWorkload(restartedFor("1@2026-10-02T09:59:00Z"))),
		restartsWorkloads("api")),
	Entry("are none of a first publication",
		given(auto, published, scanned(pod("api-1", usesByEnv(creation))), hasWorkload()),
		restartsWorkloads(), hasCondition("RolloutComplete", "Complete")),
	Entry("leave a paused one, and say so",
		given(auto, rotatedToB, scanned(pod("api-1", usesByEnv(before))), hasWorkload(rolloutPaused)),
		restartsWorkloads(), hasCondition("RolloutComplete", "Failed")),
	Entry("leave one whose Pods must be deleted by hand, and say so",
		given(auto, rotatedToB, scanned(pod("api-1", usesByEnv(before))), hasWorkload(restartedByHandOnly)),
		restartsWorkloads(), hasCondition("RolloutComplete", "Failed")),
	Entry("of a named one that does not exist are reported",
		given(targets("gone"), rotatedToB, scanned()),
		restartsWorkloads(), hasCondition("RolloutComplete", "Failed")),
	Entry("are none while suspended",
		given(auto, rotatedToB, suspended, scanned(pod("api-1", usesByEnv(before))), hasWorkload()),
		restartsWorkloads()),
	Entry("are complete once the real rollout is",
		given(
			auto, rotatedToB, scanned(pod("api-1", usesByEnv(later))),
			hasWorkload(restartedFor("2@2026-10-02T10:01:00Z"))),
		hasCondition("RolloutComplete", "Complete"), hasEntryState("a", "Retired")),
	Entry("are not complete before",
		given(
			auto, rotatedToB, scanned(pod("api-1", usesByEnv(later))),
			hasWorkload(restartedFor("2@2026-10-02T10:01:00Z"), rolloutUnfinished)),
		hasCondition("RolloutComplete", "InProgress"), hasEntryState("a", "Retiring"), requestsScan(false)),
	Entry("that fail are reported",
		given(
			auto, rotatedToB, scanned(pod("api-1", usesByEnv(before))),
			hasWorkload(restartedFor("2@2026-10-02T10:01:00Z"), rolloutUnfinished, rolloutFailed)),
		hasCondition("RolloutComplete", "Failed")),
	Entry("cannot be reported if the scan is denied",
		given(auto, rotatedToB, scanDenied),
		hasCondition("RolloutComplete", "Failed")),
	Entry("cause one scan when the spec is new", given(published, auto), requestsScan(true)),
	Entry("cause no scan when that is done",
		given(published, auto, scanned(), settled, restarted),
		requestsScan(false), hasCondition("RolloutComplete", "Complete")),
)

// recordWithoutMarks is a record of before there were marks.
func recordWithoutMarks(w *world) {
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

func sendsEvent(reason, passcode, text string) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Want).NotTo(BeNil())
		Expect(d.WriteEvents).To(ConsistOf(And(
			HaveField("Reason", reason), HaveField("Passcode", passcode), HaveField("Message", ContainSubstring(text)),
		)))
	}
}

var _ = Describe("17. However often values are replaced", func() {
	// replace rotates n times, each time to a new value that takes the old one's place, while a Pod uses the old one for
	// a while.
	replace := func(n int, next func(w *world, i int), steps ...step) []status.Event {
		w := newWorld(append(steps, published)...)
		for i := range n {
			after(time.Hour)(w)
			next(w, i)
			w.settle()
			scanned(pod("api-1", usesByEnv(creation)))(w)
			w.settle()
			after(time.Minute)(w)
			scanned()(w)
			w.settle()
			restarted(w)
			w.settle()
		}
		return slices.DeleteFunc(w.sent, func(e status.Event) bool { return e.Reason != v1alpha1.EventSafeToDelete })
	}
	It("each is reported once if entries are taken off the list", func() {
		Expect(replace(4, func(w *world, i int) {
			name := fmt.Sprint("next-", i)
			listed(name)(w)
			accepted(name)(w)
		})).To(HaveLen(4))
	})
	It("each is reported once if values are changed in place", func() {
		Expect(replace(5, func(w *world, i int) {
			value := fmt.Sprint("value-", i)
			sourceHas("a", value)(w)
			accepted(value)(w)
		})).To(And(HaveLen(5), HaveEach(HaveField("Passcode", ""))))
	})
	It("a user's are never reported", func() {
		Expect(replace(5, func(w *world, i int) {
			value := fmt.Sprint("value-", i)
			sourceHas("a", value)(w)
			accepted(value)(w)
		}, spec(typeUser))).To(BeEmpty())
	})
})

// createdLater is a Pod of a second after the rotation.
func createdLater(p *consumers.Pod) { p.CreatedAt = rotatedAt.Add(time.Second) }

func createdAtRotation(p *consumers.Pod) { p.CreatedAt = rotatedAt }

func podPending(p *consumers.Pod) { p.Pending = true }

// secretHasNow is what a Secret that contained a replaced value is known to contain now.
func secretHasNow(secret, key, value string) step {
	return func(w *world) {
		w.had = map[retirement.SecretKey]string{{Secret: secret, Key: key}: w.fingerprint("in1", "TEST-1", w.passcode(value))}
	}
}

// wantsStale is stale after the mark that is to be written first.
func wantsStale(names ...string) expectation {
	return func(w *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Want).NotTo(BeNil())
		hasStalePods(names...)(w, d)
	}
}

// formerTargetDeleted has published into a target "former", gone to another name, and rotated; then "former" was deleted.
func formerTargetDeleted(w *world) {
	spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Target = &v1alpha1.Target{Name: "former"} })(w)
	withSuccessor(w)
	former := w.target
	w.former, w.formerName = &former, "former"
	w.target, w.lastTarget = rotation.Target{}, nil
	spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Target = nil })(w)
	w.settle()
	w.former, w.formerName = nil, ""
	at(rotatedAt)(w)
	requestsRotation("1")(w)
	accepted("a", "b")(w)
	w.settle()
}

// restartUndone is that this process restarted api n times for revision 2, and the annotation is gone.
func restartUndone(n int) step {
	return func(w *world) {
		w.restarts = map[consumers.Workload]retirement.Restarts{{Kind: "Deployment", Name: "api"}: {Annotation: consumers.RestartAnnotation("marketing"),
			Revision: 2, Count: n, Times: []time.Time{w.now.Add(-time.Minute)}}}
	}
}

// restartedAsTarget is that this process restarted api for revision 2 while the target had another name.
func restartedAsTarget(name string) step {
	return func(w *world) {
		restartUndone(1)(w)
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

func variableIsOptional(p *consumers.Pod) { p.Containers[0].Uses[0].Optional = true }

func scannedTimes(n int, pods ...consumers.Pod) step {
	return func(w *world) {
		scanned(pods...)(w)
		w.scans = n
	}
}

func recordNamesLocation(secret, value string) step {
	return func(w *world) {
		w.others = map[string]string{secret: w.fingerprint("in1", "TEST-1", w.passcode(value))}
	}
}

func publishedElsewhere(value string) step {
	return func(w *world) {
		w.usedByOther = map[string]rotation.OtherUse{w.fingerprint("in1", "TEST-1", w.passcode(value)): {Object: "other"}}
	}
}

// rotatedNotReported has b published in place of a, which no status says yet.
func rotatedNotReported(w *world) {
	for _, step := range []step{withSuccessor, at(rotatedAt), requestsRotation("1"), accepted("a", "b")} {
		step(w)
	}
	w.write(w.decide().Want)
}

// scanUnderWay is that a scan was requested just now, and has not ended.
func scanUnderWay(w *world) { w.scanRequestedAt = w.now }

func targetHas(name string) expectation {
	return hasStatus(func(g Gomega, s v1alpha1.CleverTapPasscodeStatus) { g.Expect(s.ActivePasscode).To(Equal(name)) })
}

// reportsFirst is a publication that waits for the report of the one before.
func reportsFirst(_ *world, d decision.Decision) {
	GinkgoHelper()
	Expect(d.ReportFirst).To(BeTrue())
	Expect(d.Want).NotTo(BeNil())
}

// sharedWith are other objects that have the active passcode's value active.
func sharedWith(names ...string) step { return func(w *world) { w.sharedWith = names } }

func workloadNamed(name string) rolloutModifier { return func(r *consumers.Rollout) { r.Name = name } }

func ownedBy(name string) podModifier { return func(p *consumers.Pod) { p.Owner.Name = name } }

func rolloutPaused(r *consumers.Rollout) { r.Paused = true }

func restartedByHandOnly(r *consumers.Rollout) {
	r.Manual = "its updateStrategy is OnDelete: delete its Pods"
}

func rolloutUnfinished(r *consumers.Rollout) { r.Unfinished = "1 of 2 Pods are updated" }

func rolloutFailed(r *consumers.Rollout) { r.Failed = "ReplicaSet has timed out progressing" }

var keepingPrevious = spec(func(s *v1alpha1.CleverTapPasscodeSpec) {
	s.Target = &v1alpha1.Target{Keys: &v1alpha1.TargetKeys{PreviousPasscode: "previous"}}
})

func editedPrevious(w *world) {
	w.target.Previous = w.passcode("edited")
	w.target.PreviousFingerprint = w.fingerprint("in1", "TEST-1", w.target.Previous)
}

func targetHasPrevious(value string) expectation {
	return func(w *world, _ decision.Decision) {
		GinkgoHelper()
		Expect(w.target.Previous.Reveal()).To(Equal(value))
	}
}

func wantsPrevious(previous string) expectation {
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
		wantsPrevious("")(w, d)
		Expect(d.Want.Record.Revision).To(Equal(revision))
	}
}

var _ = DescribeTable("A passcode that several objects of a namespace have active", decides,
	Entry("is said in the message of its entry",
		given(published, sharedWith("orders")),
		entryMentions("a", `also the active passcode of CleverTapPasscode "orders"`, "only once both")),
	Entry("is not said to be deleted if it is a user's, which a reset ends",
		given(spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Type = "User" }), published, sharedWith("orders")),
		entryMentions("a", "reset it only once both", "!delete it")),
	Entry("is said without names if there are several",
		given(published, sharedWith("orders", "search")),
		entryMentions("a", "several other CleverTapPasscodes", "kubectl clevertap list -n", "!orders")),
	Entry("is said in mode Observe too",
		given(modeObserve, accepted("a"), sharedWith("orders")),
		entryMentions("a", "also the active passcode of CleverTapPasscode", "orders")),
	Entry("is said in a sentence of its own after what else there is to say",
		given(published, withoutCreatedAt("a"), sharedWith("orders")),
		entryMentions("a", `when it was first seen. It is also the active passcode`)),
	Entry("is not said of an entry that waits",
		given(withSuccessor, sharedWith("orders")),
		entryMentions("b", "!orders")),
)
