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

// observing has the object in mode Observe, whose entries' sources others write.
func observing(w *world) {
	spec(func(s *v1alpha1.CleverTapPasscodeSpec) {
		s.Mode, s.Target, s.Rotation, s.Rollout = v1alpha1.ModeObserve, nil, nil, nil
	})(w)
}

func managing(w *world) { spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Mode = "" })(w) }

func withoutVerification(w *world) {
	spec(func(s *v1alpha1.CleverTapPasscodeSpec) {
		s.Verification = &v1alpha1.Verification{Mode: v1alpha1.VerificationNone}
	})(w)
}

// targetInStatus is a status that names a target, whose Secret is not there or is not the object's.
func targetInStatus(name string) step {
	return func(w *world) { w.object.Status.Target = name }
}

// movedAway names another target; the one before is a former one.
func movedAway(w *world) {
	spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Target = &v1alpha1.Target{Name: "fresh"} })(w)
	former := w.target
	w.former, w.formerName, w.target = &former, "marketing", rotation.Target{}
}

// hasNoEffect expects that nothing but status, events and verification follows.
func hasNoEffect(_ *world, d decision.Decision) {
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

func noneActive(_ *world, d decision.Decision) {
	GinkgoHelper()
	Expect(d.Status.ActivePasscode).To(BeEmpty())
	Expect(d.Status.ExpiresAt).To(BeNil())
}

func revision(n int64) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Status.Revision).To(Equal(n))
	}
}

var _ = DescribeTable("Observe", func(steps []step, expected ...expectation) { decides(steps, append(expected, hasNoEffect)...) },
	Entry("verifies the first entry, and every other", given(observing, listed("a", "b")), asks("a", "b")),
	Entry("is ready once CleverTap accepts the first entry", given(observing, accepted("a")), says("Ready", "PasscodeVerified"), says("Verified", "Accepted"), active("a"), state("a", "Active"), phase("Active")),
	Entry("is Unknown until there is a result", given(observing, after(time.Hour), unanswered("a", 1)), says("Ready", "VerificationUnavailable"), active("a")),
	Entry("stays ready in an outage, which shows in Verified", given(observing, accepted("a"), settled, after(3*time.Hour), unanswered("a", 3)), says("Ready", "PasscodeVerified"), says("Verified", "Unavailable")),
	Entry("stays ready in an outage through a restart", given(observing, accepted("a"), settled, restarted, after(3*time.Hour), unanswered("a", 1)), says("Ready", "PasscodeVerified"), says("Verified", "Unavailable")),
	Entry("is ready with mode None if the value is well-formed", given(observing, withoutVerification), says("Ready", "PasscodeFound"), says("Verified", "Disabled")),
	Entry("is not ready at once without the Secret", given(observing, broken("a", "SourceNotFound")), says("Ready", "SourceNotFound"), noneActive, phase("Pending"), state("a", "Missing")),
	Entry("says how a label lasts on a Secret that a controller writes", given(observing, broken("a", "SourceNotLabelled")), mentions("Ready", "kubectl label secret", "spec.target.template.metadata.labels", "until its next write")),
	Entry("is not ready at once with a malformed value", given(observing, broken("a", "PasscodeMalformed")), says("Ready", "PasscodeMalformed"), says("Stalled", "PasscodeMalformed"), state("a", "Malformed")),
	Entry("ignores the state of other entries", given(observing, listed("a", "b"), accepted("a"), broken("b", "KeyNotFound")), says("Ready", "PasscodeVerified"), says("SourcesReady", "KeyNotFound")),
	Entry("stays ready after one rejection", given(observing, accepted("a"), settled, after(time.Hour), rejectedTimes("a")), says("Ready", "PasscodeVerified"), says("Verified", "Rejected")),
	Entry("is not ready after two rejections", given(observing, accepted("a"), settled, after(time.Hour), rejected("a")), says("Ready", "PasscodeRejected"), phase("Rejected"), tells("PasscodeRejected")),
	Entry("is not ready after a first rejection either", given(observing, rejectedTimes("a")), says("Ready", "Verifying")),
	Entry("fails over to nothing", given(observing, listed("a", "b"), accepted("a", "b"), settled, after(time.Hour), rejected("a"), accepted("b")), active("a"), says("Ready", "PasscodeRejected"), state("b", "Staged")),
	Entry("begins anew with a changed value", given(observing, accepted("a"), settled, holds("a", "new")), asks("a")),
	Entry("begins anew with another first entry", given(observing, listed("a", "b"), accepted("a", "b"), settled, listed("b", "a")), active("b"), says("Ready", "PasscodeVerified"), state("a", "Staged")),
	Entry("stays ready past the declared expiry while CleverTap accepts", given(observing, accepted("a"), settled, at(ends), accepted("a")), says("Ready", "PasscodeVerified"), tells("ExpiryMismatch")),
	Entry("has expired if CleverTap does not accept any more", given(observing, accepted("a"), settled, at(ends), rejected("a")), says("Ready", "Expired"), phase("Expired")),
	Entry("has no successor, and says what to do instead", given(observing, listed("a", "b"), accepted("a", "b")), says("SuccessorReady", "NoSuccessor"), mentions("SuccessorReady", "In mode Observe", "where Secret", "!kubectl clevertap stage"), state("b", "Staged")),
	Entry("reminds by a Warning, though another entry is staged", given(observing, listed("a", "b"), accepted("a", "b"), settled, left(14)), reminds(14, "Warning", "14 days or less left")),
	Entry("reminds of another first entry anew", given(observing, accepted("a"), settled, left(14), settled, holds("a", "new"), accepted("new")), reminds(0, "", "")),
	Entry("denies a rotation", given(observing, accepted("a"), settled, requestsRotation("now"), accepted("a")), tells("RequestRefused")),
	Entry("is suspended before there was a result", given(observing, suspended), says("Ready", "Suspended"), asks()),
	Entry("stays ready while suspended after that", given(observing, accepted("a"), settled, suspended, after(time.Minute)), says("Ready", "PasscodeVerified"), asks()),
	Entry("says nothing of a target that it never had", given(observing, accepted("a"), targetInStatus("other")), tells()),
	Entry("is not ready after a restart if it was rejected, whatever has happened since", given(observing, rejected("a"), settled, suspended, after(3*time.Hour), settled, restarted), says("Ready", "PasscodeRejected")),
	Entry("reminds no second time if its label is lost and comes back", given(observing, accepted("a"), settled, left(14), settled, broken("a", "SourceNotLabelled"), settled, broken("a", ""), left(14)), reminds(14, "", "")),
	Entry("leaves the target of mode Manage, and says so once", given(published, settled, observing, accepted("a")), tells("TargetReleased"), revision(1), active("a")),
	Entry("says it once", given(published, settled, observing, accepted("a"), settled), tells()),
	Entry("retires nothing that mode Manage replaced", given(rotated, looked(pod("api-1", frozen(made))), settled, observing, listed("b", "a"), accepted("a", "b")), state("a", "Staged"), active("b"), revision(2)),
)

var _ = DescribeTable("From Observe to Manage", decides,
	Entry("publishes what was observed", given(observing, accepted("a"), settled, managing), publishes("a", "Initial")),
	Entry("writes no value of before to a new target", given(published, settled, observing, holds("a", "new"), accepted("new"), settled, managing, movedAway, restarted), writesNothing),
	Entry("writes none later either", given(published, settled, observing, holds("a", "new"), accepted("new"), settled, managing, movedAway, restarted, settled), writesNothing),
	Entry("does not call accepted what was observed in another place", given(published, settled, observing, holds("a", "new"), accepted("new"), settled, managing, restarted, rejectedTimes("new"), unanswered("a", 1)), says("Verified", "Unavailable")),
	Entry("reminds no second time of the same passcode", given(observing, accepted("a"), settled, left(14), settled, managing, accepted("a"), writtenOnly), reminds(14, "", "")),
	Entry("takes the former target up where its record stands", given(published, settled, observing, accepted("a"), settled, managing, accepted("a")), writesNothing, revision(1), says("Ready", "PasscodePublished")),
)

// Whatever is observed, nothing is written, and nothing that is observed is called retired or safe to delete.
var _ = Describe("Observe", func() {
	It("has no effect, whatever happens", func() {
		rapid.Check(GinkgoT(), func(t *rapid.T) {
			w := newWorld(observing, listed("a", "b"))
			actions := []step{
				accepted("a"), accepted("b"), rejected("a"), unanswered("a", 2), holds("a", "new"), broken("a", "KeyNotFound"),
				broken("a", ""), listed("b", "a"), listed("a", "b"), suspended, requestsRotation("now"), restarted, after(24 * time.Hour), left(5), settled,
			}
			for range rapid.IntRange(1, 12).Draw(t, "steps") {
				actions[rapid.IntRange(0, len(actions)-1).Draw(t, "action")](w)
				d := w.decide()
				if d.Want != nil || len(d.Release)+len(d.Restart) > 0 || d.Scan || d.Status.Target != "" || d.Status.Revision != 0 || len(d.Status.History) > 0 {
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

// withoutRecord is a Secret without a record that holds a value under the passcode's key.
func withoutRecord(value string) step {
	return func(w *world) {
		w.target = rotation.Target{Exists: true, Tuple: target.Tuple{AccountID: "TEST-1", Region: "in1", Passcode: w.passcode(value)}}
		w.target.Fingerprint = w.fingerprint("in1", "TEST-1", w.target.Tuple.Passcode)
	}
}

var _ = DescribeTable("A Secret without a record", decides,
	Entry("comes first with its value, once that is accepted", given(listed("a", "b"), withoutRecord("b"), accepted("a", "b")), publishes("b", "Initial")),
	Entry("is waited for while its value is verified", given(listed("a", "b"), withoutRecord("b"), accepted("a")), writesNothing, asks("b")),
	Entry("is not kept if CleverTap rejects its value", given(listed("a", "b"), withoutRecord("b"), accepted("a"), rejectedTimes("b")), publishes("a", "Initial")),
	Entry("does not replace what is known to be published", given(listed("a", "b"), published, settled, withoutRecord("b"), accepted("a", "b")), restores("a")),
)

var _ = DescribeTable("Mode Observe, after what was before", decides,
	Entry("sends one event for an outage at the very first", given(observing, after(time.Hour), unanswered("a", 1)), tells("VerificationUnavailable")),
	Entry("sends one event for an outage of a changed value", given(observing, accepted("a"), settled, holds("a", "new"), after(time.Hour), unanswered("new", 1)), tells("VerificationUnavailable")),
	Entry("verifies again soon while there is no result", given(observing, after(time.Hour), unanswered("a", 1)), looksAgainWithin(made.Add(day+time.Hour), made.Add(day+time.Hour+2*time.Minute))),
	Entry("is not ready by a value that was never verified, after mode None", given(observing, withoutVerification, settled, mode("Connect"), after(time.Hour), unanswered("a", 1)), says("Ready", "VerificationUnavailable")),
	Entry("is not ready by what mode Manage published unverified", given(withoutVerification, settled, observing, mode("Connect"), after(time.Hour), unanswered("a", 1)), says("Ready", "VerificationUnavailable")),
	Entry("is not ready by a value that was lost and became the first entry", given(observing, listed("a", "b"), accepted("a"), rejectedTimes("b"), settled, broken("b", "KeyNotFound"), settled, broken("b", ""), listed("b", "a"), restarted, after(time.Hour), unanswered("b", 1)), says("Ready", "VerificationUnavailable")),
	Entry("does not take one rejection of a changed value for two", given(observing, rejected("a"), settled, holds("a", "new"), rejectedTimes("new")), says("Ready", "Verifying")),
	Entry("does not have SafeToDelete sent again back in mode Manage", given(rotated, looked(), settled, after(time.Minute), observing, accepted("a", "b"), settled, managing, accepted("a", "b"), looked()), tells()),
	Entry("does not lend its reminder to another passcode of mode Manage", given(listed("a", "b"), endingAt("b", ends), published, settled, observing, listed("b", "a"), left(7), settled, managing, listed("a", "b"), left(7), accepted("a", "b")), reminds(7, "Warning", "7 days or less left")),
)
