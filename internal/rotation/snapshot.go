// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/fingerprint"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
)

// snapshot is an Observed with all derived values of each entry and of the active passcode that the rules need.
type snapshot struct {
	Observed
	now           time.Time
	spec          *v1alpha1.CleverTapPasscodeSpec
	entries       []*entry
	lastPublished *Target         // the target that proves what was published last; nil if nothing was
	active        *activePasscode // nil if nothing was published
	current       *activePasscode // what workloads have now: active, or nil if its target is lost
	// rules are tried for another passcode to become active, and observing reports whether the object is in mode Observe, which has
	// none.
	rules     []func(*snapshot) []candidate
	observing bool

	windows       schedule.Windows
	windowProblem error     // of windows, which are then none
	rotationAt    time.Time // when a scheduled switch may happen; zero: never

	rotate, verify request

	index index
}

// entry is a listed passcode.
type entry struct {
	*Source
	spec              *v1alpha1.PasscodeEntry
	reported          *v1alpha1.PasscodeStatus // what the status says of it; nil for nothing
	reportedElsewhere *v1alpha1.PasscodeStatus // what the status says of its value as another entry's; nil if reported does
	validity          schedule.Validity
	firstSeen         time.Time
	staleCreatedAt    v1alpha1.Time
	// createdInFuture reports whether its createdAt is ignored, because it is later than the first sight of the value.
	createdInFuture bool
	duplicateOf     *entry // an earlier one of the same value, or nil
	result          clevertap.Result
	resultAt        time.Time
	replaced        bool // its value was published before, and is no longer
}

func (e *entry) hasValue() bool { return e.Problem == "" }

func newSnapshot(now time.Time, o Observed) *snapshot {
	v := &snapshot{Observed: o, now: now, spec: &o.Object.Spec, rules: rules()}
	v.Target.Verification = v.sinceResumed(v.Target.Verification)
	v.lastPublished = v.findLastPublished()
	v.addEntries()
	v.active = v.findActive()
	if v.Target.Exists {
		v.current = v.active
	}
	v.windows, v.windowProblem = schedule.ParseWindows(v.spec.Rotation)
	if v.active != nil {
		v.rotationAt = schedule.RotationTime(v.active.validity, v.windows, v.now)
	}
	v.rotate, v.verify = v.rotateRequest(), v.verifyRequest()
	return v
}

// sinceResumed is a verification without the attempts that ended before the object was suspended: they say nothing of now.
func (v *snapshot) sinceResumed(a clevertap.Verification) clevertap.Verification {
	if a.UnavailableAt.Before(v.ResumedAt) {
		a.Unavailable, a.RateLimited, a.RetryAfter = 0, false, 0
	}
	return a
}

// findLastPublished is the target that knows of the newest revision: the one to write or, if that was lost,
// overwritten or has only just been named, the one remembered or the one of the former name.
func (v *snapshot) findLastPublished() *Target {
	if v.Target.Conflict != "" {
		return nil
	}
	var base *Target
	for _, t := range v.targets() {
		if v.provesPublished(t) && (base == nil || v.supersedes(t, base)) {
			base = t
		}
	}
	return base
}

// provesPublished reports whether the target can prove what was published last. What the status has overtaken is not put
// back: another process has written since, or another target was written. What another object wrote counts only while it is
// whole, because this object cannot prove what it contained.
func (v *snapshot) provesPublished(t *Target) bool {
	if t == nil || !t.Exists {
		return false
	}
	outdated := t != &v.Target && (t.revision() < v.Object.Status.Revision || v.afterObserving())
	return !outdated && (!v.writtenByOther(t) || t.Whole()) && v.trusted(t)
}

// supersedes reports whether t says more of what was published than base: this object's own before another's, then the newer.
func (v *snapshot) supersedes(t, base *Target) bool {
	if v.writtenByOther(base) != v.writtenByOther(t) {
		return v.writtenByOther(base)
	}
	return t.revision() > base.revision()
}

// writtenByOther reports whether the target's record is another object's, such as one of the same name before this one, or
// one that handed the target over.
func (v *snapshot) writtenByOther(t *Target) bool {
	return t.Record != nil && t.Record.OwnerUID != v.Object.UID
}

// trusted reports whether a target can prove what was published. One without a record proves nothing: anybody who may write
// Secrets can write it, and its value is published only as any other is, once it is accepted. One with a record that no
// known key made counts only for the object's own account and region.
func (v *snapshot) trusted(t *Target) bool {
	switch {
	case t.Record == nil:
		return false
	case t.Fingerprint == "" || fingerprint.SameKey(t.Record.Fingerprint, t.Fingerprint):
		return true
	}
	return t.Tuple.AccountID == v.spec.AccountID && t.Tuple.Region == v.spec.Region
}

// afterObserving reports whether the object comes from mode Observe, whose status names no target, and has published nothing
// since. What mode Manage wrote before counts only if it is in the present target: its value may have been replaced since.
func (v *snapshot) afterObserving() bool {
	return v.Object.Status.ObservedGeneration > 0 && v.Object.Status.Target == ""
}

// Whole reports whether the record proves that the data are what was published.
func (t *Target) Whole() bool {
	return t.Exists && t.Exact && t.Record != nil && t.Fingerprint != "" && t.Fingerprint == t.Record.Fingerprint
}

// highestRevision is the highest of which anything is known: the next one follows it.
func (v *snapshot) highestRevision() int64 {
	highest := v.Object.Status.Revision
	for _, t := range v.targets() {
		highest = max(highest, t.revision())
	}
	return highest
}

// targets are all that may prove what was published; some may be nil.
func (v *snapshot) targets() []*Target {
	list := []*Target{&v.Target, v.LastKnown}
	for i := range v.FormerTargets {
		list = append(list, &v.FormerTargets[i].Target)
	}
	return list
}

// revision is 0 if none is known. Without a record, the annotation for people has it.
func (t *Target) revision() int64 {
	switch {
	case t == nil:
		return 0
	case t.Record != nil:
		return t.Record.Revision
	}
	revision, err := strconv.ParseInt(t.Annotations[v1alpha1.RevisionAnnotation], 10, 64)
	if err != nil || revision < 0 || revision > maxRevision/2 { // nothing counts so far
		return 0
	}
	return revision
}

// record is what is known of what was published; nil for nothing.
func (v *snapshot) record() *Record {
	if v.lastPublished == nil {
		return nil
	}
	return v.lastPublished.Record
}

// addEntries adds the entries of the spec with all that is known of each. Of an observed Secret none was replaced by this
// operator.
func (v *snapshot) addEntries() {
	v.index = newIndex(v.Object.Status.Passcodes)
	all := make([]entry, len(v.spec.Passcodes)) // at once: an object can have a hundred
	v.entries = make([]*entry, 0, len(all))
	for i := range all {
		e := &all[i]
		e.Source, e.spec = v.source(i), &v.spec.Passcodes[i]
		v.complete(e)
		e.replaced = e.replaced && !v.observing
		v.entries = append(v.entries, e)
	}
}

// source is what an entry names, without the attempts from before the object was suspended.
func (v *snapshot) source(i int) *Source {
	source := &v.Sources[i]
	if v.ResumedAt.IsZero() {
		return source
	}
	changed := *source
	changed.Verification = v.sinceResumed(source.Verification)
	return &changed
}

// complete finds out what is known of an entry, which comes after those that are complete.
func (v *snapshot) complete(e *entry) {
	e.reported, e.reportedElsewhere = v.statusOf(e)
	if !e.hasValue() {
		return
	}
	e.duplicateOf = v.index.firstWithValue(e)
	v.date(e)
	e.result, e.resultAt = v.lastResult(e)
	e.replaced = v.wasReplaced(e)
}

// createdAtTolerance is how much later than the first sight of its value a createdAt may be: clocks differ. One that is
// later than that cannot be right.
const createdAtTolerance = 10 * time.Minute

// date finds out when the value began: what is known of it comes from the status, and for the published one from
// the record, which outlives it.
func (v *snapshot) date(e *entry) {
	e.firstSeen, e.staleCreatedAt = v.firstSight(e)
	begins := e.firstSeen
	if e.spec.CreatedAt != nil && *e.spec.CreatedAt != e.staleCreatedAt {
		created := schedule.ParseTime(*e.spec.CreatedAt)
		e.staleCreatedAt = ""
		e.createdInFuture = created.After(e.firstSeen.Add(createdAtTolerance))
		if created.Before(begins) {
			begins = created
		}
	}
	e.validity = schedule.Of(v.spec, v.expiry(e.spec), begins)
}

func (v *snapshot) expiry(spec *v1alpha1.PasscodeEntry) v1alpha1.Expiry {
	if spec.Expiry != nil {
		return *spec.Expiry
	}
	return v.spec.Expiry
}

// firstSight is when the value was first seen, and a createdAt that belongs to one before it. A value that was never
// accepted leaves its createdAt to the next: correcting a typo keeps the dates.
func (v *snapshot) firstSight(e *entry) (firstSeen time.Time, staleCreatedAt v1alpha1.Time) {
	before, record := e.reported, v.record()
	switch {
	case before != nil && v.valueStayed(e, before):
		return before.FirstSeenAt.UTC(), v1alpha1.Time(before.StaleCreatedAt)
	case e.reportedElsewhere != nil: // its value was another entry's
		return e.reportedElsewhere.FirstSeenAt.UTC(), createdBefore(e, before.FirstSeenAt.UTC())
	case record != nil && v.recordedAs(e): // published, and maybe not reported yet
		return record.FirstSeenAt, record.StaleCreatedAt
	case before != nil && everAccepted(before):
		return schedule.WholeSecond(v.now), createdBefore(e, before.FirstSeenAt.UTC())
	case before != nil:
		return schedule.WholeSecond(v.now), v1alpha1.Time(before.StaleCreatedAt)
	case record != nil && record.Passcode == e.spec.Name && fingerprint.SameKey(record.Fingerprint, e.Fingerprint):
		return schedule.WholeSecond(v.now), createdBefore(e, record.FirstSeenAt)
	}
	return schedule.WholeSecond(v.now), ""
}

// valueStayed reports whether the value is the one that the status describes. A fingerprint of another key cannot show that it
// is not. A value belongs to an account: in another one it is a new value.
func (v *snapshot) valueStayed(e *entry, before *v1alpha1.PasscodeStatus) bool {
	return before.Fingerprint == e.Fingerprint || before.Fingerprint == e.FormerFingerprint || !fingerprint.SameKey(before.Fingerprint, e.Fingerprint)
}

// recordedAs reports whether the record describes the entry's value: as it is, or in another region of its account.
func (v *snapshot) recordedAs(e *entry) bool {
	record := v.record()
	inOtherRegion := record.AccountID == v.spec.AccountID && record.Region != v.spec.Region &&
		v.lastPublished.Fingerprint == record.Fingerprint && v.lastPublished.Tuple.Passcode.Equal(e.Passcode)
	return record.Fingerprint == e.Fingerprint || inOtherRegion
}

// everAccepted reports whether CleverTap ever accepted the value that the status describes: one that it never accepted
// has no beginning there.
func everAccepted(s *v1alpha1.PasscodeStatus) bool {
	switch s.State {
	case v1alpha1.StateStaged, v1alpha1.StateActive, v1alpha1.StateRetiring, v1alpha1.StateRetired:
		return true
	case v1alpha1.StateRejected, v1alpha1.StateMissing, v1alpha1.StateMalformed:
		return s.BeginsAt != nil
	case v1alpha1.StateExpired:
		return s.BeginsAt != nil && s.VerifiedAt != nil
	default:
		return false
	}
}

// createdBefore is the entry's createdAt where it is not later than the first sight of the value that the present
// one replaced: then it belongs to that one.
func createdBefore(e *entry, firstSeen time.Time) v1alpha1.Time {
	if e.spec.CreatedAt == nil || schedule.ParseTime(*e.spec.CreatedAt).After(firstSeen) {
		return ""
	}
	return *e.spec.CreatedAt
}

// statusOf is what the status says about the entry by name, and, if that had another value, about its value as another entry's.
// For an entry that is new or was renamed, it is what the status says about its value. Both are nil for nothing.
func (v *snapshot) statusOf(e *entry) (before, usedByOther *v1alpha1.PasscodeStatus) {
	before = v.index.statusByName[e.spec.Name]
	byValue := v.index.statusByValue[e.Fingerprint]
	switch {
	case !e.hasValue():
		return before, nil
	case before == nil:
		return byValue, nil
	case before.Fingerprint == e.Fingerprint:
		return before, nil
	}
	return before, byValue
}

// lastResult is the last result for the value, of this process or, as the status has it, of another one: two that work at the
// same time must not overwrite what the other reports. Within one second a rejection counts, because it is verified again soon,
// unless this very process had it and an acceptance after that. A status from the future comes from a clock that was wrong.
func (v *snapshot) lastResult(e *entry) (clevertap.Result, time.Time) {
	own, heard := e.Verification.Result, schedule.WholeSecond(e.Verification.At)
	before := e.reported
	if before == nil || before.Fingerprint != e.Fingerprint || before.VerifiedAt == nil {
		return own, heard
	}
	verdict, told := v.resultInStatus(before.State), before.VerifiedAt.UTC()
	switch {
	case own == clevertap.Unknown && told.After(v.now.Add(v.spec.VerificationInterval())):
		return clevertap.Unknown, time.Time{}
	case own == clevertap.Unknown:
		return verdict, told
	case told.After(v.now), told.Before(heard), told.Equal(heard) && (verdict != clevertap.Rejected || schedule.WholeSecond(e.Verification.RejectedAt).Equal(heard)):
		return own, heard
	}
	return verdict, told
}

func (v *snapshot) resultInStatus(state v1alpha1.PasscodeState) clevertap.Result {
	switch state {
	case v1alpha1.StateActive:
		return v.activeResultInStatus()
	case v1alpha1.StateRejected:
		return clevertap.Rejected
	case v1alpha1.StateStaged, v1alpha1.StateRetiring, v1alpha1.StateRetired:
		return clevertap.Accepted
	default:
		return clevertap.Unknown // such as Expired, Unverified after an outage, or Duplicate: it can be either
	}
}

// activeResultInStatus is the last result of the active passcode: after an outage only Ready still shows a rejection, and
// that it was accepted is not known any more.
func (v *snapshot) activeResultInStatus() clevertap.Result {
	conditions := v.Object.Status.Conditions
	ready := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady)
	switch {
	case meta.IsStatusConditionFalse(conditions, v1alpha1.ConditionVerified), ready != nil && ready.Reason == v1alpha1.ReasonPasscodeRejected:
		return clevertap.Rejected
	case meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionVerified):
		return clevertap.Accepted
	}
	return clevertap.Unknown
}

// wasReplaced goes by the record; a fingerprint of another key says nothing, and then the name counts.
func (v *snapshot) wasReplaced(e *entry) bool {
	record := v.record()
	switch {
	case v.lastPublished == nil:
		return v.replacedInStatus(e)
	case v.writtenByOther(v.lastPublished) && v.replacedInStatus(e):
		return true
	case record == nil || e.Fingerprint == v.lastPublished.Fingerprint:
		return false
	}
	for _, old := range record.Replaced {
		same := old.Fingerprint == e.Fingerprint
		if !fingerprint.SameKey(old.Fingerprint, e.Fingerprint) {
			same = old.Passcode == e.spec.Name
		}
		if same {
			return true
		}
	}
	return false
}

// replacedInStatus goes by the status where target and record are lost: it may forbid, and never permits.
func (v *snapshot) replacedInStatus(e *entry) bool {
	for _, s := range v.Object.Status.Passcodes {
		if s.State != v1alpha1.StateRetiring && s.State != v1alpha1.StateRetired {
			continue
		}
		if s.Fingerprint == e.Fingerprint || s.Name == e.spec.Name && !fingerprint.SameKey(s.Fingerprint, e.Fingerprint) {
			return true
		}
	}
	return false
}

// accountChanged reports whether the object has gone to another account or region since the target was written.
func (v *snapshot) accountChanged() bool {
	accountID, region := v.lastPublished.Tuple.AccountID, v.lastPublished.Tuple.Region
	if record := v.record(); record != nil {
		accountID, region = record.AccountID, record.Region
	}
	return accountID != v.spec.AccountID || region != v.spec.Region
}

// activeInTarget is what workloads have at this moment; nil also if the target was lost.
func (v *snapshot) activeInTarget() *activePasscode { return v.current }

func (v *snapshot) firstOf(fits func(*entry) bool) *entry {
	for _, e := range v.entries {
		if fits(e) {
			return e
		}
	}
	return nil
}

// outdatedFrom is when the last result for the active passcode is too old to count: after two intervals. Zero if there was
// none.
func (v *snapshot) outdatedFrom(p *activePasscode) time.Time {
	last := p.resultAt
	if last.IsZero() && p.verification.Unavailable > 0 { // as the status has it, which does not say when: before that
		last = p.verification.UnavailableSince
	}
	if v.spec.VerificationMode() == v1alpha1.VerificationNone || last.IsZero() {
		return time.Time{}
	}
	return last.Add(2 * v.spec.VerificationInterval())
}

// dashboardPage is where passcodes of the object's kind are made and deleted.
func (v *snapshot) dashboardPage() string {
	page := "Settings > Passcodes"
	if v.spec.Type == v1alpha1.PasscodeTypeUser {
		page = "Settings > Users"
	}
	return page + " on " + clevertap.Region(v.spec.Region).Dashboard()
}

// paused reports whether nothing may be written, and nothing is verified.
func (v *snapshot) paused() bool {
	return v.Target.Conflict != "" || v.spec.Suspend
}

// tuple is what workloads need together to use the entry.
func (v *snapshot) tuple(e *entry) Tuple {
	return Tuple{
		AccountID: v.spec.AccountID, Region: v.spec.Region,
		Endpoint: Endpoint(v.spec.Region), Passcode: e.Passcode,
	}
}
