// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package decision_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/decision"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/fingerprint"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/retirement"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/status"
)

func TestRotation(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Rotation")
}

const day = 24 * time.Hour

var (
	creation = time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC) // when every passcode is made, if nothing else is said
	key      = fingerprint.NewKey(make([]byte, fingerprint.KeySize))
)

// world is what the table's rows put together: an object, what its sources contain, what CleverTap says, and the target.
type world struct {
	now         time.Time
	key         fingerprint.Key
	object      *v1alpha1.CleverTapPasscode
	values      map[string]string                 // by the entry's name; absent: the value is its name
	problems    map[string]string                 // by the entry's name
	results     map[string]clevertap.Verification // by value
	target      rotation.Target
	lastTarget  *rotation.Target
	former      *rotation.Target
	verifySeen  time.Time
	resumedAt   time.Time
	endpoint    string
	allowed     []string
	scan        *consumers.Scan
	scans       int
	others      map[string]string
	usedByOther map[string]rotation.OtherUse
	sharedWith  []string
	// scanRequestedAt is when the scan under way was requested; zero if none is.
	scanRequestedAt time.Time
	had             map[retirement.SecretKey]string
	restarts        map[consumers.Workload]retirement.Restarts
	formerName      string
	// sent are the events of settle.
	sent []status.Event
	// writeProblem and releaseProblem are what the API server denied in this pass.
	writeProblem, releaseProblem string
}

type step func(*world)

func newWorld(steps ...step) *world {
	w := &world{
		now: creation.Add(day),
		key: key,
		object: &v1alpha1.CleverTapPasscode{
			ObjectMeta: metav1.ObjectMeta{
				Name: "marketing", Namespace: "shop", UID: "uid", Generation: 1, CreationTimestamp: metav1.NewTime(creation),
			},
			Spec:   v1alpha1.CleverTapPasscodeSpec{AccountID: "TEST-1", Region: "in1", Expiry: v1alpha1.Expiry{Days: ptr.To[int32](90)}},
			Status: v1alpha1.CleverTapPasscodeStatus{ObservedGeneration: -1},
		},
		values:   map[string]string{},
		problems: map[string]string{},
		results:  map[string]clevertap.Verification{},
	}
	listed("a")(w)
	for _, s := range steps {
		s(w)
	}
	return w
}

func (w *world) passcode(value string) clevertap.Passcode {
	passcode, err := clevertap.ParsePasscode([]byte(value))
	if err != nil {
		panic(err)
	}
	return passcode
}

func (w *world) fingerprint(region v1alpha1.Region, account string, value clevertap.Passcode) string {
	return w.key.Of(string(region), account, value)
}

// formerFingerprint is the value's in the region that the status speaks of.
func (w *world) formerFingerprint(value clevertap.Passcode) string {
	status := w.object.Status
	if status.Region == "" || status.AccountID != w.object.Spec.AccountID {
		return ""
	}
	return w.fingerprint(status.Region, status.AccountID, value)
}

func (w *world) value(name string) string {
	if value, set := w.values[name]; set {
		return value
	}
	return name
}

func (w *world) observed() rotation.Observed {
	o := rotation.Observed{Object: w.object.DeepCopy(), Target: w.target, LastTarget: w.lastTarget, VerifySeenAt: w.verifySeen, ResumedAt: w.resumedAt,
		Endpoint: w.endpoint, AllowedAnnotations: w.allowed,
		Scan: w.scan, Scans: w.scans, ScanRequestedAt: w.scanRequestedAt, VolumeRefresh: 2 * time.Minute, OtherTargets: w.others,
		UsedByOthers: w.usedByOther, SharedWith: w.sharedWith,
		LocationValues: w.had, Restarted: w.restarts,
		WriteProblem: w.writeProblem}
	if w.former != nil {
		o.FormerTargets = []rotation.Former{{Target: *w.former, Name: cmp.Or(w.formerName, "old"), Problem: w.releaseProblem}}
	}
	if w.object.Spec.Observes() { // the target of mode Manage is read only to say what becomes of it
		o.FormerTargets = nil
		if w.target.Exists && w.object.Status.Target != "" {
			o.FormerTargets = []rotation.Former{{Target: w.target, Name: w.object.Status.Target}}
		}
		o.Target, o.LastTarget, w.lastTarget = rotation.Target{}, nil, nil
	}
	spec := w.object.Spec
	for _, e := range spec.Passcodes {
		if problem := w.problems[e.Name]; problem != "" {
			o.Sources = append(o.Sources, rotation.Source{Problem: problem})
			continue
		}
		passcode := w.passcode(w.value(e.Name))
		o.Sources = append(o.Sources, rotation.Source{
			Passcode:     passcode,
			Fingerprint:  w.fingerprint(spec.Region, spec.AccountID, passcode),
			Verification: w.result(spec.Region, passcode),

			FormerFingerprint: w.formerFingerprint(passcode),
		})
	}
	if w.lastTarget != nil && !w.lastTarget.Tuple.Passcode.IsZero() {
		known := *w.lastTarget
		known.Verification = w.result(known.Tuple.Region, known.Tuple.Passcode)
		o.LastTarget = &known
	}
	if !o.Target.Tuple.Passcode.IsZero() {
		o.Target.Verification = w.result(o.Target.Tuple.Region, o.Target.Tuple.Passcode)
	}
	return o
}

func (w *world) result(region v1alpha1.Region, passcode clevertap.Passcode) clevertap.Verification {
	if region == "in1" {
		return w.results[passcode.Reveal()]
	}
	return w.results[string(region)+"/"+passcode.Reveal()]
}

func (w *world) decide() decision.Decision {
	return decision.Decide(w.now, w.observed())
}

// write makes the target what is wanted, as the API server would.
func (w *world) write(want *rotation.Want) {
	if want.Publishes {
		w.scan, w.scans = nil, 0
	}
	w.target = want.Written(w.target, w.fingerprint)
	last := w.target
	w.lastTarget = &last
}

// writtenOnly is a pass that publishes, and whose report is still to come.
func writtenOnly(w *world) { w.write(w.decide().Want) }

// settle decides, writes and reports until there is nothing left to do, with no result of a verification.
func (w *world) settle() decision.Decision {
	for range 10 {
		d := w.decide()
		if d.Want != nil {
			w.write(d.Want)
			w.sent = append(w.sent, d.WriteEvents...)
			continue
		}
		if d.Scan && w.scanRequestedAt.IsZero() {
			w.scanRequestedAt = w.now.Add(-time.Second) // it takes longer than a report waits
			continue
		}
		w.scanRequestedAt = time.Time{}
		w.object.Status = d.Status
		w.sent = append(w.sent, d.Events...)
		return d
	}
	Fail("does not settle")
	return decision.Decision{}
}

// The steps of a row.

func listed(names ...string) step {
	return func(w *world) {
		known := map[string]v1alpha1.PasscodeEntry{}
		for _, e := range w.object.Spec.Passcodes {
			known[e.Name] = e
		}
		w.object.Spec.Passcodes = nil
		for _, name := range names {
			e, there := known[name]
			if !there {
				e = v1alpha1.PasscodeEntry{
					Name: name, SecretKeyRef: v1alpha1.SecretKeyRef{Name: "staged", Key: name},
					CreatedAt: new(rfc3339(creation)),
				}
			}
			w.object.Spec.Passcodes = append(w.object.Spec.Passcodes, e)
		}
		w.object.Generation++
	}
}

func rfc3339(t time.Time) v1alpha1.Time { return v1alpha1.Time(t.Format(time.RFC3339)) }

func change(name string, modify func(*v1alpha1.PasscodeEntry)) step {
	return func(w *world) {
		for i := range w.object.Spec.Passcodes {
			if w.object.Spec.Passcodes[i].Name == name {
				modify(&w.object.Spec.Passcodes[i])
				w.object.Generation++
				return
			}
		}
		Fail("not listed: " + name)
	}
}

func createdAt(name string, t time.Time) step {
	return change(name, func(e *v1alpha1.PasscodeEntry) { e.CreatedAt = new(rfc3339(t)) })
}

func withoutCreatedAt(name string) step {
	return change(name, func(e *v1alpha1.PasscodeEntry) { e.CreatedAt = nil })
}

func expiresAfterDays(name string, days int32) step {
	return change(name, func(e *v1alpha1.PasscodeEntry) { e.Expiry = &v1alpha1.Expiry{Days: &days} })
}

func neverExpires(name string) step {
	return change(name, func(e *v1alpha1.PasscodeEntry) { e.Expiry = &v1alpha1.Expiry{Forever: new(true)} })
}

func spec(modify func(*v1alpha1.CleverTapPasscodeSpec)) step {
	return func(w *world) {
		modify(&w.object.Spec)
		w.object.Generation++
	}
}

func rotatingBefore(d v1alpha1.Duration) step {
	return spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Rotation = &v1alpha1.Rotation{Before: &d} })
}

func verificationMode(m v1alpha1.VerificationMode) step {
	return spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Verification = &v1alpha1.Verification{Mode: m} })
}

func inRegion(r v1alpha1.Region) step {
	return spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Region = r })
}

func inAccount(id string) step {
	return spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.AccountID = id })
}

func sourceHas(name, value string) step { return func(w *world) { w.values[name] = value } }

func sourceProblem(name, problem string) step { return func(w *world) { w.problems[name] = problem } }

func accepted(values ...string) step {
	return func(w *world) {
		for _, value := range values {
			w.results[value] = clevertap.Verification{Result: clevertap.Accepted, At: w.now}
		}
	}
}

func rejectedTimes(value string, times ...int) step {
	return func(w *world) {
		w.results[value] = clevertap.Verification{Result: clevertap.Rejected, At: w.now, RejectedSince: w.now, Rejections: max(1, total(times)),
			Detail: "HTTP 401"}
	}
}

// rejected is rejected twice, 30 s apart.
func rejected(value string) step {
	return func(w *world) {
		first := w.now
		after(30 * time.Second)(w)
		w.results[value] = clevertap.Verification{Result: clevertap.Rejected, At: w.now, RejectedSince: first, Rejections: 2, Detail: "HTTP 401"}
	}
}

func rejectedOnceMore(value string) step {
	return func(w *world) {
		after(time.Second)(w)
		result := w.results[value]
		result.At = w.now
		result.Rejections++
		w.results[value] = result
	}
}

func pinning(name string) step {
	return spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Rotation = &v1alpha1.Rotation{Pin: name} })
}

func total(numbers []int) (total int) {
	for _, n := range numbers {
		total += n
	}
	return total
}

func unavailableTimes(value string, times int) step {
	return func(w *world) {
		a := w.results[value]
		if a.Unavailable == 0 {
			a.UnavailableSince = w.now
		}
		a.Unavailable, a.UnavailableAt, a.Detail = times, w.now, "HTTP 503"
		w.results[value] = a
	}
}

func underVerification(value string) step {
	return func(w *world) {
		a := w.results[value]
		a.RequestedAt = w.now
		w.results[value] = a
	}
}

// restarted forgets what only this process knows.
func restarted(w *world) {
	w.results = map[string]clevertap.Verification{}
	w.lastTarget, w.scan, w.scans = nil, nil, 0
}

func statusLost(w *world) {
	w.object.Status = v1alpha1.CleverTapPasscodeStatus{ObservedGeneration: -1}
}

func after(d time.Duration) step { return func(w *world) { w.now = w.now.Add(d) } }

func at(t time.Time) step { return func(w *world) { w.now = t } }

// published lets CleverTap accept what is listed, and lets the operator settle.
func published(w *world) {
	for _, e := range w.object.Spec.Passcodes {
		accepted(w.value(e.Name))(w)
	}
	w.settle()
}

func settled(w *world) { w.settle() }

func targetDeleted(w *world) { w.target = rotation.Target{} }

func targetEdited(w *world) {
	w.target.Tuple.Passcode = w.passcode("edited")
	w.target.Fingerprint = w.fingerprint(w.target.Tuple.Region, w.target.Tuple.AccountID, w.target.Tuple.Passcode)
}

func targetConflict(w *world) { w.target = rotation.Target{Conflict: "not ours"} }

func given(steps ...step) []step { return steps }

// The expectations of a row.

type expectation func(*world, decision.Decision)

func publishes(name string, reason v1alpha1.RotationReason) expectation {
	return func(w *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Want).NotTo(BeNil(), "writes nothing")
		Expect(d.Want.Record.Passcode).To(Equal(name))
		Expect(d.Want.Tuple.Passcode.Reveal()).To(Equal(w.value(name)))
		Expect(d.Want.Record.Reason).To(Equal(reason))
		var before int64
		if w.target.Record != nil {
			before = w.target.Record.Revision
		}
		Expect(d.Want.Record.Revision).To(BeNumerically(">", before))
	}
}

func requestsVerificationOf(names ...string) expectation {
	return func(w *world, d decision.Decision) {
		GinkgoHelper()
		verified := []string{}
		for _, q := range d.Verify {
			verified = append(verified, q.Tuple.Passcode.Reveal())
		}
		expected := []string{}
		for _, name := range names {
			expected = append(expected, w.value(name))
		}
		Expect(verified).To(ConsistOf(expected))
	}
}

// requestsNoVerification is no call to CleverTap.
func requestsNoVerification(w *world, d decision.Decision) {
	GinkgoHelper()
	requestsVerificationOf()(w, d)
}

func writesNothing(_ *world, d decision.Decision) {
	GinkgoHelper()
	Expect(d.Want).To(BeNil())
}

func restores(name string) expectation {
	return func(w *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Want).NotTo(BeNil(), "writes nothing")
		Expect(d.Want.Restores).To(BeTrue())
		Expect(d.Want.Record.Revision).To(Equal(w.object.Status.Revision))
		Expect(d.Want.Tuple.Passcode.Reveal()).To(Equal(w.value(name)))
	}
}

func reconcilesAgainAt(t time.Time) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Next).To(Equal(t))
	}
}

func reconcilesAgainWithin(from, to time.Time) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Next).To(And(BeTemporally(">=", from), BeTemporally("<=", to)))
	}
}

// sooner is that an object of one UID looks again before the same object of another.
func sooner(first, second types.UID) expectation {
	return func(w *world, _ decision.Decision) {
		GinkgoHelper()
		next := func(uid types.UID) time.Time {
			w.object.UID, w.target.Record.OwnerUID = uid, uid
			return w.decide().Next
		}
		Expect(next(first)).To(BeTemporally("<", next(second)))
	}
}

// passcodeOf is what the status says of it.
func passcodeOf(d decision.Decision, name string) v1alpha1.PasscodeStatus {
	GinkgoHelper()
	for _, s := range d.Status.Passcodes {
		if s.Name == name {
			return s
		}
	}
	Fail("no such passcode in the status: " + name)
	return v1alpha1.PasscodeStatus{}
}

func hasActive(name string) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Status.ActivePasscode).To(Equal(name))
	}
}

func hasEntryState(name string, state v1alpha1.PasscodeState) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		s := passcodeOf(d, name)
		Expect(s.State).To(Equal(state))
	}
}

func hasCondition(condition, reason string) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		for _, c := range d.Status.Conditions {
			if c.Type == condition {
				Expect(c.Reason).To(Equal(reason), c.Message)
				return
			}
		}
		Expect("absent").To(Equal(reason), condition)
	}
}

func lacksCondition(condition string) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		for _, c := range d.Status.Conditions {
			Expect(c.Type).NotTo(Equal(condition), fmt.Sprint(c))
		}
	}
}

func hasPhase(p v1alpha1.Phase) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Status.Phase).To(Equal(p))
	}
}

func hasStatus(check func(Gomega, v1alpha1.CleverTapPasscodeStatus)) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		check(NewGomega(func(message string, _ ...int) { Fail(message, 1) }), d.Status)
	}
}

func decides(steps []step, expectations ...expectation) {
	GinkgoHelper()
	w := newWorld(steps...)
	d := w.decide()
	for _, expect := range expectations {
		expect(w, d)
	}
}

func fingerprintKeyReplaced(w *world) {
	secret := make([]byte, fingerprint.KeySize)
	secret[0] = 1
	w.key = fingerprint.NewKey(secret)
	tuple := w.target.Tuple
	w.target.Fingerprint = w.fingerprint(tuple.Region, tuple.AccountID, tuple.Passcode)
	restarted(w)
}

func conflictResolved(w *world) { w.target = rotation.Target{} }

// firstReportedLater is a status by a process that saw the values later than the one that published.
func firstReportedLater(w *world) {
	for i := range w.object.Status.Passcodes {
		later := metav1.NewTime(w.object.Status.Passcodes[i].FirstSeenAt.Add(5 * time.Second))
		w.object.Status.Passcodes[i].FirstSeenAt = &later
	}
}

func newerGenerationHandled(w *world) { w.target.Record.Generation = w.object.Generation + 1 }

// statusMadeUp is a status that calls every entry accepted long ago and another one published.
func statusMadeUp(w *world) {
	w.object.Status.ActivePasscode = "b"
	for i := range w.object.Status.Passcodes {
		w.object.Status.Passcodes[i].State = v1alpha1.StateStaged
	}
}

func publishesRevision(n int64) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Want.Record.Revision).To(Equal(n))
	}
}

func entryBegins(name string, t time.Time) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		s := passcodeOf(d, name)
		Expect(moment(s.BeginsAt)).To(Equal(t))
	}
}

func requestsRotation(value string) step {
	return annotated(v1alpha1.RotateRequestedAtAnnotation, value)
}

func requestsVerification(value string) step {
	return func(w *world) {
		annotated(v1alpha1.VerifyRequestedAtAnnotation, value)(w)
		w.verifySeen = w.now
	}
}

func annotated(key, value string) step {
	return func(w *world) {
		if w.object.Annotations == nil {
			w.object.Annotations = map[string]string{}
		}
		w.object.Annotations[key] = value
	}
}

func suspended(w *world) { spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Suspend = true })(w) }

func resumed(w *world) { spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Suspend = false })(w) }

// resumedNow is resumed as this process sees it.
func resumedNow(w *world) {
	resumed(w)
	w.resumedAt = w.now
}

func rateLimited(value string) step {
	return func(w *world) {
		a := w.results[value]
		a.RateLimited = true
		w.results[value] = a
	}
}

func endpointIs(endpoint string) step { return func(w *world) { w.endpoint = endpoint } }

// publishedOnly lets CleverTap accept only one.
func publishedOnly(name string) step {
	return func(w *world) {
		accepted(w.value(name))(w)
		w.settle()
	}
}

func nextPasscode(name string, t time.Time) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Status.NextPasscode).To(Equal(name))
		Expect(moment(d.Status.NextRotationTime)).To(Equal(t))
	}
}

func hasRunway(t time.Time) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(moment(d.Status.RunwayUntil)).To(Equal(t))
	}
}

func moment(t *metav1.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

func sendsEvents(reasons ...string) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		sent := []string{}
		events := d.Events
		if d.Want != nil {
			events = slices.Concat(events, d.WriteEvents)
		}
		for _, e := range events {
			sent = append(sent, e.Reason)
		}
		Expect(sent).To(ConsistOf(reasons))
	}
}

func sendsNoEvents(w *world, d decision.Decision) {
	GinkgoHelper()
	sendsEvents()(w, d)
}

// sendsWarning is that the event of this reason is a Warning.
func sendsWarning(reason string) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Events).To(ContainElement(And(HaveField("Reason", reason), HaveField("Warning", true))))
	}
}

func hasHandled(rotate, verify string) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Status.LastHandledRotateAt).To(Equal(rotate))
		Expect(d.Status.LastHandledVerifyAt).To(Equal(verify))
	}
}

// targetRenamed is what an object sees whose target.name was changed.
func targetRenamed(w *world) {
	former := w.target
	w.former, w.target, w.lastTarget = &former, rotation.Target{}, nil
}

// writtenUnderNewerName is what a process sees whose informer shows the target that another process wrote for a newer generation,
// with another target.name, before it shows that generation.
func writtenUnderNewerName(w *world) {
	record := *w.target.Record
	record.Generation = w.object.Generation + 1
	newer := w.target
	newer.Record = &record
	w.former, w.formerName = &newer, "new"
}

// backWithANewerValue goes to another name, to another value, and back.
func backWithANewerValue(w *world) {
	first := w.target
	targetRenamed(w)
	w.settle()
	w.former = nil
	sourceHas("a", "new")(w)
	accepted("new")(w)
	w.settle()
	targetRenamed(w)
	w.target = first
}

// publishesToTarget writes what is published, at its revision, and calls it no restoration.
func publishesToTarget(name string, revision int64) expectation {
	return func(w *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Want).NotTo(BeNil(), "writes nothing")
		Expect(d.Want.Tuple.Passcode.Reveal()).To(Equal(w.value(name)))
		Expect(d.Want.Record.Revision).To(Equal(revision))
		Expect(d.Want.Restores).To(BeFalse())
	}
}

func formerTargetReleased(w *world) { w.former = nil }

func formerTargetDenied(w *world) { w.releaseProblem = "Secret \"old\" could not be marked" }

func targetWriteDenied(w *world) { w.writeProblem = "Secret \"marketing\" could not be written" }

func annotationsAllowed(prefixes ...string) step {
	return func(w *world) {
		w.allowed = prefixes
		w.object.Spec.Target = &v1alpha1.Target{Annotations: map[string]v1alpha1.AnnotationValue{
			"replicator.v1.mittwald.de/replicate-to": "everywhere", "note": "x",
		}}
	}
}

func setsAnnotation(annotation string, there bool) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Want).NotTo(BeNil())
		if there {
			Expect(d.Want.Annotations).To(HaveKey(annotation))
			return
		}
		Expect(d.Want.Annotations).NotTo(HaveKey(annotation))
	}
}

func releasesFormerTarget(yes bool) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Release).To(HaveLen(map[bool]int{true: 1}[yes]))
	}
}

func expiresAt(name string, t time.Time) step {
	return change(name, func(e *v1alpha1.PasscodeEntry) { e.Expiry = &v1alpha1.Expiry{At: new(rfc3339(t))} })
}

func entryExpires(name string, t time.Time) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		s := passcodeOf(d, name)
		Expect(moment(s.ExpiresAt)).To(Equal(t))
	}
}

// rotationTimeOf adds an accepted successor and looks when its turn comes.
func rotationTimeOf(name string, t time.Time) expectation {
	return func(w *world, _ decision.Decision) {
		GinkgoHelper()
		listed(name, "spare")(w)
		neverExpires("spare")(w)
		accepted("spare")(w)
		Expect(moment(w.decide().Status.NextRotationTime)).To(Equal(t))
	}
}

// rejectedThenAccepted is both within a second, the rejection reported.
func rejectedThenAccepted(value string) step {
	return func(w *world) {
		rejectedTimes(value)(w)
		w.settle()
		at := w.now
		after(100 * time.Millisecond)(w)
		w.results[value] = clevertap.Verification{Result: clevertap.Accepted, At: w.now, RejectedAt: at}
	}
}

// conditionMentions is that a condition's message contains each text; one that begins with "!" it must not contain.
func conditionMentions(condition string, texts ...string) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		c := meta.FindStatusCondition(d.Status.Conditions, condition)
		Expect(c).NotTo(BeNil(), condition)
		for _, text := range texts {
			if unwanted, not := strings.CutPrefix(text, "!"); not {
				Expect(c.Message).NotTo(ContainSubstring(unwanted))
				continue
			}
			Expect(c.Message).To(ContainSubstring(text))
		}
	}
}

// entryMentions is mentions for an entry's message.
func entryMentions(name string, texts ...string) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		message := passcodeOf(d, name).Message
		for _, text := range texts {
			if unwanted, not := strings.CutPrefix(text, "!"); not {
				Expect(message).NotTo(ContainSubstring(unwanted))
				continue
			}
			Expect(message).To(ContainSubstring(text))
		}
	}
}

// verifiedByOtherProcess is that another process got the same result a while later, and reported it.
func verifiedByOtherProcess(later time.Duration) step {
	return func(w *world) {
		after(later)(w)
		for i := range w.object.Status.Passcodes {
			w.object.Status.Passcodes[i].VerifiedAt = new(metav1.NewTime(w.now))
		}
	}
}

func entryVerifiedAt(name string, at time.Time) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		s := passcodeOf(d, name)
		Expect(moment(s.VerifiedAt)).To(Equal(at))
	}
}

// writtenByOtherProcess is a status in which another process reports that it published this one, in place of "a".
func writtenByOtherProcess(name string, revision int64) step {
	return func(w *world) {
		w.object.Status.ActivePasscode, w.object.Status.Revision = name, revision
		for i := range w.object.Status.Passcodes {
			s := &w.object.Status.Passcodes[i]
			s.State = v1alpha1.StateRetiring
			if s.Name == name {
				s.State = v1alpha1.StateActive
			}
		}
	}
}
