// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package decision_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/decision"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

// modeObserve has the object in mode Observe, whose entries' sources others write.
func modeObserve(w *world) {
	spec(func(s *v1alpha1.CleverTapPasscodeSpec) {
		s.Mode, s.Target, s.Rotation, s.Rollout = v1alpha1.ModeObserve, nil, nil, nil
	})(w)
}

func modeManage(w *world) { spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Mode = "" })(w) }

func verificationDisabled(w *world) {
	spec(func(s *v1alpha1.CleverTapPasscodeSpec) {
		s.Verification = &v1alpha1.Verification{Mode: v1alpha1.VerificationNone}
	})(w)
}

// targetInStatus is a status that names a target, whose Secret is not there or is not the object's.
func targetInStatus(name string) step {
	return func(w *world) { w.object.Status.Target = name }
}

// movedFromObserve names another target; the one before is a former one.
func movedFromObserve(w *world) {
	spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Target = &v1alpha1.Target{Name: "fresh"} })(w)
	former := w.target
	w.former, w.formerName, w.target = &former, "marketing", rotation.Target{}
}

// hasNoEffects expects that nothing but status, events and verification follows.
func hasNoEffects(_ *world, d decision.Decision) {
	GinkgoHelper()
	Expect(d.Want).To(BeNil())
	Expect(d.Release).To(BeEmpty())
	Expect(d.Restart).To(BeEmpty())
	Expect(d.Scan).To(BeFalse())
	Expect(d.Status.Target).To(BeEmpty())
	Expect(d.Status.NextPasscode).To(BeEmpty())
	Expect(d.Status.NextRotationTime).To(BeNil())
	Expect(d.Status.StalePods).To(BeNil())
}

func hasNoActive(_ *world, d decision.Decision) {
	GinkgoHelper()
	Expect(d.Status.ActivePasscode).To(BeEmpty())
	Expect(d.Status.ExpiresAt).To(BeNil())
}

func hasRevision(n int64) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Status.Revision).To(Equal(n))
	}
}

var _ = DescribeTable("25. Observe", func(steps []step, expected ...expectation) { decides(steps, append(expected, hasNoEffects)...) },
	Entry("verifies the first entry, and every other",
		given(modeObserve, listed("a", "b")),
		requestsVerificationOf("a", "b")),
	Entry("is ready once CleverTap accepts the first entry",
		given(modeObserve, accepted("a")),
		hasCondition("Ready", "PasscodeVerified"), hasCondition("Verified", "Accepted"), hasActive("a"),
		hasEntryState("a", "Active"), hasPhase("Active")),
	Entry("is Unknown until there is a result",
		given(modeObserve, after(time.Hour), unavailableTimes("a", 1)),
		hasCondition("Ready", "VerificationUnavailable"), hasActive("a")),
	Entry("stays ready in an outage, which shows in Verified",
		given(modeObserve, accepted("a"), settled, after(3*time.Hour), unavailableTimes("a", 3)),
		hasCondition("Ready", "PasscodeVerified"), hasCondition("Verified", "Unavailable")),
	Entry("stays ready in an outage through a restart",
		given(modeObserve, accepted("a"), settled, restarted, after(3*time.Hour), unavailableTimes("a", 1)),
		hasCondition("Ready", "PasscodeVerified"), hasCondition("Verified", "Unavailable")),
	Entry("is ready with mode None if the value is well-formed",
		given(modeObserve, verificationDisabled),
		hasCondition("Ready", "PasscodeFound"), hasCondition("Verified", "Disabled")),
	Entry("is not ready at once without the Secret",
		given(modeObserve, sourceProblem("a", "SourceNotFound")),
		hasCondition("Ready", "SourceNotFound"), hasNoActive, hasPhase("Pending"), hasEntryState("a", "Missing")),
	Entry("says how a label lasts on a Secret that a controller writes",
		given(modeObserve, sourceProblem("a", "SourceNotLabelled")),
		conditionMentions("Ready", "kubectl label secret", "spec.target.template.metadata.labels", "until its next write")),
	Entry("is not ready at once with a malformed value",
		given(modeObserve, sourceProblem("a", "PasscodeMalformed")),
		hasCondition("Ready", "PasscodeMalformed"), hasCondition("Stalled", "PasscodeMalformed"),
		hasEntryState("a", "Malformed")),
	Entry("ignores the state of other entries",
		given(modeObserve, listed("a", "b"), accepted("a"), sourceProblem("b", "KeyNotFound")),
		hasCondition("Ready", "PasscodeVerified"), hasCondition("SourcesReady", "KeyNotFound")),
	Entry("stays ready after one rejection",
		given(modeObserve, accepted("a"), settled, after(time.Hour), rejectedTimes("a")),
		hasCondition("Ready", "PasscodeVerified"), hasCondition("Verified", "Rejected")),
	Entry("is not ready after two rejections",
		given(modeObserve, accepted("a"), settled, after(time.Hour), rejected("a")),
		hasCondition("Ready", "PasscodeRejected"), hasPhase("Rejected"), sendsEvents("PasscodeRejected")),
	Entry("is not ready after a first rejection either",
		given(modeObserve, rejectedTimes("a")),
		hasCondition("Ready", "Verifying")),
	Entry("fails over to nothing",
		given(
			modeObserve, listed("a", "b"), accepted("a", "b"), settled, after(time.Hour), rejected("a"), accepted("b")),
		hasActive("a"), hasCondition("Ready", "PasscodeRejected"), hasEntryState("b", "Staged")),
	Entry("begins anew with a changed value",
		given(modeObserve, accepted("a"), settled, sourceHas("a", "new")),
		requestsVerificationOf("a")),
	Entry("begins anew with another first entry",
		given(modeObserve, listed("a", "b"), accepted("a", "b"), settled, listed("b", "a")),
		hasActive("b"), hasCondition("Ready", "PasscodeVerified"), hasEntryState("a", "Staged")),
	Entry("stays ready past the declared expiry while CleverTap accepts",
		given(modeObserve, accepted("a"), settled, at(expiry), accepted("a")),
		hasCondition("Ready", "PasscodeVerified"), sendsEvents("ExpiryMismatch")),
	Entry("has expired if CleverTap does not accept any more",
		given(modeObserve, accepted("a"), settled, at(expiry), rejected("a")),
		hasCondition("Ready", "Expired"), hasPhase("Expired")),
	Entry("has no successor, and says what to do instead",
		given(modeObserve, listed("a", "b"), accepted("a", "b")),
		hasCondition("SuccessorReady", "NoSuccessor"),
		conditionMentions("SuccessorReady", "In mode Observe", "where Secret", "!kubectl clevertap stage"),
		hasEntryState("b", "Staged")),
	Entry("reminds by a Warning, though another entry is staged",
		given(modeObserve, listed("a", "b"), accepted("a", "b"), settled, daysLeft(14)),
		hasReminder(14, "Warning", "14 days or less left")),
	Entry("reminds of another first entry anew",
		given(modeObserve, accepted("a"), settled, daysLeft(14), settled, sourceHas("a", "new"), accepted("new")),
		hasReminder(0, "", "")),
	Entry("denies a rotation",
		given(modeObserve, accepted("a"), settled, requestsRotation("now"), accepted("a")),
		sendsEvents("RequestRefused")),
	Entry("is suspended before there was a result",
		given(modeObserve, suspended),
		hasCondition("Ready", "Suspended"), requestsNoVerification),
	Entry("stays ready while suspended after that",
		given(modeObserve, accepted("a"), settled, suspended, after(time.Minute)),
		hasCondition("Ready", "PasscodeVerified"), requestsNoVerification),
	Entry("says nothing of a target that it never had",
		given(modeObserve, accepted("a"), targetInStatus("other")),
		sendsNoEvents),
	Entry("is not ready after a restart if it was rejected, whatever has happened since",
		given(modeObserve, rejected("a"), settled, suspended, after(3*time.Hour), settled, restarted),
		hasCondition("Ready", "PasscodeRejected")),
	Entry("reminds no second time if its label is lost and comes back",
		given(
			modeObserve, accepted("a"), settled, daysLeft(14), settled, sourceProblem("a", "SourceNotLabelled"),
			settled, sourceProblem("a", ""), daysLeft(14)),
		hasReminder(14, "", "")),
	Entry("leaves the target of mode Manage, and says so once",
		given(published, settled, modeObserve, accepted("a")),
		sendsEvents("TargetReleased"), hasRevision(1), hasActive("a")),
	Entry("says it once", given(published, settled, modeObserve, accepted("a"), settled), sendsNoEvents),
	Entry("retires nothing that mode Manage replaced",
		given(
			rotatedToB, scanned(pod("api-1", usesByEnv(creation))), settled, modeObserve, listed("b", "a"),
			accepted("a", "b")),
		hasEntryState("a", "Staged"), hasActive("b"), hasRevision(2)),
)

var _ = DescribeTable("25. From Observe to Manage", decides,
	Entry("publishes what was observed",
		given(modeObserve, accepted("a"), settled, modeManage),
		publishes("a", "Initial")),
	Entry("writes no value of before to a new target",
		given(
			published, settled, modeObserve, sourceHas("a", "new"), accepted("new"), settled, modeManage,
			movedFromObserve, restarted),
		writesNothing),
	Entry("writes none later either",
		given(
			published, settled, modeObserve, sourceHas("a", "new"), accepted("new"), settled, modeManage,
			movedFromObserve, restarted, settled),
		writesNothing),
	Entry("does not call accepted what was observed in another place",
		given(
			published, settled, modeObserve, sourceHas("a", "new"), accepted("new"), settled, modeManage, restarted,
			rejectedTimes("new"), unavailableTimes("a", 1)),
		hasCondition("Verified", "Unavailable")),
	Entry("reminds no second time of the same passcode",
		given(modeObserve, accepted("a"), settled, daysLeft(14), settled, modeManage, accepted("a"), writtenOnly),
		hasReminder(14, "", "")),
	Entry("takes the former target up where its record stands",
		given(published, settled, modeObserve, accepted("a"), settled, modeManage, accepted("a")),
		writesNothing, hasRevision(1), hasCondition("Ready", "PasscodePublished")),
)

// Whatever is observed, nothing is written, and nothing that is observed is called retired or safe to delete.
var _ = Describe("25. Observe", func() {
	It("has no effect, whatever happens", func() {
		rapid.Check(GinkgoT(), func(t *rapid.T) {
			w := newWorld(modeObserve, listed("a", "b"))
			actions := []step{
				accepted("a"), accepted("b"), rejected("a"), unavailableTimes("a", 2), sourceHas("a", "new"), sourceProblem("a", "KeyNotFound"),
				sourceProblem("a", ""), listed("b", "a"), listed("a", "b"), suspended, requestsRotation("now"), restarted, after(24 * time.Hour),
				daysLeft(5), settled,
			}
			for range rapid.IntRange(1, 12).Draw(t, "steps") {
				actions[rapid.IntRange(0, len(actions)-1).Draw(t, "action")](w)
				d := w.decide()
				if d.Want != nil || len(d.Release)+len(d.Restart) > 0 || d.Scan || d.Status.Target != "" || d.Status.Revision != 0 ||
					len(d.Status.History) > 0 {
					t.Fatalf("an effect: %+v", d)
				}
				for _, e := range d.Events {
					if e.Reason == "SafeToDelete" || e.Reason == "NoSuccessor" || e.Reason == "Rotated" {
						t.Fatalf("event %s", e.Reason)
					}
				}
				for _, s := range d.Status.Passcodes {
					if s.State == v1alpha1.StateRetired || s.State == v1alpha1.StateRetiring {
						t.Fatalf("%s is %s", s.Name, s.State)
					}
				}
			}
		})
	})
})

// withoutRecord is a Secret without a record that contains a value under the passcode's key.
func withoutRecord(value string) step {
	return func(w *world) {
		w.target = rotation.Target{Exists: true, Tuple: target.Tuple{AccountID: "TEST-1", Region: "in1", Passcode: w.passcode(value)}}
		w.target.Fingerprint = w.fingerprint("in1", "TEST-1", w.target.Tuple.Passcode)
	}
}

var _ = DescribeTable("24. A Secret without a record", decides,
	Entry("comes first with its value, once that is accepted",
		given(listed("a", "b"), withoutRecord("b"), accepted("a", "b")),
		publishes("b", "Initial")),
	Entry("is waited for while its value is verified",
		given(listed("a", "b"), withoutRecord("b"), accepted("a")),
		writesNothing, requestsVerificationOf("b")),
	Entry("is not kept if CleverTap rejects its value",
		given(listed("a", "b"), withoutRecord("b"), accepted("a"), rejectedTimes("b")),
		publishes("a", "Initial")),
	Entry("does not replace what is known to be published",
		given(listed("a", "b"), published, settled, withoutRecord("b"), accepted("a", "b")),
		restores("a")),
)

var _ = DescribeTable("25. Mode Observe, after what was before", decides,
	Entry("sends one event for an outage at the very first",
		given(modeObserve, after(time.Hour), unavailableTimes("a", 1)),
		sendsEvents("VerificationUnavailable")),
	Entry("sends one event for an outage of a changed value",
		given(
			modeObserve, accepted("a"), settled, sourceHas("a", "new"), after(time.Hour), unavailableTimes("new", 1)),
		sendsEvents("VerificationUnavailable")),
	Entry("verifies again soon while there is no result",
		given(modeObserve, after(time.Hour), unavailableTimes("a", 1)),
		reconcilesAgainWithin(creation.Add(day+time.Hour), creation.Add(day+time.Hour+2*time.Minute))),
	Entry("is not ready by a value that was never verified, after mode None",
		given(
			modeObserve, verificationDisabled, settled, verificationMode("Connect"), after(time.Hour),
			unavailableTimes("a", 1)),
		hasCondition("Ready", "VerificationUnavailable")),
	Entry("is not ready by what mode Manage published unverified",
		given(
			verificationDisabled, settled, modeObserve, verificationMode("Connect"), after(time.Hour),
			unavailableTimes("a", 1)),
		hasCondition("Ready", "VerificationUnavailable")),
	Entry("is not ready by a value that was lost and became the first entry",
		given(
			modeObserve, listed("a", "b"), accepted("a"), rejectedTimes("b"), settled,
			sourceProblem("b", "KeyNotFound"), settled, sourceProblem("b", ""), listed("b", "a"), restarted,
			after(time.Hour), unavailableTimes("b", 1)),
		hasCondition("Ready", "VerificationUnavailable")),
	Entry("does not take one rejection of a changed value for two",
		given(modeObserve, rejected("a"), settled, sourceHas("a", "new"), rejectedTimes("new")),
		hasCondition("Ready", "Verifying")),
	Entry("does not have SafeToDelete sent again back in mode Manage",
		given(
			rotatedToB, scanned(), settled, after(time.Minute), modeObserve, accepted("a", "b"), settled, modeManage,
			accepted("a", "b"), scanned()),
		sendsNoEvents),
	Entry("does not lend its reminder to another passcode of mode Manage",
		given(
			listed("a", "b"), expiresAt("b", expiry), published, settled, modeObserve, listed("b", "a"), daysLeft(7),
			settled, modeManage, listed("a", "b"), daysLeft(7), accepted("a", "b")),
		hasReminder(7, "Warning", "7 days or less left")),
)
