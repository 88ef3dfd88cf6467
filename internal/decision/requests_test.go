// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package decision_test

import (
	"math"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

const requested = v1alpha1.RotationRequested

// withSuccessor is an active passcode and an accepted successor, long before any rotation is due.
func withSuccessor(w *world) {
	listed("a", "b")(w)
	published(w)
	after(time.Hour)(w)
	accepted("a")(w)
	settled(w)
}

var _ = DescribeTable("12. A request to rotate", decides,
	Entry("verifies the successor first",
		given(withSuccessor, requestsRotation("1")),
		writesNothing, requestsVerificationOf("b"), hasHandled("", "")),
	Entry("rotates to the successor",
		given(withSuccessor, requestsRotation("1"), accepted("b")),
		publishes("b", requested)),
	Entry("is echoed",
		given(withSuccessor, requestsRotation("1"), accepted("b"), settled),
		writesNothing, hasHandled("1", "")),
	Entry("is handled once",
		given(
			listed("a", "b", "c"), published, after(time.Minute), requestsRotation("1"), accepted("b"), settled,
			accepted("c")),
		writesNothing),
	Entry("is handled once, though the status is lost",
		given(
			listed("a", "b", "c"), published, after(time.Minute), requestsRotation("1"), accepted("b"), settled,
			statusLost, accepted("a", "b", "c"), scanned()),
		writesNothing, hasHandled("1", "")),
	Entry("is handled once, though an old one comes back from a backup",
		given(
			listed("a", "b", "c", "d"), published, after(time.Minute), requestsRotation("1"), accepted("b"), settled,
			requestsRotation("2"), accepted("c"), settled, requestsRotation("1"), statusLost,
			accepted("a", "b", "c", "d")),
		writesNothing),
	Entry("is handled again with another value",
		given(
			listed("a", "b", "c"), published, after(time.Minute), requestsRotation("1"), accepted("b"), settled,
			requestsRotation("2"), accepted("c")),
		publishes("c", requested)),
	Entry("counts as handled if there is no successor",
		given(published, requestsRotation("1")),
		writesNothing, hasHandled("1", ""), sendsEvents("NoSuccessor")),
	Entry("counts as handled if the only successor is rejected",
		given(listed("a", "b"), published, after(time.Minute), rejectedTimes("b"), settled, requestsRotation("1")),
		writesNothing, hasHandled("1", ""), sendsEvents("NoSuccessor")),
	Entry("waits if CleverTap is unavailable",
		given(withSuccessor, requestsRotation("1"), unavailableTimes("b", 1)),
		writesNothing, hasHandled("", ""), hasCondition("Reconciling", "VerificationUnavailable")),
	Entry("of a new object is echoed and not executed",
		given(listed("a", "b"), requestsRotation("1"), published, after(time.Minute), accepted("b")),
		writesNothing, hasHandled("1", "")),
	Entry("of a new object is not executed either once its status is lost",
		given(listed("a", "b"), requestsRotation("1"), published, after(time.Minute), statusLost, accepted("a", "b")),
		writesNothing),
	Entry("is denied while suspended",
		given(withSuccessor, suspended, requestsRotation("1"), accepted("b")),
		writesNothing, hasHandled("1", ""), sendsEvents("RequestRefused")),
	Entry("is denied while nothing is published",
		given(rejectedTimes("a"), settled, requestsRotation("1")),
		writesNothing, hasHandled("1", ""), sendsEvents("RequestRefused")),
	Entry("is denied if its value is too long",
		given(withSuccessor, requestsRotation(strings.Repeat("x", 65)), accepted("b")),
		writesNothing, hasHandled(strings.Repeat("x", 64), ""), sendsEvents("RequestRefused")),
	Entry("is denied once", given(published, requestsRotation("1"), settled), sendsNoEvents),
	Entry("has 64 characters, however many bytes",
		given(withSuccessor, requestsRotation(strings.Repeat("é", 64)), accepted("b")),
		publishes("b", requested)),
	Entry("that is too long is cut between characters",
		given(withSuccessor, requestsRotation(strings.Repeat("é", 65)), accepted("b")),
		writesNothing, hasHandled(strings.Repeat("é", 64), ""), sendsEvents("RequestRefused")),
	Entry("that is too long is denied once",
		given(withSuccessor, requestsRotation(strings.Repeat("é", 65)), settled, accepted("b")),
		writesNothing, sendsNoEvents),
)

var _ = DescribeTable("12. A request to verify", decides,
	Entry("verifies every listed value, whatever the waits",
		given(
			listed("a", "b", "c"), published, rejectedTimes("c"), settled, after(time.Second),
			requestsVerification("1")),
		requestsVerificationOf("a", "b", "c")),
	Entry("verifies replaced ones as well",
		given(
			listed("a", "b"), expiresAfterDays("b", 149), published, at(rotationTime), accepted("b"), settled,
			after(time.Second), requestsVerification("1")),
		requestsVerificationOf("a", "b")),
	Entry("is echoed once every value had a result",
		given(
			withSuccessor, after(time.Second), requestsVerification("1"), after(time.Second), accepted("a"),
			rejectedTimes("b")),
		requestsNoVerification, hasHandled("", "1")),
	Entry("is echoed if no result came",
		given(
			withSuccessor, after(time.Second), requestsVerification("1"), after(time.Second), accepted("a"),
			unavailableTimes("b", 1)),
		requestsNoVerification, hasHandled("", "1")),
	Entry("is not echoed before",
		given(
			withSuccessor, after(time.Second), requestsVerification("1"), after(time.Second), accepted("a"),
			underVerification("b"), after(2*time.Second)),
		hasHandled("", "")),
	Entry("is echoed at once in mode None",
		given(verificationMode("None"), published, requestsVerification("1")),
		requestsNoVerification, hasHandled("", "1")),
	Entry("is denied while suspended",
		given(withSuccessor, suspended, requestsVerification("1")),
		requestsNoVerification, hasHandled("", "1"), sendsEvents("RequestRefused")),
	Entry("of a new object is echoed and not executed",
		given(requestsVerification("1"), published, after(time.Second)),
		requestsNoVerification, hasHandled("", "1")),
)

var _ = DescribeTable("12. While suspended", decides,
	Entry("nothing is verified or published",
		given(suspended, accepted("a")),
		writesNothing, requestsNoVerification, hasCondition("Ready", "Suspended"), lacksCondition("Reconciling"),
		lacksCondition("Stalled")),
	Entry("a missing source is not what Ready speaks of",
		given(suspended, sourceProblem("a", "SourceNotFound")),
		hasCondition("Ready", "Suspended"), hasCondition("SourcesReady", "SourceNotFound")),
	Entry("an edited target is left", given(published, suspended, targetEdited), writesNothing),
	Entry("nothing rotates",
		given(listed("a", "b"), expiresAfterDays("b", 150), published, suspended, at(rotationTime), accepted("b")),
		writesNothing, requestsNoVerification),
	Entry("expiry is reported",
		given(published, suspended, at(expiry)),
		writesNothing, requestsNoVerification, hasCondition("ExpiringSoon", "WithinWindow"),
		hasCondition("Ready", "Expired"), hasPhase("Expired")),
	Entry("no next passcode is reported", given(withSuccessor, suspended), nextPasscode("", time.Time{})),
	Entry("what is published stays Ready",
		given(published, suspended, after(3*time.Hour)),
		hasCondition("Ready", "PasscodePublished"), hasCondition("Verified", "Suspended")),
	Entry("a result of the last two intervals stays",
		given(published, suspended, after(time.Hour)),
		hasCondition("Verified", "Accepted")),
	Entry("and afterwards, nothing is said of CleverTap before the next verification",
		given(
			published, after(time.Hour), unavailableTimes("a", 1), suspended, after(3*time.Hour), settled, resumedNow,
			underVerification("a"), after(2*time.Second)),
		hasCondition("Verified", "Verifying"), sendsNoEvents),
	Entry("and afterwards, everything is verified at once",
		given(
			published, after(time.Hour), unavailableTimes("a", 1), suspended, after(time.Second), settled, resumedNow),
		requestsVerificationOf("a")),
	Entry("there is no successor, and that is what is reported",
		given(listed("a", "b"), expiresAfterDays("b", 200), published, suspended, settled, at(expiry.Add(-30*day))),
		hasCondition("SuccessorReady", "Suspended"),
		conditionMentions("ExpiringSoon", "nothing takes over while spec.suspend is true", "!becomes active at"),
		sendsWarning("ExpiringSoon"), hasRunway(expiry)),
	Entry("that there is no successor is no event",
		given(withSuccessor, suspended),
		sendsNoEvents, hasCondition("SuccessorReady", "Suspended")),
	Entry("that the successor is gone is one",
		given(withSuccessor, suspended, settled, listed("a")),
		sendsEvents("NoSuccessor"), hasCondition("SuccessorReady", "NoSuccessor")),
	Entry("an expired one is not said to be without a successor",
		given(listed("a", "b"), expiresAfterDays("b", 200), published, suspended, settled, at(expiry)),
		conditionMentions("Ready", "nothing takes over while spec.suspend is true", "!no other")),
	Entry("in mode None, that is what Verified speaks of",
		given(verificationMode("None"), published, suspended, after(3*time.Hour)),
		hasCondition("Verified", "Disabled")),
	Entry("everything goes on afterwards",
		given(
			listed("a", "b"), expiresAfterDays("b", 150), published, suspended, at(rotationTime), settled, resumed,
			accepted("b")),
		publishes("b", scheduled)),
)

var _ = DescribeTable("3. Successors", decides,
	Entry("are not reported with a time that has passed",
		given(
			listed("a", "b"), expiresAfterDays("b", 200), published, at(rotationTime), accepted("a"),
			unavailableTimes("b", 1)),
		conditionMentions("SuccessorReady", "as soon as", "!at 2026"),
		conditionMentions("ExpiringSoon", "as soon as")),
	Entry("that wait for CleverTap at expiry are reported",
		given(
			listed("a", "b"), expiresAfterDays("b", 200), published, at(expiry), rejectedTimes("a"),
			unavailableTimes("b", 1)),
		hasCondition("Ready", "Expired"),
		conditionMentions("Ready", `"b" becomes active as soon as CleverTap accepts it`, "!no other")),
	Entry("are reported with their rotation time",
		given(withSuccessor),
		nextPasscode("b", rotationTime), hasCondition("SuccessorReady", "Staged"), hasEntryState("b", "Staged")),
	Entry("that are not accepted are not reported",
		given(listed("a", "b"), rejectedTimes("b"), publishedOnly("a")),
		nextPasscode("", time.Time{}), hasCondition("SuccessorReady", "NoSuccessor")),
	Entry("of the same value are no successors",
		given(listed("a", "b"), sourceHas("b", "a"), published),
		nextPasscode("", time.Time{}), hasEntryState("b", "Duplicate")),
	Entry("of one that never expires have no time",
		given(listed("a", "b"), neverExpires("a"), published),
		nextPasscode("b", time.Time{})),
	Entry("are verified daily", given(withSuccessor, after(day-time.Hour)), requestsVerificationOf("a", "b")),
	Entry("are not verified sooner",
		given(withSuccessor, after(day*9/10-time.Hour-time.Second)),
		requestsVerificationOf("a")),
	Entry("carry the runway",
		given(listed("a", "b"), createdAt("b", creation.Add(day)), published),
		hasRunway(creation.Add(91*day))),
	Entry("that never end are a runway without an end",
		given(listed("a", "b"), neverExpires("b"), published),
		hasRunway(time.Time{})),
	Entry("that are rejected are no runway",
		given(listed("a", "b"), createdAt("b", creation.Add(day)), rejectedTimes("b"), publishedOnly("a")),
		hasRunway(expiry)),
	Entry("or not, the runway of an expired one is its expiry",
		given(published, at(expiry.Add(day)), rejectedTimes("a")),
		hasRunway(expiry)),
)

var _ = DescribeTable("13. A pin", decides,
	Entry("goes there at once",
		given(withSuccessor, pinning("b"), accepted("b")),
		publishes("b", v1alpha1.RotationPinned)),
	Entry("verifies first", given(withSuccessor, pinning("b")), requestsVerificationOf("b"), writesNothing),
	Entry("goes to one that was replaced",
		given(
			listed("a", "b"), expiresAfterDays("b", 149), published, at(rotationTime), accepted("b"), settled,
			pinning("a"), accepted("a")),
		publishes("a", v1alpha1.RotationPinned)),
	Entry("on a new object is published first",
		given(listed("a", "b"), pinning("b"), accepted("a", "b")),
		publishes("b", initial)),
	Entry("on a new object that is rejected yields",
		given(listed("a", "b"), pinning("b"), accepted("a"), rejectedTimes("b")),
		publishes("a", initial)),
	Entry("promises nothing that it prevents",
		given(
			listed("a", "b"), expiresAfterDays("b", 200), published, pinning("a"), at(rotationTime),
			accepted("a", "b")),
		conditionMentions("ExpiringSoon", `spec.rotation.pin keeps "a" active until CleverTap rejects it`, "!becomes active at"),
		conditionMentions("SuccessorReady", "!becomes active at"), sendsWarning("ExpiringSoon")),
	Entry("is not changed by time",
		given(
			listed("a", "b"), expiresAfterDays("b", 150), published, pinning("a"), at(rotationTime),
			accepted("a", "b")),
		writesNothing, nextPasscode("", time.Time{}), hasCondition("SuccessorReady", "Staged")),
	Entry("is not changed by requests",
		given(withSuccessor, pinning("a"), requestsRotation("1"), accepted("b")),
		writesNothing, hasHandled("1", ""), sendsEvents("RequestRefused")),
	Entry("stays while its source is lost",
		given(
			listed("a", "b"), expiresAfterDays("b", 150), published, pinning("a"),
			sourceProblem("a", "SourceNotFound"), at(rotationTime), accepted("b")),
		writesNothing),
	Entry("follows a changed value",
		given(published, pinning("a"), sourceHas("a", "new"), accepted("new")),
		publishes("a", sourceChanged)),
	Entry("yields if the pinned one is rejected",
		given(withSuccessor, pinning("a"), settled, rejected("a"), accepted("b"), rejectedOnceMore("a")),
		publishes("b", v1alpha1.RotationRejected)),
	Entry("yields if the pinned one expires in mode None",
		given(
			listed("a", "b"), expiresAfterDays("b", 150), verificationMode("None"), published, pinning("a"),
			at(expiry)),
		publishes("b", v1alpha1.RotationExpired)),
	Entry("stays without effect then",
		given(
			withSuccessor, pinning("a"), settled, rejected("a"), accepted("b"), rejectedOnceMore("a"), settled,
			accepted("a", "b")),
		writesNothing, requestsNoVerification),
	Entry("stays without effect then, though the status is lost",
		given(
			withSuccessor, pinning("a"), settled, rejected("a"), accepted("b"), rejectedOnceMore("a"), settled,
			statusLost, restarted, accepted("a", "b")),
		writesNothing),
	Entry("is in effect again once its value changes",
		given(
			withSuccessor, pinning("a"), settled, rejected("a"), accepted("b"), rejectedOnceMore("a"), settled,
			sourceHas("a", "new"), accepted("new")),
		publishes("a", v1alpha1.RotationPinned)),
	Entry("is in effect again once it was another",
		given(
			withSuccessor, pinning("a"), settled, rejected("a"), accepted("b"), rejectedOnceMore("a"), settled,
			pinning(""), settled, pinning("a"), accepted("a")),
		publishes("a", v1alpha1.RotationPinned)),
)

var _ = DescribeTable("14. An active passcode that is rejected", decides,
	Entry("is verified again after 30 s",
		given(withSuccessor, rejectedTimes("a")),
		writesNothing, requestsNoVerification, reconcilesAgainAt(creation.Add(day+time.Hour+30*time.Second)),
		hasCondition("Ready", "PasscodePublished"), hasCondition("Verified", "Rejected")),
	Entry("verifies a successor then",
		given(withSuccessor, rejected("a")),
		writesNothing, requestsVerificationOf("b")),
	Entry("is verified once more after a successor was accepted",
		given(withSuccessor, rejected("a"), after(time.Second), accepted("b")),
		writesNothing, requestsVerificationOf("a")),
	Entry("is replaced when that is rejected",
		given(withSuccessor, rejected("a"), after(time.Second), accepted("b"), rejectedOnceMore("a")),
		publishes("b", v1alpha1.RotationRejected)),
	Entry("stays when that is accepted",
		given(withSuccessor, rejected("a"), after(time.Second), accepted("b"), after(time.Second), accepted("a")),
		writesNothing, requestsNoVerification),
	Entry("stays when that has no result",
		given(withSuccessor, rejected("a"), after(time.Second), accepted("b"), unavailableTimes("a", 1)),
		writesNothing, requestsNoVerification),
	Entry("stays while no successor is accepted",
		given(withSuccessor, rejected("a"), rejectedTimes("b")),
		writesNothing, hasPhase("Rejected"), hasCondition("Ready", "PasscodeRejected"),
		hasCondition("Stalled", "PasscodeRejected")),
	Entry("stays if there is no successor",
		given(published, rejected("a")),
		writesNothing, hasPhase("Rejected"), hasCondition("Ready", "PasscodeRejected"),
		sendsEvents("PasscodeRejected")),
	Entry("is still reported after a restart",
		given(published, rejected("a"), settled, restarted),
		writesNothing, hasPhase("Rejected"), hasCondition("Ready", "PasscodeRejected")),
	Entry("takes a replaced one where nothing else is accepted",
		given(
			listed("a", "b"), expiresAfterDays("b", 149), published, at(rotationTime), accepted("b"), settled,
			after(time.Hour), rejected("b"), accepted("a"), rejectedOnceMore("b")),
		publishes("a", v1alpha1.RotationRejected)),
	Entry("is replaced after one rejection near expiry",
		given(
			listed("a", "b"), rotatingBefore("1h"), expiresAfterDays("b", 150), published, at(expiry.Add(-day)),
			rejectedTimes("a"), accepted("b")),
		publishes("b", v1alpha1.RotationExpired)),
	Entry("is verified at its interval once that is certain",
		given(published, rejected("a"), settled),
		reconcilesAgainWithin(creation.Add(day+30*time.Second+54*time.Minute), creation.Add(day+30*time.Second+time.Hour))),
	Entry("is verified at a time of the object's own within the last tenth of that",
		given(published, settled),
		reconcilesAgainWithin(creation.Add(day+54*time.Minute), creation.Add(day+time.Hour)), sooner("uid", "other")),
	Entry("which a restart does not change", given(published, settled, restarted), sooner("uid", "other")),
)

var _ = DescribeTable("15. A new target.name", decides,
	Entry("takes what is published along, without a verification",
		given(published, after(time.Minute), targetRenamed),
		publishesToTarget("a", 1), requestsNoVerification, releasesFormerTarget(false)),
	Entry("does not delay a verification that is due",
		given(published, after(time.Hour), targetRenamed),
		publishesToTarget("a", 1), requestsVerificationOf("a")),
	Entry("leaves the old one behind then",
		given(published, targetRenamed, settled),
		writesNothing, releasesFormerTarget(true)),
	Entry("is not released by a process that has yet to see that name",
		given(published, writtenUnderNewerName),
		writesNothing, releasesFormerTarget(false), requestsNoVerification),
	Entry("leaves it alone afterwards",
		given(published, targetRenamed, settled, formerTargetReleased),
		writesNothing, releasesFormerTarget(false)),
	Entry("that cannot be marked as released is reported, and delays no verification",
		given(published, targetRenamed, settled, formerTargetDenied, after(time.Hour)),
		releasesFormerTarget(true), requestsVerificationOf("a"), hasCondition("Reconciling", "EffectFailed"),
		hasCondition("Ready", "PasscodePublished")),
	Entry("that cannot be marked as released delays no rotation",
		given(
			listed("a", "b"), expiresAfterDays("b", 150), published, targetRenamed, settled, formerTargetDenied,
			at(rotationTime), accepted("b")),
		releasesFormerTarget(true), publishes("b", scheduled)),
	Entry("does not move while suspended",
		given(published, suspended, targetRenamed),
		writesNothing, releasesFormerTarget(false)),
	Entry("that is the old one again gets the newer value",
		given(published, backWithANewerValue),
		publishesToTarget("a", 2), requestsNoVerification),
)

var _ = DescribeTable("16. When target and record are lost", decides,
	Entry("what the status calls replaced is not published again",
		given(
			listed("a", "b"), expiresAfterDays("b", 149), published, at(rotationTime), accepted("b"), settled,
			restarted, targetDeleted, accepted("a")),
		writesNothing, requestsVerificationOf("b")),
	Entry("nor later, once another one is",
		given(
			listed("a", "b"), expiresAfterDays("a", 300), expiresAfterDays("b", 149), published,
			requestsRotation("1"), accepted("b"), settled, scanned(), settled, restarted, targetDeleted,
			accepted("b"), settled, at(creation.Add(130*day)), accepted("a", "b")),
		writesNothing, hasEntryState("a", "Retired")),
	Entry("the one that was published is",
		given(
			listed("a", "b"), expiresAfterDays("b", 149), published, at(rotationTime), accepted("b"), settled,
			restarted, targetDeleted, accepted("a", "b")),
		publishes("b", initial), publishesRevision(3)),
)

var _ = DescribeTable("10. A record of another object", decides,
	Entry("is taken as it stands where nothing else is known",
		given(published, restarted, statusLost, writtenBy("other")),
		publishesToTarget("a", 1)),
	Entry("does not count while one of this object is there",
		given(listed("a", "b"), publishedOnly("a"), restarted, targetHandedOver("b", 7), accepted("a", "b")),
		publishesToTarget("a", 1)),
	Entry("never permits what the status calls replaced",
		given(rotatedToB, scanned(), settled, restarted, targetSwapped("z", 7), accepted("a"), settled),
		writesNothing, hasActive("z"), hasEntryState("a", "Retired")),
	Entry("and the revision continues from the higher one",
		given(rotatedToB, scanned(), settled, restarted, targetSwapped("z", 7), accepted("a", "b")),
		publishes("b", wasRemoved), publishesRevision(8)),
	Entry("is not what is put back",
		given(published, restarted, statusLost, writtenBy("other"), targetEdited, accepted("a")),
		publishes("a", initial), publishesRevision(2)),
	Entry("is not what is put back without an acceptance",
		given(published, restarted, statusLost, writtenBy("other"), targetEdited),
		writesNothing, requestsVerificationOf("a")),
)

// annotatedWith names annotations for the target.
func annotatedWith(keys ...string) step {
	return spec(func(s *v1alpha1.CleverTapPasscodeSpec) {
		s.Target = &v1alpha1.Target{Annotations: map[string]v1alpha1.AnnotationValue{}}
		for _, key := range keys {
			s.Target.Annotations[key] = "x"
		}
	})
}

// writtenBy is a target that another object's record is on.
func writtenBy(uid types.UID) step { return func(w *world) { w.target.Record.OwnerUID = uid } }

// targetHandedOver is a target that another object wrote, of a higher revision, named in place of one's own.
func targetHandedOver(name string, revision int64) step {
	return func(w *world) {
		former := w.target
		w.former, w.formerName = &former, "marketing"
		targetSwapped(name, revision)(w)
	}
}

// targetSwapped is a target that another object wrote, in place of one's own.
func targetSwapped(name string, revision int64) step {
	return func(w *world) {
		record := *w.target.Record
		record.OwnerUID, record.Revision, record.Passcode, record.Replaced = "other", revision, name, nil
		w.target.Tuple.Passcode = w.passcode(name)
		w.target.Fingerprint = w.fingerprint("in1", "TEST-1", w.target.Tuple.Passcode)
		record.Fingerprint = w.target.Fingerprint
		w.target.Record, w.lastTarget = &record, nil
	}
}

var _ = Describe("10. A record", func() {
	good := target.Record{
		OwnerUID: "uid", Revision: 1, Fingerprint: "k-f",
		Keys: target.Keys{AccountID: "accountId", Passcode: "passcode", Region: "region", Endpoint: "endpoint"},
	}
	with := func(modify func(*target.Record)) string {
		r := good
		modify(&r)
		return r.Encode()
	}
	DescribeTable("is none", func(text string) {
		_, err := target.ParseRecord(text)
		Expect(err).To(HaveOccurred())
	},
		Entry("that says nothing", "{}"),
		Entry("that is null", "null"),
		Entry("that is no JSON", "{"),
		Entry("without an owner", with(func(r *target.Record) { r.OwnerUID = "" })),
		Entry("without a fingerprint", with(func(r *target.Record) { r.Fingerprint = "" })),
		Entry("without a key", with(func(r *target.Record) { r.Keys.Passcode = "" })),
		Entry("of a passcode whose name is longer than a name can be",
			with(func(r *target.Record) { r.Passcode = strings.Repeat("é", 129) })),
		Entry("of a replaced passcode whose name is",
			with(func(r *target.Record) { r.Replaced = []target.Replaced{{Passcode: strings.Repeat("x", 1000)}} })),
		Entry("of an account that is none", with(func(r *target.Record) { r.AccountID = strings.Repeat("x", 65) })),
		Entry("with two keys alike", with(func(r *target.Record) { r.Keys.Passcode = "region" })),
		Entry("of a negative revision", with(func(r *target.Record) { r.Revision = -1 })),
		Entry("of no revision", with(func(r *target.Record) { r.Revision = 0 })),
		Entry("of a revision that cannot be counted on from",
			with(func(r *target.Record) { r.Revision = math.MaxInt64 })),
	)
	It("is one where it has all that", func() {
		Expect(target.ParseRecord(good.Encode())).To(Equal(good))
	})
	It("may have fields of a later version", func() {
		text := strings.Replace(good.Encode(), "{", `{"later":{"x":1},`, 1)
		Expect(target.ParseRecord(text)).To(Equal(good))
	})
	It("that is lost is made anew by a publication of the same value, once that is accepted", func() {
		w := newWorld(published, statusLost, restarted)
		w.target.Record = nil
		w.target.Annotations = map[string]string{v1alpha1.RevisionAnnotation: "3", v1alpha1.PasscodeAnnotation: "a"}
		requestsVerificationOf("a")(w, w.decide())
		accepted("a")(w)
		publishes("a", initial)(w, w.decide())
		publishesRevision(4)(w, w.decide())
	})
	It("that is lost makes nothing of a target that contains no listed value", func() {
		w := newWorld(published, statusLost, restarted, listed("z"))
		w.target.Record = nil
		w.target.Annotations = map[string]string{v1alpha1.RevisionAnnotation: "3", v1alpha1.PasscodeAnnotation: "a"}
		d := w.decide()
		Expect(d.Want).To(BeNil())
		requestsVerificationOf("z")(w, d)
		accepted("z")(w)
		publishesRevision(4)(w, w.decide())
	})
	It("that is lost, or made by no known key, verifies nothing with another account", func() {
		for _, forged := range []*target.Record{nil, {OwnerUID: "uid", Revision: 1, Fingerprint: "x-y", Keys: good.Keys}} {
			w := newWorld(rejectedTimes("a"))
			w.target = rotation.Target{
				Exists: true, Exact: true, Record: forged, Fingerprint: w.fingerprint("eu1", "VICTIM", w.passcode("guess")),
				Tuple: target.Tuple{AccountID: "VICTIM", Region: "eu1", Passcode: w.passcode("guess")},
			}
			d := w.decide()
			requestsNoVerification(w, d)
			hasCondition("Ready", "PasscodeRejected")(w, d)
		}
	})
	It("is encoded whatever year an expiry says", func() {
		w := newWorld(change("a", func(e *v1alpha1.PasscodeEntry) {
			at := v1alpha1.Time("9999-12-31T23:59:59-12:00")
			e.Expiry = &v1alpha1.Expiry{At: &at}
		}), accepted("a"))
		Expect(w.decide().Want.Record.Encode()).To(ContainSubstring("9999-12-31T23:59:59Z"))
	})
})

var _ = DescribeTable("8. Annotations that would have the target copied", decides,
	Entry("are left out",
		given(annotationsAllowed(), accepted("a")),
		setsAnnotation("replicator.v1.mittwald.de/replicate-to", false), setsAnnotation("note", true)),
	Entry("to other clusters are left out",
		given(annotatedWith("kubed.appscode.com/sync-contexts"), accepted("a")),
		setsAnnotation("kubed.appscode.com/sync-contexts", false)),
	Entry("of any replicator known are left out",
		given(
			annotatedWith("kubed.appscode.com/sync", "Synator/sync", "kube-syncer/auto", "v1.kubernetes-replicator.olli.com/x",
				"reflector.v1.k8s.emberstack.com/x"),
			published),
		conditionMentions("Stalled", "kubed.appscode.com/sync", "Synator/sync", "kube-syncer/auto", "v1.kubernetes-replicator.olli.com/x",
			"reflector.v1.k8s.emberstack.com/x")),
	Entry("are reported",
		given(annotationsAllowed(), published),
		hasCondition("Stalled", "TargetAnnotationForbidden"), hasCondition("Ready", "PasscodePublished")),
	Entry("are set where they are allowed",
		given(annotationsAllowed("replicator.v1.mittwald.de/"), accepted("a")),
		setsAnnotation("replicator.v1.mittwald.de/replicate-to", true)),
	Entry("are set where that very one is allowed",
		given(annotationsAllowed("replicator.v1.mittwald.de/replicate-to"), published),
		lacksCondition("Stalled")),
)
