// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package decision_test

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

const (
	initial       = v1alpha1.RotationInitial
	scheduled     = v1alpha1.RotationScheduled
	sourceChanged = v1alpha1.RotationSourceChanged
	wasRemoved    = v1alpha1.RotationRemoved
)

// A passcode of 90 days makes room 30 days before its end.
var (
	rotates = made.Add(60 * day)
	ends    = made.Add(90 * day)
)

// The full command stands once: a status that repeats it in every message is one that nobody reads.
var _ = DescribeTable("A remedy", decides,
	Entry("is a command in SuccessorReady, and its short form elsewhere", given(listed("a"), published, rejected("a")),
		mentions("Ready", "create the next passcode", "SuccessorReady", "!kubectl clevertap stage"), mentions("SuccessorReady", "kubectl clevertap stage -n shop marketing")),
	Entry("for an entry without a value is to fix its source, not to create another passcode", given(listed("a", "b"), published, broken("b", "KeyNotFound")),
		mentions("SuccessorReady", `"b" has no usable value`, "has no key", "!kubectl clevertap stage")),
	Entry("for the only entry without a value neither", given(broken("a", "KeyNotFound")),
		mentions("Ready", "has no key", "add it"), mentions("SuccessorReady", "!kubectl clevertap stage")),
)

var _ = DescribeTable("1. The first publication", decides,
	Entry("asks about every listed passcode at once", given(listed("a", "b")), asks("a", "b"), writesNothing),
	Entry("publishes what was accepted", given(accepted("a")), publishes("a", initial)),
	Entry("takes the first in the list", given(listed("a", "b"), accepted("a", "b")), publishes("a", initial)),
	Entry("waits for an earlier one that is being asked about", given(listed("a", "b"), asking("a"), accepted("b")), writesNothing, asks()),
	Entry("does not wait for a later one", given(listed("a", "b"), asking("b"), accepted("a")), publishes("a", initial)),
	Entry("passes over one that is refused", given(listed("a", "b"), rejectedTimes("a"), accepted("b")), publishes("b", initial)),
	Entry("passes over one that is not answered", given(listed("a", "b"), unanswered("a", 1), accepted("b")), publishes("b", initial)),
	Entry("passes over one that is missing", given(listed("a", "b"), broken("a", "SourceNotFound"), accepted("b")), publishes("b", initial)),
	Entry("passes over one that is malformed", given(listed("a", "b"), broken("a", "PasscodeMalformed"), accepted("b")), publishes("b", initial)),
	Entry("waits 5 s for one that is missing from a new object", given(listed("a", "b"), broken("a", "SourceNotFound"), at(made.Add(4*time.Second)), accepted("b")), writesNothing, looksAgain(made.Add(5*time.Second))),
	Entry("does not wait for a malformed one of a new object", given(listed("a", "b"), broken("a", "PasscodeMalformed"), at(made.Add(4*time.Second)), accepted("b")), publishes("b", initial)),
	Entry("does not wait for a missing one later in the list", given(listed("a", "b"), broken("b", "SourceNotFound"), at(made.Add(4*time.Second)), accepted("a")), publishes("a", initial)),
	Entry("passes over one whose rotation time has come", given(listed("a", "b"), lasting("a", 1), accepted("a", "b")), publishes("b", initial)),
	Entry("takes the one that ends last where every rotation time has come", given(listed("a", "b", "c"), at(ends.Add(-day)), lasting("b", 91), accepted("a", "b", "c")), publishes("b", initial)),
	Entry("takes one past its end where nothing else is accepted", given(at(ends.Add(day)), accepted("a")), publishes("a", initial)),
	Entry("takes one that lasts forever over one that ends", given(listed("a", "b"), at(ends.Add(-day)), forever("b"), accepted("a", "b")), publishes("b", initial)),
	Entry("asks again where the acceptance is older than 30 s", given(accepted("a"), after(31*time.Second)), writesNothing, asks("a")),
	Entry("does not believe an acceptance from a status", given(foreign, accepted("a"), settled, restarted, ours), writesNothing, asks("a")),
	Entry("asks nobody in mode None", given(mode("None")), publishes("a", initial)),
	Entry("does not publish one that is refused", given(rejectedTimes("a")), writesNothing, asks(), phase("Pending"), says("Ready", "PasscodeRejected"), says("Stalled", "PasscodeRejected")),
	Entry("says that CleverTap is being asked once that takes a second", given(asking("a"), after(time.Second)), says("Ready", "Verifying"), says("Reconciling", "Verifying")),
	Entry("says nothing before", given(asking("a"), after(time.Second-1)), status(func(g Gomega, s v1alpha1.CleverTapPasscodeStatus) {
		g.Expect(s.ObservedGeneration).To(BeEquivalentTo(-1))
	})),
	Entry("says that CleverTap does not answer", given(unanswered("a", 1)), says("Ready", "VerificationUnavailable"), says("Reconciling", "VerificationUnavailable"), saysNothingOf("Stalled")),
	Entry("says what is wrong with the first one", given(listed("a", "b"), broken("a", "KeyNotFound"), broken("b", "SourceNotFound")), says("Ready", "KeyNotFound"), saysNothingOf("Stalled"), state("a", "Missing")),
	Entry("calls for a person at once where a value is malformed", given(broken("a", "PasscodeMalformed")), says("Stalled", "PasscodeMalformed"), state("a", "Malformed")),
	Entry("calls for a person where a source is missing for five minutes", given(broken("a", "SourceNotFound"), settled, after(5*time.Minute)), says("Stalled", "SourceNotFound")),
	Entry("writes nothing where the target is foreign, and asks nothing", given(foreign, accepted("a")), writesNothing, asks(), says("Ready", "TargetConflict"), says("Stalled", "TargetConflict")),
	Entry("counts two entries of one value as one", given(listed("a", "b"), holds("b", "a"), accepted("a"), settled), state("b", "Duplicate"), writesNothing, asks()),
)

var _ = DescribeTable("2. The published one stays", decides,
	Entry("while nothing happens", given(published), writesNothing, asks(), state("a", "Active"), says("Ready", "PasscodePublished"), phase("Active"), saysNothingOf("Reconciling"), saysNothingOf("Stalled")),
	Entry("when another is added before it", given(published, listed("b", "a"), accepted("b")), writesNothing),
	Entry("when the list is reordered", given(listed("a", "b"), published, listed("b", "a")), writesNothing),
	Entry("when its source is lost", given(published, broken("a", "SourceNotFound")), writesNothing, asks(), says("Ready", "PasscodePublished"), says("SourcesReady", "SourceNotFound"), saysNothingOf("Stalled")),
	Entry("when its value becomes malformed, and says so at once", given(published, broken("a", "PasscodeMalformed")), writesNothing, says("Ready", "PasscodePublished"), says("Stalled", "PasscodeMalformed")),
	Entry("when the status is lost and the operator restarts", given(published, statusLost, restarted), writesNothing, asks("a")),
	Entry("when the operator restarts, which asks nothing either", given(listed("a", "b"), published, restarted), writesNothing, asks()),
	Entry("when another process heard later of it, whose word stays", given(listed("a", "b"), published, heardElsewhere(time.Minute)), writesNothing, asks(), state("b", "Staged"), verified("b", made.Add(day+time.Minute))),
	Entry("when the status is of a clock that was ahead", given(listed("a", "b"), published, heardElsewhere(time.Hour), after(-59*time.Minute)), writesNothing, asks(), verified("b", made.Add(day))),
	Entry("when a spare is faulty, which is no reason to call for a person", given(listed("a", "b"), broken("b", "SourceNotFound"), published, after(time.Hour-1)), writesNothing, says("SourcesReady", "SourceNotFound"), saysNothingOf("Stalled")),
	Entry("when the key of the fingerprints is another", given(listed("a", "b"), published, otherKey, accepted("a", "b"), settled), writesNothing, state("a", "Active"), state("b", "Staged")),
)

var _ = Describe("2. Renaming", func() {
	It("moves the names and nothing else", func() {
		w := newWorld(published, listed("z"), holds("z", "a"))
		d := w.decide()
		Expect(d.Want.Record.Passcode).To(Equal("z"))
		Expect(d.Want.Record.Revision).To(BeEquivalentTo(1))
		Expect(d.Want.Restores).To(BeFalse())
		Expect(w.settle().Status.ActivePasscode).To(Equal("z"))
	})
})

var _ = DescribeTable("3. The switch", decides,
	Entry("comes when the rotation time has come", given(listed("a", "b"), lasting("b", 149), published, at(rotates), accepted("b")), publishes("b", scheduled)),
	Entry("does not come a moment before", given(listed("a", "b"), lasting("b", 149), published, at(rotates.Add(-1)), accepted("a", "b")), writesNothing, looksAgain(rotates)),
	Entry("asks right before it", given(listed("a", "b"), lasting("b", 149), published, at(rotates.Add(-time.Hour)), accepted("a", "b"), at(rotates)), writesNothing, asks("a", "b")),
	Entry("waits for the answer", given(listed("a", "b"), lasting("b", 149), published, at(rotates), accepted("a"), asking("b")), writesNothing, asks()),
	Entry("passes over a successor that is refused", given(listed("a", "b", "c"), lasting("b", 150), lasting("c", 150), published, at(rotates), accepted("a", "c"), rejectedTimes("b")), publishes("c", scheduled)),
	Entry("goes by the order of the list, not by dates", given(listed("a", "b", "c"), lasting("b", 290), lasting("c", 150), published, at(rotates), accepted("a", "b", "c")), publishes("b", scheduled)),
	Entry("takes a successor that comes earlier in the list", given(listed("b", "a"), published, listed("c", "b", "a"), lasting("c", 150), at(rotates), accepted("c")), publishes("c", scheduled)),
	Entry("passes over one whose own rotation time has come", given(listed("a", "b"), published, at(rotates), accepted("a", "b")), writesNothing, says("SuccessorReady", "NoSuccessor")),
	Entry("never goes back to a value that was replaced", given(listed("a", "b"), lasting("b", 149), published, at(rotates), accepted("b"), settled,
		lasting("a", 180), at(rotates.Add(60*day)), accepted("a", "b")), writesNothing, state("a", "Retiring"), says("SuccessorReady", "NoSuccessor")),
	Entry("never goes back to one that cannot be told by its fingerprint, but has its name", given(listed("a", "b"), lasting("b", 149), published, at(rotates), accepted("b"), settled,
		lasting("a", 180), otherKey, at(rotates.Add(60*day)), accepted("a", "b"), settled), writesNothing, state("a", "Retiring")),
	Entry("never takes one whose rotation time lies before its beginning", given(rotatingBefore("800h"), publishedOnly("a"), at(rotates), listed("a", "b"), createdAt("b", rotates), lasting("b", 30), accepted("a", "b")), writesNothing),
	Entry("follows a changed source", given(published, holds("a", "new"), accepted("new")), publishes("a", sourceChanged)),
	Entry("follows a changed source whatever its past", given(published, holds("a", "new"), accepted("new"), settled, holds("a", "a"), accepted("a")), publishes("a", sourceChanged)),
	Entry("asks about a changed source at once", given(published, holds("a", "new")), writesNothing, asks("new")),
	Entry("does not follow a changed source that is refused", given(published, holds("a", "new"), rejectedTimes("new")), writesNothing, says("Ready", "PasscodePublished"), says("Stalled", "PasscodeRejected")),
	Entry("does not follow a changed source that is not answered", given(published, holds("a", "new"), unanswered("new", 1)), writesNothing, says("Ready", "PasscodePublished"), says("Reconciling", "VerificationUnavailable"), saysNothingOf("Stalled")),
	Entry("takes a successor on time while the changed source is refused", given(listed("a", "b"), lasting("b", 150), published, at(rotates), holds("a", "new"), rejectedTimes("new"), accepted("b")), publishes("b", scheduled)),
	Entry("comes when the published one is taken off the list", given(listed("a", "b"), published, listed("b"), accepted("b")), publishes("b", wasRemoved)),
	Entry("takes a replaced one rather than none when the published one is taken off", given(listed("a", "b"), lasting("b", 149), published, at(rotates), accepted("b"), settled, listed("a"), accepted("a")), publishes("a", wasRemoved)),
	Entry("takes the one that ends last where none is a successor", given(listed("a", "b", "c"), lasting("b", 5), lasting("c", 6), published, at(made.Add(7*day)), listed("b", "c"), accepted("b", "c")), publishes("c", wasRemoved)),
	Entry("stays on a removed one while nothing is accepted, with its dates", given(listed("a", "b"), published, listed("b"), rejectedTimes("b")), writesNothing,
		status(func(g Gomega, s v1alpha1.CleverTapPasscodeStatus) {
			g.Expect(s.ActivePasscode).To(Equal("a"))
			g.Expect(s.ExpiresAt.UTC()).To(Equal(ends))
		})),
	Entry("goes on asking about a removed one", given(listed("a", "b"), published, listed("b"), rejectedTimes("b"), after(time.Hour)), asks("a", "b"), writesNothing),
	Entry("comes when the region is changed", given(published, inRegion("eu1"), accepted("eu1/a")), publishes("a", sourceChanged)),
	Entry("waits for the answer of the new region", given(published, inRegion("eu1")), asks("a"), writesNothing),
	Entry("takes the same entry in the new region, though another comes first", given(published, listed("b", "a"), inRegion("eu1"), accepted("eu1/a", "eu1/b")), publishes("a", sourceChanged)),
	Entry("takes another in the new region where the same entry is refused", given(listed("a", "b"), published, inRegion("eu1"), rejectedTimes("eu1/a"), accepted("eu1/b")), publishes("b", sourceChanged)),
	Entry("does not follow a status that somebody made up", given(listed("a", "b"), published, madeUp, restarted), writesNothing),
)

var _ = DescribeTable("4. Silence", decides,
	Entry("is asked again after a second", given(unanswered("a", 1)), looksAgain(made.Add(day+time.Second))),
	Entry("is asked again after two", given(unanswered("a", 2)), looksAgain(made.Add(day+2*time.Second))),
	Entry("is asked again after a minute at most", given(unanswered("a", 60)), looksAgain(made.Add(day+time.Minute))),
	Entry("is asked about again when its time has come", given(unanswered("a", 1), after(time.Second)), asks("a")),
	Entry("is asked about at the interval where nothing waits for it", given(published, after(time.Hour), unanswered("a", 1)), looksAgain(made.Add(day+2*time.Hour)), asks(), writesNothing, says("Verified", "Accepted")),
	Entry("is told of once an outage", given(published, after(2*time.Hour), unanswered("a", 2), settled, rateLimited("a")), says("Verified", "RateLimited"), tells()),
	Entry("is not claimed of an operator that was down", given(published, restarted, after(3*time.Hour), asking("a"), after(2*time.Second)), says("Verified", "Verifying"), tells()),
	Entry("is not claimed where the status is lost", given(published, restarted, statusLost, asking("a"), after(2*time.Second)), says("Verified", "Verifying")),
	Entry("stays told when the operator restarts in the outage", given(published, after(2*time.Hour), unanswered("a", 2), settled, restarted, asking("a"), after(2*time.Second)), says("Verified", "Unavailable"), tells()),
	Entry("is told of after two intervals", given(published, after(2*time.Hour), unanswered("a", 2)), says("Verified", "Unavailable"), says("Ready", "PasscodePublished"), writesNothing),
)

var _ = DescribeTable("5. Refusals", decides,
	Entry("are asked about again after a minute", given(rejectedTimes("a")), asks(), looksAgain(made.Add(day+time.Minute))),
	Entry("are asked about again after two", given(rejectedTimes("a", 2)), looksAgain(made.Add(day+2*time.Minute))),
	Entry("are asked about again after an hour at most", given(rejectedTimes("a", 50)), looksAgain(made.Add(day+time.Hour))),
	Entry("end with an acceptance of the same second", given(published, rejectedThenAccepted("a")), says("Verified", "Accepted"), verified("a", made.Add(day))),
	Entry("of every listed one name five of them", given(listed("a", "b", "c", "d", "e", "f", "g"), allRefused), says("Ready", "PasscodeRejected"), mentions("Ready", `"a", "b", "c", "d", "e" and 2 more`)),
	Entry("name the endpoint that is called in CleverTap's place", given(calling("https://gateway.example"), rejectedTimes("a")), mentions("Ready", "https://gateway.example", "--clevertap-endpoint"), explains("a", "--clevertap-endpoint")),
	Entry("and so does silence", given(calling("https://gateway.example"), unanswered("a", 1)), mentions("Ready", "https://gateway.example")),
	Entry("name no endpoint where CleverTap's hosts are called", given(rejectedTimes("a")), mentions("Ready", "!--clevertap-endpoint")),
	Entry("say what is wrong with a value that was pasted with its quotes", given(holds("a", "'a'"), rejectedTimes("'a'")), explains("a", "CleverTap rejects it", "Its value is in quotes", "!'a'")),
	Entry("say nothing about a value that looks like a passcode", given(holds("a", "YOW-RMW-WIKL"), rejectedTimes("YOW-RMW-WIKL")), explains("a", "!Its value")),
	Entry("say that a value is the passcode's name", given(rejectedTimes("a")), explains("a", "Its value is the passcode's name")),
	Entry("are not needed to say so if nothing is verified", given(withoutVerification, holds("a", "$PASSCODE")), explains("a", "Its value is a placeholder", "!$PASSCODE")),
	Entry("that CleverTap contradicts by accepting the value are not said", given(holds("a", "'a'"), accepted("'a'")), explains("a", "!Its value")),
	Entry("are asked about at once when the value changes", given(rejectedTimes("a"), settled, holds("a", "new")), asks("new")),
)

var _ = DescribeTable("6. The end", decides,
	Entry("is told of 30 days before", given(published, at(ends.Add(-30*day)), accepted("a")), says("ExpiringSoon", "WithinWindow"), says("Ready", "PasscodePublished"), phase("ExpiringSoon")),
	Entry("is not told of a moment before", given(published, at(ends.Add(-30*day-1)), accepted("a")), says("ExpiringSoon", "OutsideWindow"), looksAgain(ends.Add(-30*day))),
	Entry("never comes where it lasts forever", given(forever("a"), published), says("ExpiringSoon", "NeverExpires")),
	Entry("is a question at once", given(published, at(ends.Add(-time.Minute)), accepted("a"), settled, at(ends)), asks("a"), writesNothing),
	Entry("is waited for", given(published, at(ends.Add(-time.Minute)), accepted("a")), looksAgain(ends)),
	Entry("is no end where CleverTap still accepts", given(published, at(ends), accepted("a")), says("Ready", "PasscodePublished"), phase("ExpiringSoon")),
	Entry("is one where CleverTap refuses", given(published, at(ends), rejectedTimes("a")), says("Ready", "Expired"), says("Stalled", "Expired"), phase("Expired"), writesNothing),
	Entry("is one where CleverTap does not answer", given(published, at(ends), unanswered("a", 1)), says("Ready", "Expired"), writesNothing),
	Entry("is one in mode None", given(mode("None"), published, at(ends)), says("Ready", "Expired"), writesNothing),
	Entry("is not told while the answer is on its way", given(published, at(ends), asking("a"), after(2*time.Second)), says("Ready", "PasscodePublished")),
)

var _ = DescribeTable("8. The target", decides,
	Entry("is put back when it is edited, unasked", given(published, after(time.Minute), edited), restores("a"), asks()),
	Entry("is put back when it is edited while its source is lost", given(published, broken("a", "SourceNotFound"), edited), restores("a")),
	Entry("is put back when it is deleted, unasked", given(published, after(time.Minute), deleted), restores("a"), asks()),
	Entry("is published anew when it is deleted and another process has written it since what is remembered", given(listed("a", "b"), published, elsewhereWritten("b", 2), deleted, accepted("a", "b")), publishesRevision(3), publishes("b", initial)),
	Entry("is published anew when it is deleted and nobody remembers", given(published, deleted, restarted, accepted("a")), publishesRevision(2), publishes("a", initial)),
	Entry("keeps counting revisions when the status is lost", given(published, statusLost, holds("a", "new"), accepted("new")), publishesRevision(2)),
	Entry("is left alone when it became foreign", given(published, foreign), writesNothing, says("Ready", "TargetConflict")),
	Entry("is left alone by an object that somebody else has seen a newer generation of", given(published, newerGenerationHandled, holds("a", "new"), accepted("new")), writesNothing, asks()),
)

func allRefused(w *world) {
	for _, e := range w.object.Spec.Passcodes {
		rejectedTimes(w.value(e.Name))(w)
	}
}

// labelled is a label that is to be written, so that the target needs upkeep.
var labelled = spec(func(s *v1alpha1.CleverTapPasscodeSpec) {
	s.Target = &v1alpha1.Target{Labels: map[string]v1alpha1.LabelValue{"team": "growth"}}
})

var _ = DescribeTable("22. A target that cannot be written", decides,
	Entry("keeps no question back", given(published, labelled, writeDenied, after(time.Hour)), asks("a"), says("Reconciling", "TargetNotWritten"), says("Ready", "PasscodePublished")),
	Entry("is no silence of CleverTap", given(published, labelled, writeDenied, after(3*time.Hour), accepted("a")), says("Verified", "Accepted")),
	Entry("keeps no report back while a question is under way", given(published, labelled, writeDenied, after(time.Hour), asking("a")), says("Reconciling", "TargetNotWritten")),
	Entry("keeps no rotation back", given(listed("a", "b"), lasting("b", 150), published, labelled, writeDenied, at(rotates), accepted("b")), publishes("b", scheduled)),
	Entry("keeps no look back", given(rotated, labelled, writeDenied), looks(true)),
	Entry("keeps no restart back", given(auto, rotated, labelled, writeDenied, looked(pod("api-1", frozen(before))), runs()), restarts("api")),
)

var _ = DescribeTable("The beginning", decides,
	Entry("is createdAt", given(published), begins("a", made)),
	Entry("is when it was first seen where there is no createdAt", given(undated("a"), published, after(day)), begins("a", made.Add(day))),
	Entry("stays when the status is lost", given(undated("a"), published, after(day), statusLost, restarted, after(2*day), settled, after(time.Second), accepted("a")), begins("a", made.Add(day))),
	Entry("follows a corrected createdAt", given(published, createdAt("a", made.Add(-day)), settled), begins("a", made.Add(-day))),
	Entry("writes no second time where its report comes a second later", given(published, after(day), holds("a", "new"), accepted("new"), writtenOnly, after(time.Second)), writesNothing),
	Entry("does not follow a createdAt that belongs to the value before", given(published, after(day), holds("a", "new"), accepted("new"), settled), begins("a", made.Add(2*day))),
	Entry("stays then", given(published, after(day), holds("a", "new"), accepted("new"), settled, after(day), settled), begins("a", made.Add(2*day))),
	Entry("stays then when the status is lost", given(published, after(day), holds("a", "new"), accepted("new"), settled, after(day), statusLost, restarted, accepted("new"), settled), begins("a", made.Add(2*day))),
	Entry("follows a createdAt that was corrected for the new value", given(published, after(day), holds("a", "new"), accepted("new"), settled, createdAt("a", made.Add(day)), settled), begins("a", made.Add(day))),
	Entry("follows a createdAt that came before its value", given(undated("a"), published, after(day), createdAt("a", made.Add(36*time.Hour)), settled, holds("a", "new"), accepted("new"), settled), begins("a", made.Add(36*time.Hour))),
	Entry("of the same value in another region is the same", given(undated("a"), published, after(day), inRegion("eu1"), accepted("eu1/a"), settled), begins("a", made.Add(day))),
	Entry("of another value in another region is its own", given(published, after(day), inRegion("eu1"), holds("a", "new"), accepted("eu1/new"), settled), begins("a", made.Add(2*day))),
	Entry("of another value in another account is its own", given(published, after(day), inAccount("TEST-2"), holds("a", "new"), accepted("new"), settled), begins("a", made.Add(2*day))),
	Entry("of the same bytes in another account is its own", given(published, after(day), inAccount("TEST-2"), accepted("a"), settled), begins("a", made.Add(2*day))),
	Entry("stays where a typo in accountID is corrected", given(rejectedTimes("a"), settled, after(day), inAccount("TEST-2"), accepted("a"), settled), begins("a", made)),
	Entry("stays where a typo in the value is corrected", given(rejectedTimes("a"), settled, after(day), holds("a", "new"), accepted("new"), settled), begins("a", made)),
	Entry("stays where the value that was never verified is corrected", given(unanswered("a", 1), settled, after(day), holds("a", "new"), accepted("new"), settled), begins("a", made)),
	Entry("stays where the value was missing", given(broken("a", "KeyNotFound"), settled, after(day), broken("a", ""), accepted("a"), settled), begins("a", made)),
	Entry("stays where the value was malformed", given(broken("a", "PasscodeMalformed"), settled, after(day), broken("a", ""), accepted("a"), settled), begins("a", made)),
	Entry("of the value after a typo is not that of the value before the typo", given(spare, after(day), holds("b", "typo"), accepted("a"), rejectedTimes("typo"), settled, after(day), holds("b", "new"), accepted("a", "new")), begins("b", made.Add(3*day+time.Hour))),
	Entry("of the value after a malformed one is not that of the value before it", given(spare, after(day), broken("b", "PasscodeMalformed"), accepted("a"), settled, after(day), broken("b", ""), holds("b", "new"), accepted("a", "new")), begins("b", made.Add(3*day+time.Hour))),
	Entry("of one that was accepted and then rejected is not that of the next", given(spare, after(day), accepted("a"), rejectedTimes("b"), settled, after(day), holds("b", "new"), accepted("a", "new")), begins("b", made.Add(3*day+time.Hour))),
	Entry("stays where an undated value is lost for a while", given(listed("a", "b"), undated("b"), published, after(day), broken("b", "SourceNotFound"), settled, after(day), broken("b", ""), accepted("b")), begins("b", made.Add(day))),
	Entry("is told only of a value that was accepted once", given(rejectedTimes("a"), settled), begins("a", time.Time{}), expires("a", time.Time{})),
	Entry("is told of one that was accepted and then rejected", given(spare, after(day), accepted("a"), rejectedTimes("b"), settled, after(day), accepted("a"), rejectedTimes("b")), state("b", "Rejected"), begins("b", made)),
	Entry("of a year that was mistyped is when it was first seen", given(createdAt("a", made.AddDate(1, 0, 0)), accepted("a"), settled), begins("a", made.Add(day)), expires("a", made.Add(91*day)), explains("a", "createdAt 2027-10-01T09:00:00Z", "is ignored")),
	Entry("is the first sight where createdAt is ten minutes later", given(createdAt("a", made.Add(day+10*time.Minute)), published), begins("a", made.Add(day)), explains("a", "!createdAt")),
	Entry("of one that was created later than that is ignored for good", given(createdAt("a", made.Add(day+11*time.Minute)), published, after(time.Hour), settled), begins("a", made.Add(day)), explains("a", "is ignored")),
	Entry("follows when the mistyped year is corrected", given(createdAt("a", made.AddDate(1, 0, 0)), published, createdAt("a", made)), begins("a", made), explains("a", "!is ignored")),
)

var _ = DescribeTable("A createdAt in the future", decides,
	Entry("is no news before the value is accepted", given(createdAt("a", made.AddDate(1, 0, 0)), rejectedTimes("a")), tells("PasscodeRejected")),
	Entry("is told of once it is", given(published, listed("a", "b"), createdAt("b", made.AddDate(1, 0, 0)), settled, accepted("b")), tells("CreatedAtInFuture"), warns("CreatedAtInFuture")),
	Entry("is told of with the publication", given(createdAt("a", made.AddDate(1, 0, 0)), accepted("a"), writtenOnly), tells("PasscodePublished", "CreatedAtInFuture")),
	Entry("is told of once", given(createdAt("a", made.AddDate(1, 0, 0)), published, after(time.Hour), accepted("a"), settled), tells()),
	Entry("is told of again where another one is set", given(createdAt("a", made.AddDate(1, 0, 0)), published, createdAt("a", made.AddDate(2, 0, 0))), tells("CreatedAtInFuture")),
)

func user(s *v1alpha1.CleverTapPasscodeSpec) { s.Type = v1alpha1.PasscodeTypeUser }

var _ = DescribeTable("7. The end", decides,
	Entry("of a passcode of 90 days", given(published), expires("a", made.Add(90*day)), rotatesAt("a", rotates)),
	Entry("of one of 30 days, which makes room a third of its life before", given(lasting("a", 30), published), expires("a", made.Add(30*day)), rotatesAt("a", made.Add(20*day))),
	Entry("of one that makes room when it is told to", given(rotatingBefore("48h"), published), rotatesAt("a", made.Add(88*day))),
	Entry("of a user passcode of a year", given(spec(user), lasting("a", 365), published), expires("a", made.Add(365*day))),
	Entry("of an infinite user passcode is ten calendar years away", given(spec(user), forever("a"), published), expires("a", made.AddDate(10, 0, 0))),
	Entry("of one with an end of its own", given(endingAt("a", made.Add(36*time.Hour)), published), expires("a", made.Add(36*time.Hour))),
	Entry("of one that lasts forever is never", given(forever("a"), published), expires("a", time.Time{})),
)

var _ = Describe("The history", func() {
	It("is the last ten, newest first", func() {
		w := newWorld(published)
		for i := range 12 {
			value := fmt.Sprint("value-", i)
			after(time.Hour)(w)
			holds("a", value)(w)
			accepted(value)(w)
			w.settle()
		}
		history := w.object.Status.History
		Expect(history).To(HaveLen(10))
		Expect(history[0]).To(And(HaveField("Revision", BeEquivalentTo(13)), HaveField("Reason", sourceChanged)))
		Expect(history[9]).To(HaveField("Revision", BeEquivalentTo(4)))
	})
})
