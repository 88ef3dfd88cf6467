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
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

// Snapshot is an Observed with all derived values of each entry and of the active passcode that the rules need.
type Snapshot struct {
	Observed
	Now           time.Time
	Spec          *v1alpha1.CleverTapPasscodeSpec
	Entries       []*Entry
	LastPublished *Target         // the target that proves what was published last; nil if nothing was
	Active        *ActivePasscode // nil if nothing was published
	current       *ActivePasscode // what workloads have now: active, or nil if its target is lost
	// rules are tried for another passcode to become active, and observing reports whether the object is in mode Observe, which has
	// none.
	rules     []func(*Snapshot) []Candidate
	Observing bool

	windows       schedule.Windows
	WindowProblem error     // of windows, which are then none
	RotationAt    time.Time // when a scheduled rotation may happen; zero: never

	Rotate, Verify Request

	index index
}

// Entry is an entry of spec.passcodes.
type Entry struct {
	*Source
	Spec              *v1alpha1.PasscodeEntry
	Reported          *v1alpha1.PasscodeStatus // what the status says of it; nil for nothing
	reportedElsewhere *v1alpha1.PasscodeStatus // what the status says of its value as another entry's; nil if reported does
	Validity          schedule.Validity
	FirstSeen         time.Time
	StaleCreatedAt    v1alpha1.Time
	// CreatedInFuture reports whether its createdAt is ignored, because it is later than the first sight of the value.
	CreatedInFuture bool
	DuplicateOf     *Entry // an earlier one of the same value, or nil
	Result          clevertap.Result
	ResultAt        time.Time
	Replaced        bool // its value was published before, and is no longer
}

// HasValue reports whether its source has a well-formed value.
func (e *Entry) HasValue() bool { return e.Problem == "" }

func newSnapshot(now time.Time, o Observed) *Snapshot {
	s := &Snapshot{Observed: o, Now: now, Spec: &o.Object.Spec, rules: rules()}
	s.Target.Verification = s.sinceResumed(s.Target.Verification)
	s.LastPublished = s.findLastPublished()
	s.addEntries()
	s.Active = s.findActive()
	if s.Target.Exists {
		s.current = s.Active
	}
	s.windows, s.WindowProblem = schedule.ParseWindows(s.Spec.Rotation)
	if s.Active != nil {
		s.RotationAt = schedule.RotationTime(s.Active.Validity, s.windows, s.Now)
	}
	s.Rotate, s.Verify = s.rotateRequest(), s.verifyRequest()
	return s
}

// newObservingSnapshot is a snapshot whose active passcode is the first entry, whatever its state, while it has a
// well-formed value.
func newObservingSnapshot(now time.Time, o Observed) *Snapshot {
	s := &Snapshot{Observed: o, Now: now, Spec: &o.Object.Spec, Observing: true}
	s.Target, s.LastTarget = Target{}, nil
	s.addEntries()
	if len(s.Entries) > 0 && s.Entries[0].HasValue() {
		first := s.Entries[0]
		s.Active = &ActivePasscode{
			Record:      target.Record{Revision: o.Object.Status.Revision, Passcode: first.Spec.Name},
			Fingerprint: first.Fingerprint, Tuple: s.tuple(first), Entry: first, Validity: first.Validity,
			Result: first.Result, ResultAt: first.ResultAt, Verification: first.Verification,
		}
		s.current = s.Active
	}
	s.Rotate, s.Verify = s.rotateRequest(), s.verifyRequest()
	return s
}

// sinceResumed is a verification without the attempts that ended before the object was suspended: they say nothing of now.
func (s *Snapshot) sinceResumed(v clevertap.Verification) clevertap.Verification {
	if v.UnavailableAt.Before(s.ResumedAt) {
		v.Unavailable, v.RateLimited, v.RetryAfter = 0, false, 0
	}
	return v
}

// findLastPublished is the target that knows of the newest revision: the one to write or, if that was lost,
// overwritten or has only just been named, the one remembered or the one of the former name.
func (s *Snapshot) findLastPublished() *Target {
	if s.Target.Conflict != "" {
		return nil
	}
	var newest *Target
	for _, t := range s.targets() {
		if s.provesPublished(t) && (newest == nil || s.supersedes(t, newest)) {
			newest = t
		}
	}
	return newest
}

// provesPublished reports whether the target can prove what was published last. What the status has overtaken is not put
// back: another process has written since, or another target was written. What another object wrote counts only while it is
// whole, because this object cannot prove what it contained.
func (s *Snapshot) provesPublished(t *Target) bool {
	if t == nil || !t.Exists {
		return false
	}
	outdated := t != &s.Target && (t.revision() < s.Object.Status.Revision || s.AfterObserving())
	return !outdated && (!s.writtenByOther(t) || t.Whole()) && s.trusted(t)
}

// supersedes reports whether t says more of what was published than newest: this object's own before another's, then the newer.
func (s *Snapshot) supersedes(t, newest *Target) bool {
	if s.writtenByOther(newest) != s.writtenByOther(t) {
		return s.writtenByOther(newest)
	}
	return t.revision() > newest.revision()
}

// writtenByOther reports whether the target's record is another object's, such as one of the same name before this one, or
// one that handed the target over.
func (s *Snapshot) writtenByOther(t *Target) bool {
	return t.Record != nil && t.Record.OwnerUID != s.Object.UID
}

// trusted reports whether a target can prove what was published. One without a record proves nothing: anybody who may write
// Secrets can write it, and its value is published only as any other is, once it is accepted. One with a record that no
// known key made counts only for the object's own account and region.
func (s *Snapshot) trusted(t *Target) bool {
	switch {
	case t.Record == nil:
		return false
	case t.Fingerprint == "" || fingerprint.SameKey(t.Record.Fingerprint, t.Fingerprint):
		return true
	}
	return t.Tuple.AccountID == s.Spec.AccountID && t.Tuple.Region == s.Spec.Region
}

// AfterObserving reports whether the object comes from mode Observe, whose status names no target, and has published nothing
// since. What mode Manage wrote before counts only if it is in the present target: its value may have been replaced since.
func (s *Snapshot) AfterObserving() bool {
	return s.Object.Status.ObservedGeneration > 0 && s.Object.Status.Target == ""
}

// Whole reports whether the record proves that the data are what was published.
func (t *Target) Whole() bool {
	return t.Exists && t.Exact && t.Record != nil && t.Fingerprint != "" && t.Fingerprint == t.Record.Fingerprint
}

// highestRevision is the highest of which anything is known: the next revision follows it.
func (s *Snapshot) highestRevision() int64 {
	highest := s.Object.Status.Revision
	for _, t := range s.targets() {
		highest = max(highest, t.revision())
	}
	return highest
}

// targets are all that may prove what was published; some may be nil.
func (s *Snapshot) targets() []*Target {
	list := []*Target{&s.Target, s.LastTarget}
	for i := range s.FormerTargets {
		list = append(list, &s.FormerTargets[i].Target)
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
	if err != nil || revision < 0 || revision > target.MaxRevision/2 { // nothing counts so far
		return 0
	}
	return revision
}

// record is what is known of what was published; nil for nothing.
func (s *Snapshot) record() *target.Record {
	if s.LastPublished == nil {
		return nil
	}
	return s.LastPublished.Record
}

// addEntries adds the entries of the spec with all that is known of each. Of an observed Secret none was replaced by this
// operator.
func (s *Snapshot) addEntries() {
	s.index = newIndex(s.Object.Status.Passcodes)
	all := make([]Entry, len(s.Spec.Passcodes)) // at once: an object can have a hundred
	s.Entries = make([]*Entry, 0, len(all))
	for i := range all {
		e := &all[i]
		e.Source, e.Spec = s.source(i), &s.Spec.Passcodes[i]
		s.complete(e)
		e.Replaced = e.Replaced && !s.Observing
		s.Entries = append(s.Entries, e)
	}
}

// source is what an entry names, without the attempts from before the object was suspended.
func (s *Snapshot) source(i int) *Source {
	source := &s.Sources[i]
	if s.ResumedAt.IsZero() {
		return source
	}
	changed := *source
	changed.Verification = s.sinceResumed(source.Verification)
	return &changed
}

// complete finds out what is known of an entry, which comes after those that are complete.
func (s *Snapshot) complete(e *Entry) {
	e.Reported, e.reportedElsewhere = s.statusOf(e)
	if !e.HasValue() {
		return
	}
	e.DuplicateOf = s.index.addByValue(e)
	s.date(e)
	e.Result, e.ResultAt = s.lastResult(e)
	e.Replaced = s.wasReplaced(e)
}

// createdAtTolerance is how much later than the first sight of its value a createdAt may be: clocks differ. One that is
// later than that cannot be right.
const createdAtTolerance = 10 * time.Minute

// date finds out when the value began: what is known of it comes from the status, and for the active passcode from
// the record, which outlives it.
func (s *Snapshot) date(e *Entry) {
	e.FirstSeen, e.StaleCreatedAt = s.firstSight(e)
	begins := e.FirstSeen
	if e.Spec.CreatedAt != nil && *e.Spec.CreatedAt != e.StaleCreatedAt {
		created := schedule.ParseTime(*e.Spec.CreatedAt)
		e.StaleCreatedAt = ""
		e.CreatedInFuture = created.After(e.FirstSeen.Add(createdAtTolerance))
		if created.Before(begins) {
			begins = created
		}
	}
	e.Validity = schedule.Of(s.Spec, s.Spec.ExpiryOf(e.Spec), begins)
}

// firstSight is when the value was first seen, and a createdAt that belongs to one before it. A value that was never
// accepted leaves its createdAt to the next: correcting a typo keeps the dates.
func (s *Snapshot) firstSight(e *Entry) (firstSeen time.Time, staleCreatedAt v1alpha1.Time) {
	before, record := e.Reported, s.record()
	switch {
	case before != nil && s.ValueStayed(e, before):
		return s.earlierInRecord(e, before.FirstSeenAt.UTC()), v1alpha1.Time(before.StaleCreatedAt)
	case e.reportedElsewhere != nil: // its value was another entry's
		return e.reportedElsewhere.FirstSeenAt.UTC(), createdBefore(e, before.FirstSeenAt.UTC())
	case record != nil && s.recordedAs(e): // published, and maybe not reported yet
		return record.FirstSeenAt, record.StaleCreatedAt
	case before != nil && EverAccepted(before):
		return schedule.WholeSecond(s.Now), createdBefore(e, before.FirstSeenAt.UTC())
	case before != nil:
		return schedule.WholeSecond(s.Now), v1alpha1.Time(before.StaleCreatedAt)
	case record != nil && record.Passcode == e.Spec.Name && fingerprint.SameKey(record.Fingerprint, e.Fingerprint):
		return schedule.WholeSecond(s.Now), createdBefore(e, record.FirstSeenAt)
	}
	return schedule.WholeSecond(s.Now), ""
}

// earlierInRecord is when the value was first seen by the record, if that is earlier: two processes may see a value one after the
// other, and the one that publishes it need not be the one that reports it.
func (s *Snapshot) earlierInRecord(e *Entry, reported time.Time) time.Time {
	record := s.record()
	if record == nil || record.Fingerprint != e.Fingerprint || record.FirstSeenAt.IsZero() || !record.FirstSeenAt.Before(reported) {
		return reported
	}
	return record.FirstSeenAt
}

// ValueStayed reports whether the value is the one that the status describes. A fingerprint of another key cannot show that it
// is not. A value belongs to an account: in another one it is a new value.
func (s *Snapshot) ValueStayed(e *Entry, before *v1alpha1.PasscodeStatus) bool {
	return before.Fingerprint == e.Fingerprint || before.Fingerprint == e.FormerFingerprint || !fingerprint.SameKey(before.Fingerprint, e.Fingerprint)
}

// recordedAs reports whether the record describes the entry's value: as it is, or in another region of its account.
func (s *Snapshot) recordedAs(e *Entry) bool {
	record := s.record()
	inOtherRegion := record.AccountID == s.Spec.AccountID && record.Region != s.Spec.Region &&
		s.LastPublished.Fingerprint == record.Fingerprint && s.LastPublished.Tuple.Passcode.Equal(e.Passcode)
	return record.Fingerprint == e.Fingerprint || inOtherRegion
}

// EverAccepted reports whether CleverTap ever accepted the value that the status describes: one that it never accepted
// has no beginning there.
func EverAccepted(s *v1alpha1.PasscodeStatus) bool {
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

// createdBefore is the entry's createdAt if it is not later than the first sight of the value that the present
// one replaced: then it belongs to that one.
func createdBefore(e *Entry, firstSeen time.Time) v1alpha1.Time {
	if e.Spec.CreatedAt == nil || schedule.ParseTime(*e.Spec.CreatedAt).After(firstSeen) {
		return ""
	}
	return *e.Spec.CreatedAt
}

// statusOf is what the status says about the entry by name, and, if that had another value, about its value as another entry's.
// For an entry that is new or was renamed, it is what the status says about its value. Both are nil for nothing.
func (s *Snapshot) statusOf(e *Entry) (before, usedByOther *v1alpha1.PasscodeStatus) {
	before = s.index.statusByName[e.Spec.Name]
	byValue := s.index.statusByValue[e.Fingerprint]
	switch {
	case !e.HasValue():
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
func (s *Snapshot) lastResult(e *Entry) (clevertap.Result, time.Time) {
	own, ownAt := e.Verification.Result, schedule.WholeSecond(e.Verification.At)
	before := e.Reported
	if before == nil || before.Fingerprint != e.Fingerprint || before.VerifiedAt == nil {
		return own, ownAt
	}
	reported, reportedAt := s.resultInStatus(before.State), before.VerifiedAt.UTC()
	switch {
	case own == clevertap.Unknown && reportedAt.After(s.Now.Add(s.Spec.VerificationInterval())):
		return clevertap.Unknown, time.Time{}
	case own == clevertap.Unknown:
		return reported, reportedAt
	case reportedAt.After(s.Now), reportedAt.Before(ownAt), reportedAt.Equal(ownAt) &&
		(reported != clevertap.Rejected || schedule.WholeSecond(e.Verification.RejectedAt).Equal(ownAt)):
		return own, ownAt
	}
	return reported, reportedAt
}

func (s *Snapshot) resultInStatus(state v1alpha1.PasscodeState) clevertap.Result {
	switch state {
	case v1alpha1.StateActive:
		return s.activeResultInStatus()
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
func (s *Snapshot) activeResultInStatus() clevertap.Result {
	conditions := s.Object.Status.Conditions
	ready := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady)
	switch {
	case meta.IsStatusConditionFalse(conditions, v1alpha1.ConditionVerified), ready != nil && ready.Reason == v1alpha1.ReasonPasscodeRejected:
		return clevertap.Rejected
	case meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionVerified):
		return clevertap.Accepted
	}
	return clevertap.Unknown
}

// wasReplaced reports whether the record has the value as replaced; a fingerprint of another key
// says nothing, and then the name counts.
func (s *Snapshot) wasReplaced(e *Entry) bool {
	record := s.record()
	switch {
	case s.LastPublished == nil:
		return s.replacedInStatus(e)
	case s.writtenByOther(s.LastPublished) && s.replacedInStatus(e):
		return true
	case record == nil || e.Fingerprint == s.LastPublished.Fingerprint:
		return false
	}
	for _, old := range record.Replaced {
		same := old.Fingerprint == e.Fingerprint
		if !fingerprint.SameKey(old.Fingerprint, e.Fingerprint) {
			same = old.Passcode == e.Spec.Name
		}
		if same {
			return true
		}
	}
	return false
}

// replacedInStatus reports whether the status has the entry as replaced, for when target and record are lost: that may forbid, and
// never permits.
func (s *Snapshot) replacedInStatus(e *Entry) bool {
	for _, listed := range s.Object.Status.Passcodes {
		if listed.State != v1alpha1.StateRetiring && listed.State != v1alpha1.StateRetired {
			continue
		}
		if listed.Fingerprint == e.Fingerprint || (listed.Name == e.Spec.Name && !fingerprint.SameKey(listed.Fingerprint, e.Fingerprint)) {
			return true
		}
	}
	return false
}

// accountChanged reports whether the object has gone to another account or region since the target was written.
func (s *Snapshot) accountChanged() bool {
	accountID, region := s.LastPublished.Tuple.AccountID, s.LastPublished.Tuple.Region
	if record := s.record(); record != nil {
		accountID, region = record.AccountID, record.Region
	}
	return accountID != s.Spec.AccountID || region != s.Spec.Region
}

// ActiveInTarget is what workloads have at this moment; nil also if the target was lost.
func (s *Snapshot) ActiveInTarget() *ActivePasscode { return s.current }

// FirstOf is the first entry that fits; nil if none does.
func (s *Snapshot) FirstOf(fits func(*Entry) bool) *Entry {
	for _, e := range s.Entries {
		if fits(e) {
			return e
		}
	}
	return nil
}

// OutdatedFrom is when the last result for the active passcode is too old to count: after two intervals. Zero if there was
// none.
func (s *Snapshot) OutdatedFrom(p *ActivePasscode) time.Time {
	last := p.ResultAt
	if last.IsZero() && p.Verification.Unavailable > 0 { // as the status has it, which does not say when: before that
		last = p.Verification.UnavailableSince
	}
	if s.Spec.VerificationMode() == v1alpha1.VerificationNone || last.IsZero() {
		return time.Time{}
	}
	return last.Add(2 * s.Spec.VerificationInterval())
}

// Paused reports whether nothing may be written, and nothing is verified.
func (s *Snapshot) Paused() bool {
	return s.Target.Conflict != "" || s.Spec.Suspend
}

// tuple is what workloads need together to use the entry.
func (s *Snapshot) tuple(e *Entry) target.Tuple {
	return target.Tuple{
		AccountID: s.Spec.AccountID, Region: s.Spec.Region,
		Endpoint: target.Endpoint(s.Spec.Region), Passcode: e.Passcode,
	}
}
