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

// spare is a published passcode and an accepted spare, long before any rotation is due.
func spare(w *world) {
	listed("a", "b")(w)
	published(w)
	after(time.Hour)(w)
	accepted("a")(w)
	settled(w)
}

var _ = DescribeTable("12. A request to rotate", decides,
	Entry("asks about the successor first", given(spare, requestsRotation("1")), writesNothing, asks("b"), echoes("", "")),
	Entry("switches to the successor", given(spare, requestsRotation("1"), accepted("b")), publishes("b", requested)),
	Entry("is echoed", given(spare, requestsRotation("1"), accepted("b"), settled), writesNothing, echoes("1", "")),
	Entry("is obeyed once", given(listed("a", "b", "c"), published, after(time.Minute), requestsRotation("1"), accepted("b"), settled, accepted("c")), writesNothing),
	Entry("is obeyed once, though the status is lost", given(listed("a", "b", "c"), published, after(time.Minute), requestsRotation("1"), accepted("b"), settled, statusLost, accepted("a", "b", "c"), looked()), writesNothing, echoes("1", "")),
	Entry("is obeyed once, though an old one comes back from a backup", given(listed("a", "b", "c", "d"), published, after(time.Minute), requestsRotation("1"), accepted("b"), settled,
		requestsRotation("2"), accepted("c"), settled, requestsRotation("1"), statusLost, accepted("a", "b", "c", "d")), writesNothing),
	Entry("is obeyed again with another value", given(listed("a", "b", "c"), published, after(time.Minute), requestsRotation("1"), accepted("b"), settled, requestsRotation("2"), accepted("c")), publishes("c", requested)),
	Entry("is done with where there is no successor", given(published, requestsRotation("1")), writesNothing, echoes("1", ""), tells("NoSuccessor")),
	Entry("is done with where the only successor is refused", given(listed("a", "b"), published, after(time.Minute), rejectedTimes("b"), settled, requestsRotation("1")), writesNothing, echoes("1", ""), tells("NoSuccessor")),
	Entry("waits where CleverTap does not answer", given(spare, requestsRotation("1"), unanswered("b", 1)), writesNothing, echoes("", ""), says("Reconciling", "VerificationUnavailable")),
	Entry("of a new object is echoed, not obeyed", given(listed("a", "b"), requestsRotation("1"), published, after(time.Minute), accepted("b")), writesNothing, echoes("1", "")),
	Entry("of a new object is not obeyed either once its status is lost", given(listed("a", "b"), requestsRotation("1"), published, after(time.Minute), statusLost, accepted("a", "b")), writesNothing),
	Entry("is refused while suspended", given(spare, suspended, requestsRotation("1"), accepted("b")), writesNothing, echoes("1", ""), tells("RequestRefused")),
	Entry("is refused while nothing is published", given(rejectedTimes("a"), settled, requestsRotation("1")), writesNothing, echoes("1", ""), tells("RequestRefused")),
	Entry("is refused where its value is too long", given(spare, requestsRotation(strings.Repeat("x", 65)), accepted("b")), writesNothing, echoes(strings.Repeat("x", 64), ""), tells("RequestRefused")),
	Entry("is refused once", given(published, requestsRotation("1"), settled), tells()),
	Entry("has 64 characters, however many bytes", given(spare, requestsRotation(strings.Repeat("é", 64)), accepted("b")), publishes("b", requested)),
	Entry("that is too long is cut between characters", given(spare, requestsRotation(strings.Repeat("é", 65)), accepted("b")), writesNothing, echoes(strings.Repeat("é", 64), ""), tells("RequestRefused")),
	Entry("that is too long is refused once", given(spare, requestsRotation(strings.Repeat("é", 65)), settled, accepted("b")), writesNothing, tells()),
)

var _ = DescribeTable("12. A request to verify", decides,
	Entry("asks about every listed value, whatever the waits", given(listed("a", "b", "c"), published, rejectedTimes("c"), settled, after(time.Second), requestsVerification("1")), asks("a", "b", "c")),
	Entry("asks about replaced ones as well", given(listed("a", "b"), lasting("b", 149), published, at(rotates), accepted("b"), settled, after(time.Second), requestsVerification("1")), asks("a", "b")),
	Entry("is echoed once every value was answered for", given(spare, after(time.Second), requestsVerification("1"), after(time.Second), accepted("a"), rejectedTimes("b")), asks(), echoes("", "1")),
	Entry("is echoed where no answer came", given(spare, after(time.Second), requestsVerification("1"), after(time.Second), accepted("a"), unanswered("b", 1)), asks(), echoes("", "1")),
	Entry("is not echoed before", given(spare, after(time.Second), requestsVerification("1"), after(time.Second), accepted("a"), asking("b"), after(2*time.Second)), echoes("", "")),
	Entry("is echoed at once in mode None", given(mode("None"), published, requestsVerification("1")), asks(), echoes("", "1")),
	Entry("is refused while suspended", given(spare, suspended, requestsVerification("1")), asks(), echoes("", "1"), tells("RequestRefused")),
	Entry("of a new object is echoed, not obeyed", given(requestsVerification("1"), published, after(time.Second)), asks(), echoes("", "1")),
)

var _ = DescribeTable("12. While suspended", decides,
	Entry("nothing is asked or published", given(suspended, accepted("a")), writesNothing, asks(), says("Ready", "Suspended"), saysNothingOf("Reconciling"), saysNothingOf("Stalled")),
	Entry("a missing source is not what Ready speaks of", given(suspended, broken("a", "SourceNotFound")), says("Ready", "Suspended"), says("SourcesReady", "SourceNotFound")),
	Entry("an edited target is left", given(published, suspended, edited), writesNothing),
	Entry("nothing rotates", given(listed("a", "b"), lasting("b", 150), published, suspended, at(rotates), accepted("b")), writesNothing, asks()),
	Entry("the end is told", given(published, suspended, at(ends)), writesNothing, asks(), says("ExpiringSoon", "WithinWindow"), says("Ready", "Expired"), phase("Expired")),
	Entry("no next passcode is told", given(spare, suspended), nextPasscode("", time.Time{})),
	Entry("what is published stays Ready", given(published, suspended, after(3*time.Hour)), says("Ready", "PasscodePublished"), says("Verified", "Suspended")),
	Entry("a result of the last two intervals stays", given(published, suspended, after(time.Hour)), says("Verified", "Accepted")),
	Entry("and afterwards, nothing is said of CleverTap before it was asked again", given(published, after(time.Hour), unanswered("a", 1), suspended, after(3*time.Hour), settled, resumedNow, asking("a"), after(2*time.Second)), says("Verified", "Verifying"), tells()),
	Entry("and afterwards, everything is verified at once", given(published, after(time.Hour), unanswered("a", 1), suspended, after(time.Second), settled, resumedNow), asks("a")),
	Entry("nothing takes over, and that is what is told", given(listed("a", "b"), lasting("b", 200), published, suspended, settled, at(ends.Add(-30*day))), says("SuccessorReady", "Suspended"), mentions("ExpiringSoon", "nothing takes over while spec.suspend is true", "!takes over at"), warns("ExpiringSoon"), runway(ends)),
	Entry("that nothing takes over is no event", given(spare, suspended), tells(), says("SuccessorReady", "Suspended")),
	Entry("that the successor is gone is one", given(spare, suspended, settled, listed("a")), tells("NoSuccessor"), says("SuccessorReady", "NoSuccessor")),
	Entry("an expired one is not said to be without a successor", given(listed("a", "b"), lasting("b", 200), published, suspended, settled, at(ends)), mentions("Ready", "nothing takes over while spec.suspend is true", "!no other")),
	Entry("in mode None, that is what Verified speaks of", given(mode("None"), published, suspended, after(3*time.Hour)), says("Verified", "Disabled")),
	Entry("everything goes on afterwards", given(listed("a", "b"), lasting("b", 150), published, suspended, at(rotates), settled, resumed, accepted("b")), publishes("b", scheduled)),
)

var _ = DescribeTable("5. Spares", decides,
	Entry("are not told with a time that has passed", given(listed("a", "b"), lasting("b", 200), published, at(rotates), accepted("a"), unanswered("b", 1)), mentions("SuccessorReady", "as soon as", "!at 2026"), mentions("ExpiringSoon", "as soon as")),
	Entry("that wait for CleverTap at the end are told", given(listed("a", "b"), lasting("b", 200), published, at(ends), rejectedTimes("a"), unanswered("b", 1)), says("Ready", "Expired"), mentions("Ready", `"b" becomes active as soon as CleverTap accepts it`, "!no other")),
	Entry("are told with the time of their turn", given(spare), nextPasscode("b", rotates), says("SuccessorReady", "Staged"), state("b", "Staged")),
	Entry("that are not accepted are not told", given(listed("a", "b"), rejectedTimes("b"), publishedOnly("a")), nextPasscode("", time.Time{}), says("SuccessorReady", "NoSuccessor")),
	Entry("of the same value are no spares", given(listed("a", "b"), holds("b", "a"), published), nextPasscode("", time.Time{}), state("b", "Duplicate")),
	Entry("for one that lasts forever have no time", given(listed("a", "b"), forever("a"), published), nextPasscode("b", time.Time{})),
	Entry("are asked about daily", given(spare, after(day-time.Hour)), asks("a", "b")),
	Entry("are not asked about sooner", given(spare, after(day*9/10-time.Hour-time.Second)), asks("a")),
	Entry("carry the runway", given(listed("a", "b"), createdAt("b", made.Add(day)), published), runway(made.Add(91*day))),
	Entry("that never end are a runway without an end", given(listed("a", "b"), forever("b"), published), runway(time.Time{})),
	Entry("that are refused are no runway", given(listed("a", "b"), createdAt("b", made.Add(day)), rejectedTimes("b"), publishedOnly("a")), runway(ends)),
	Entry("or not, the runway of an ended one is its end", given(published, at(ends.Add(day)), rejectedTimes("a")), runway(ends)),
)

var _ = DescribeTable("13. A pin", decides,
	Entry("goes there at once", given(spare, pinning("b"), accepted("b")), publishes("b", v1alpha1.RotationPinned)),
	Entry("asks first", given(spare, pinning("b")), asks("b"), writesNothing),
	Entry("goes to one that was replaced", given(listed("a", "b"), lasting("b", 149), published, at(rotates), accepted("b"), settled, pinning("a"), accepted("a")), publishes("a", v1alpha1.RotationPinned)),
	Entry("on a new object is published first", given(listed("a", "b"), pinning("b"), accepted("a", "b")), publishes("b", initial)),
	Entry("on a new object that is refused yields", given(listed("a", "b"), pinning("b"), accepted("a"), rejectedTimes("b")), publishes("a", initial)),
	Entry("promises nothing that it prevents", given(listed("a", "b"), lasting("b", 200), published, pinning("a"), at(rotates), accepted("a", "b")), mentions("ExpiringSoon", `spec.rotation.pin keeps "a" active until CleverTap rejects it`, "!takes over at"), mentions("SuccessorReady", "!takes over at"), warns("ExpiringSoon")),
	Entry("holds against time", given(listed("a", "b"), lasting("b", 150), published, pinning("a"), at(rotates), accepted("a", "b")), writesNothing, nextPasscode("", time.Time{}), says("SuccessorReady", "Staged")),
	Entry("holds against requests", given(spare, pinning("a"), requestsRotation("1"), accepted("b")), writesNothing, echoes("1", ""), tells("RequestRefused")),
	Entry("holds while its source is lost", given(listed("a", "b"), lasting("b", 150), published, pinning("a"), broken("a", "SourceNotFound"), at(rotates), accepted("b")), writesNothing),
	Entry("follows a changed value", given(published, pinning("a"), holds("a", "new"), accepted("new")), publishes("a", sourceChanged)),
	Entry("yields where the pinned one is refused", given(spare, pinning("a"), settled, rejected("a"), accepted("b"), rejectedOnceMore("a")), publishes("b", v1alpha1.RotationRejected)),
	Entry("yields where the pinned one ends in mode None", given(listed("a", "b"), lasting("b", 150), mode("None"), published, pinning("a"), at(ends)), publishes("b", v1alpha1.RotationExpired)),
	Entry("stays without effect then", given(spare, pinning("a"), settled, rejected("a"), accepted("b"), rejectedOnceMore("a"), settled, accepted("a", "b")), writesNothing, asks()),
	Entry("stays without effect then, though the status is lost", given(spare, pinning("a"), settled, rejected("a"), accepted("b"), rejectedOnceMore("a"), settled, statusLost, restarted, accepted("a", "b")), writesNothing),
	Entry("is in effect again once its value changes", given(spare, pinning("a"), settled, rejected("a"), accepted("b"), rejectedOnceMore("a"), settled, holds("a", "new"), accepted("new")), publishes("a", v1alpha1.RotationPinned)),
	Entry("is in effect again once it was another", given(spare, pinning("a"), settled, rejected("a"), accepted("b"), rejectedOnceMore("a"), settled, pinning(""), settled, pinning("a"), accepted("a")), publishes("a", v1alpha1.RotationPinned)),
)

var _ = DescribeTable("14. Refused while published", decides,
	Entry("is asked about again after 30 s", given(spare, rejectedTimes("a")), writesNothing, asks(), looksAgain(made.Add(day+time.Hour+30*time.Second)), says("Ready", "PasscodePublished"), says("Verified", "Rejected")),
	Entry("asks about a spare then", given(spare, rejected("a")), writesNothing, asks("b")),
	Entry("asks about the published one once more after a spare was accepted", given(spare, rejected("a"), after(time.Second), accepted("b")), writesNothing, asks("a")),
	Entry("switches when that is refused", given(spare, rejected("a"), after(time.Second), accepted("b"), rejectedOnceMore("a")), publishes("b", v1alpha1.RotationRejected)),
	Entry("stays when that is accepted", given(spare, rejected("a"), after(time.Second), accepted("b"), after(time.Second), accepted("a")), writesNothing, asks()),
	Entry("stays when that is not answered", given(spare, rejected("a"), after(time.Second), accepted("b"), unanswered("a", 1)), writesNothing, asks()),
	Entry("stays while no spare is accepted", given(spare, rejected("a"), rejectedTimes("b")), writesNothing, phase("Rejected"), says("Ready", "PasscodeRejected"), says("Stalled", "PasscodeRejected")),
	Entry("stays where there is no spare", given(published, rejected("a")), writesNothing, phase("Rejected"), says("Ready", "PasscodeRejected"), tells("PasscodeRejected")),
	Entry("is still told after a restart", given(published, rejected("a"), settled, restarted), writesNothing, phase("Rejected"), says("Ready", "PasscodeRejected")),
	Entry("takes a replaced one where nothing else is accepted", given(listed("a", "b"), lasting("b", 149), published, at(rotates), accepted("b"), settled,
		after(time.Hour), rejected("b"), accepted("a"), rejectedOnceMore("b")), publishes("a", v1alpha1.RotationRejected)),
	Entry("takes one refusal near the end", given(listed("a", "b"), rotatingBefore("1h"), lasting("b", 150), published, at(ends.Add(-day)), rejectedTimes("a"), accepted("b")), publishes("b", v1alpha1.RotationExpired)),
	Entry("is asked about at its interval once that is certain", given(published, rejected("a"), settled), looksAgainWithin(made.Add(day+30*time.Second+54*time.Minute), made.Add(day+30*time.Second+time.Hour))),
	Entry("is asked about at a time of the object's own within the last tenth of that", given(published, settled), looksAgainWithin(made.Add(day+54*time.Minute), made.Add(day+time.Hour)), sooner("uid", "other")),
	Entry("which a restart does not change", given(published, settled, restarted), sooner("uid", "other")),
)

var _ = DescribeTable("15. A new target.name", decides,
	Entry("takes what is published along, unasked", given(published, after(time.Minute), retargeted), movesTarget("a", 1), asks(), releases(false)),
	Entry("does not keep back what is due to be asked", given(published, after(time.Hour), retargeted), movesTarget("a", 1), asks("a")),
	Entry("leaves the old one behind then", given(published, retargeted, settled), writesNothing, releases(true)),
	Entry("leaves it alone afterwards", given(published, retargeted, settled, released), writesNothing, releases(false)),
	Entry("that cannot be marked as left behind is told of, and keeps no question back", given(published, retargeted, settled, releaseDenied, after(time.Hour)), releases(true), asks("a"), says("Reconciling", "EffectFailed"), says("Ready", "PasscodePublished")),
	Entry("that cannot be marked as left behind keeps no rotation back", given(listed("a", "b"), lasting("b", 150), published, retargeted, settled, releaseDenied, at(rotates), accepted("b")), releases(true), publishes("b", scheduled)),
	Entry("does not move while suspended", given(published, suspended, retargeted), writesNothing, releases(false)),
	Entry("that is the old one again gets the newer value", given(published, backWithANewerValue), movesTarget("a", 2), asks()),
)

var _ = DescribeTable("16. Where target and record are lost", decides,
	Entry("what the status calls replaced is not published again", given(listed("a", "b"), lasting("b", 149), published, at(rotates), accepted("b"), settled,
		restarted, deleted, accepted("a")), writesNothing, asks("b")),
	Entry("nor later, once another one is", given(listed("a", "b"), lasting("a", 300), lasting("b", 149), published, requestsRotation("1"), accepted("b"), settled, looked(), settled,
		restarted, deleted, accepted("b"), settled, at(made.Add(130*day)), accepted("a", "b")), writesNothing, state("a", "Retired")),
	Entry("the one that was published is", given(listed("a", "b"), lasting("b", 149), published, at(rotates), accepted("b"), settled,
		restarted, deleted, accepted("a", "b")), publishes("b", initial), publishesRevision(3)),
)

var _ = DescribeTable("10. A record of another object", decides,
	Entry("is taken as it stands where nothing else is known", given(published, restarted, statusLost, writtenBy("other")), movesTarget("a", 1)),
	Entry("is no base while one of this object is there", given(listed("a", "b"), publishedOnly("a"), restarted, handedOver("b", 7), accepted("a", "b")), movesTarget("a", 1)),
	Entry("never permits what the status calls replaced", given(rotated, looked(), settled, restarted, swapped("z", 7), accepted("a"), settled), writesNothing, active("z"), state("a", "Retired")),
	Entry("and the revision continues from the higher one", given(rotated, looked(), settled, restarted, swapped("z", 7), accepted("a", "b")), publishes("b", wasRemoved), publishesRevision(8)),
	Entry("is not what is put back", given(published, restarted, statusLost, writtenBy("other"), edited, accepted("a")), publishes("a", initial), publishesRevision(2)),
	Entry("is not what is put back without an acceptance", given(published, restarted, statusLost, writtenBy("other"), edited), writesNothing, asks("a")),
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

// handedOver is a target that another object wrote, of a higher revision, named in place of one's own.
func handedOver(name string, revision int64) step {
	return func(w *world) {
		former := w.target
		w.former, w.formerName = &former, "marketing"
		swapped(name, revision)(w)
	}
}

// swapped is a target that another object wrote, in place of one's own.
func swapped(name string, revision int64) step {
	return func(w *world) {
		record := *w.target.Record
		record.OwnerUID, record.Revision, record.Passcode, record.Replaced = "other", revision, name, nil
		w.target.Tuple.Passcode = w.passcode(name)
		w.target.Fingerprint = w.fingerprint("in1", "TEST-1", w.target.Tuple.Passcode)
		record.Fingerprint = w.target.Fingerprint
		w.target.Record, w.remembered = &record, nil
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
		Entry("of a passcode whose name is longer than a name can be", with(func(r *target.Record) { r.Passcode = strings.Repeat("é", 129) })),
		Entry("of a replaced passcode whose name is", with(func(r *target.Record) { r.Replaced = []target.Replaced{{Passcode: strings.Repeat("x", 1000)}} })),
		Entry("of an account that is none", with(func(r *target.Record) { r.AccountID = strings.Repeat("x", 65) })),
		Entry("with two keys alike", with(func(r *target.Record) { r.Keys.Passcode = "region" })),
		Entry("of a negative revision", with(func(r *target.Record) { r.Revision = -1 })),
		Entry("of no revision", with(func(r *target.Record) { r.Revision = 0 })),
		Entry("of a revision that cannot be counted on from", with(func(r *target.Record) { r.Revision = math.MaxInt64 })),
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
		asks("a")(w, w.decide())
		accepted("a")(w)
		publishes("a", initial)(w, w.decide())
		publishesRevision(4)(w, w.decide())
	})
	It("that is lost makes nothing of a target which holds no listed value", func() {
		w := newWorld(published, statusLost, restarted, listed("z"))
		w.target.Record = nil
		w.target.Annotations = map[string]string{v1alpha1.RevisionAnnotation: "3", v1alpha1.PasscodeAnnotation: "a"}
		d := w.decide()
		Expect(d.Want).To(BeNil())
		asks("z")(w, d)
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
			asks()(w, d)
			says("Ready", "PasscodeRejected")(w, d)
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

var _ = DescribeTable("Annotations that would have the target copied", decides,
	Entry("are left out", given(copied(), accepted("a")), sets("replicator.v1.mittwald.de/replicate-to", false), sets("note", true)),
	Entry("to other clusters are left out", given(annotatedWith("kubed.appscode.com/sync-contexts"), accepted("a")), sets("kubed.appscode.com/sync-contexts", false)),
	Entry("of any replicator known are left out", given(annotatedWith("kubed.appscode.com/sync", "Synator/sync", "kube-syncer/auto", "v1.kubernetes-replicator.olli.com/x", "reflector.v1.k8s.emberstack.com/x"), published), mentions("Stalled", "kubed.appscode.com/sync", "Synator/sync", "kube-syncer/auto", "v1.kubernetes-replicator.olli.com/x", "reflector.v1.k8s.emberstack.com/x")),
	Entry("are told of", given(copied(), published), says("Stalled", "TargetAnnotationForbidden"), says("Ready", "PasscodePublished")),
	Entry("are set where they are allowed", given(copied("replicator.v1.mittwald.de/"), accepted("a")), sets("replicator.v1.mittwald.de/replicate-to", true)),
	Entry("are set where that very one is allowed", given(copied("replicator.v1.mittwald.de/replicate-to"), published), saysNothingOf("Stalled")),
)
