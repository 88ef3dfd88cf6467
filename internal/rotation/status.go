// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
)

// maxHistory is how many publications the status keeps.
const maxHistory = 10

// report makes the next status, and the events that belong to it, of what was decided.
type report struct{ *pass }

// status is what there is to tell of what was observed.
func (v report) status() v1alpha1.CleverTapPasscodeStatus {
	s := v.Object.Status
	s.History, s.Conditions = slices.Clone(s.History), slices.Clone(s.Conditions) // all else is set anew
	s.ObservedGeneration = v.Object.Generation
	s.AccountID, s.Region = v.spec.AccountID, v.spec.Region
	s.Target = v.Object.TargetName()
	if v.afterObserving() && v.activeInTarget() == nil {
		s.Target = "" // until something is published: see afterObserving
	}
	s.Passcodes = v.passcodes()
	v.setActive(&s)
	v.setSuccessor(&s)
	s.LastHandledRotateAt = v.rotate.echo(s.LastHandledRotateAt)
	s.LastHandledVerifyAt = v.verify.echo(s.LastHandledVerifyAt)
	s.RunwayUntil = v.runway()
	s.StalePods = v.stalePods()
	s.LastReminderDays = v.reminder()
	s.Conditions = v.conditions(s.Conditions)
	s.Phase = v.phase()
	return s
}

func (v report) setActive(s *v1alpha1.CleverTapPasscodeStatus) {
	s.ActivePasscode, s.ExpiresAt = "", nil
	p := v.activeInTarget()
	if p == nil {
		return
	}
	s.ActivePasscode, s.ExpiresAt = p.name(), timeOrNil(p.validity.Until)
	s.Revision = max(s.Revision, p.record.Revision)
	publishedAt := p.record.PublishedAt
	if publishedAt.IsZero() { // of a target without a record
		publishedAt = schedule.WholeSecond(v.now)
	}
	if len(s.History) == 0 || s.History[0].Revision < p.record.Revision {
		s.History = slices.Insert(s.History, 0, v1alpha1.Publication{
			Revision: p.record.Revision, Passcode: p.name(),
			Time: metav1.NewTime(publishedAt), Reason: cmp.Or(p.record.Reason, v1alpha1.RotationInitial),
		})
		s.History = s.History[:min(len(s.History), maxHistory)]
	}
}

func (v report) setSuccessor(s *v1alpha1.CleverTapPasscodeStatus) {
	s.NextPasscode, s.NextRotationTime = "", nil
	next := v.successor()
	if next == nil || v.spec.Suspend || v.pinHolds() {
		return
	}
	s.NextPasscode = next.spec.Name
	s.NextRotationTime = timeOrNil(v.rotationAt)
}

// successor is the accepted entry that becomes active next; nil if there is none, or nothing to replace.
func (v report) successor() *entry {
	if v.activeInTarget() == nil {
		return nil
	}
	for _, e := range v.successors() {
		if v.state(e) == v1alpha1.StateStaged {
			return e
		}
	}
	return nil
}

// takesOver reports whether a successor will become active by itself before the active passcode expires.
func (v report) takesOver() bool {
	p := v.activeInTarget()
	return v.successor() != nil && !v.spec.Suspend && !v.pinKeeps(p)
}

// runway is when the last passcode expires that will become active by itself; nil for never, or while nothing is published.
func (v report) runway() *metav1.Time {
	p := v.activeInTarget()
	if p == nil {
		return nil
	}
	last := p.validity
	for _, e := range v.successors() {
		if !v.spec.Suspend && v.state(e) == v1alpha1.StateStaged && e.validity.Outlasts(last) {
			last = e.validity
		}
	}
	return timeOrNil(last.Until)
}

func (v report) passcodes() []v1alpha1.PasscodeStatus {
	list := make([]v1alpha1.PasscodeStatus, 0, len(v.entries))
	times := newTimes(len(v.entries))
	for _, e := range v.entries {
		s := v1alpha1.PasscodeStatus{Name: e.spec.Name, State: v.state(e), Message: v.entryMessage(e)}
		if e.hasValue() {
			v.setValue(e, &s, times)
		} else if before := e.reported; before != nil {
			// What is known of the value is kept: it may come back.
			s.Fingerprint, s.FirstSeenAt, s.StaleCreatedAt = before.Fingerprint, before.FirstSeenAt, before.StaleCreatedAt
			if s.RetiredAt = before.RetiredAt; s.RetiredAt == nil && v.markedReported(before.Fingerprint) {
				s.RetiredAt = timeOrNil(schedule.WholeSecond(v.now))
			}
			if everAccepted(before) {
				s.BeginsAt = before.BeginsAt
			}
		}
		list = append(list, s)
	}
	return list
}

// setValue leaves out the dates of a value that CleverTap rejects and never accepted: it has no validity.
func (v report) setValue(e *entry, s *v1alpha1.PasscodeStatus, times *times) {
	s.Fingerprint, s.FirstSeenAt, s.StaleCreatedAt = e.Fingerprint, times.orNil(e.firstSeen), string(e.staleCreatedAt)
	s.VerifiedAt = times.orNil(e.resultAt)
	s.RetiredAt = v.retiredAt(e, s.State)
	accepted := e.result != clevertap.Rejected || e.replaced || e == v.activeEntry() || e.reported != nil && v.valueStayed(e, e.reported) && everAccepted(e.reported)
	if accepted {
		s.BeginsAt, s.ExpiresAt = times.orNil(e.validity.From), times.orNil(e.validity.Until)
	}
}

// times are those of the entries of a status, allocated at once: one by one they would be most of what a pass allocates.
type times []metav1.Time

// timesPerEntry is how many an entry has: firstSeenAt, verifiedAt, beginsAt, expiresAt.
const timesPerEntry = 4

func newTimes(entries int) *times {
	list := make(times, 0, timesPerEntry*entries)
	return &list
}

// orNil returns a pointer to the time; nil if it is zero.
func (t *times) orNil(at time.Time) *metav1.Time {
	if at.IsZero() {
		return nil
	}
	*t = append(*t, metav1.Time{Time: at.UTC()})
	return &(*t)[len(*t)-1]
}

// retiredAt is since when it is retired.
func (v report) retiredAt(e *entry, state v1alpha1.PasscodeState) *metav1.Time {
	before := e.reported
	switch {
	case before != nil && before.RetiredAt != nil && before.Fingerprint == e.Fingerprint && (v.observing || state == v1alpha1.StateRetired):
		return before.RetiredAt // mode Observe retires nothing, and forgets nothing
	case state != v1alpha1.StateRetired:
		return nil
	}
	return timeOrNil(schedule.WholeSecond(v.now))
}

func (v report) state(e *entry) v1alpha1.PasscodeState {
	switch {
	case e.Problem == v1alpha1.ReasonPasscodeMalformed:
		return v1alpha1.StateMalformed
	case !e.hasValue():
		return v1alpha1.StateMissing
	case e.duplicateOf != nil:
		return v1alpha1.StateDuplicate
	case v.activeInTarget() != nil && e == v.activeEntry():
		return v1alpha1.StateActive
	case e.replaced:
		return v.replacedState(e)
	case e.validity.Expired(v.now):
		return v1alpha1.StateExpired
	case e.result == clevertap.Accepted || v.spec.VerificationMode() == v1alpha1.VerificationNone:
		return v1alpha1.StateStaged
	case e.result == clevertap.Rejected:
		return v1alpha1.StateRejected
	}
	return v1alpha1.StateUnverified
}

// phase sums the conditions up.
func (v report) phase() v1alpha1.Phase {
	p := v.activeInTarget()
	if p == nil {
		return v1alpha1.PhasePending
	}
	switch {
	case v.expired(p):
		return v1alpha1.PhaseExpired
	case v.rejected(p):
		return v1alpha1.PhaseRejected
	case v.expiringSoon(p):
		return v1alpha1.PhaseExpiringSoon
	}
	return v1alpha1.PhaseActive
}

// expired reports whether the passcode has expired and CleverTap, in a verification since, has not accepted it all the same.
func (v report) expired(p *activePasscode) bool {
	if !p.validity.Expired(v.now) {
		return false
	}
	if v.spec.VerificationMode() == v1alpha1.VerificationNone {
		return true
	}
	askedSince := !p.verification.UnavailableAt.Before(p.validity.Until) || !p.resultAt.Before(p.validity.Until)
	if !askedSince && !p.verification.RequestedAt.IsZero() {
		return false // the result will show
	}
	return p.result != clevertap.Accepted || p.resultAt.Before(p.validity.Until)
}

// rejected reports whether the rejection is confirmed, by this process or, as the status has it, by one before.
func (v report) rejected(p *activePasscode) bool {
	if p.result != clevertap.Rejected || v.spec.VerificationMode() == v1alpha1.VerificationNone {
		return false
	}
	ready := meta.FindStatusCondition(v.Object.Status.Conditions, v1alpha1.ConditionReady)
	if v.observing && !v.describes(v.Object.Status, p) {
		return v.confirmedRejected(p) // the status is about another value
	}
	return v.confirmedRejected(p) || ready != nil && ready.Reason == v1alpha1.ReasonPasscodeRejected && v.Object.Status.ActivePasscode == p.name()
}

// reminder is the smallest number of days reached for the active passcode; 0 for none.
func (v report) reminder() int32 {
	p := v.activeInTarget()
	if p == nil {
		return v.Object.Status.LastReminderDays // it may be the same passcode that comes back
	}
	reached, last := p.validity.Reminder(v.now), v.lastReminder(v.Object.Status)
	if last != 0 && (reached == 0 || reached > last) {
		return last // a little more is left than was when it was reached
	}
	return reached
}

// describes reports whether a status describes the active passcode, and not one before it.
func (v report) describes(s v1alpha1.CleverTapPasscodeStatus, p *activePasscode) bool {
	if !v.observing && s.Revision == p.record.Revision && s.Target != "" { // mode Observe leaves the revision as it was
		return true
	}
	return slices.ContainsFunc(s.Passcodes, func(e v1alpha1.PasscodeStatus) bool {
		lost := v.observing && (e.State == v1alpha1.StateMissing || e.State == v1alpha1.StateMalformed) // its value is kept
		return (e.State == v1alpha1.StateActive || lost) && e.Fingerprint == p.fingerprint
	})
}

// lastReminder is the one that a status remembers of the active passcode; 0 if it describes another, or if a day more is
// left than it says, because the expiry was edited. A status from before there were reminders has reported the 30 days.
func (v report) lastReminder(before v1alpha1.CleverTapPasscodeStatus) int32 {
	p := v.activeInTarget()
	if p == nil || !v.describes(before, p) {
		return 0
	}
	last := before.LastReminderDays
	if last == 0 && meta.IsStatusConditionTrue(before.Conditions, v1alpha1.ConditionExpiringSoon) {
		last = int32(schedule.ExpiringSoonWindow / (24 * time.Hour))
	}
	if last == 0 || p.validity.MoreThan(last+1, v.now) {
		return 0
	}
	return last
}

func (v report) expiringSoon(p *activePasscode) bool {
	from := p.validity.SoonFrom()
	return !from.IsZero() && !v.now.Before(from)
}

// outdated reports whether there is no result of the last two intervals.
func (v report) outdated(p *activePasscode) bool {
	from := v.outdatedFrom(p)
	return p.result == clevertap.Unknown || !from.IsZero() && !v.now.Before(from)
}

func timeOrNil(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	return &metav1.Time{Time: t.UTC()}
}

// setCondition leaves the condition as it was if nothing of it changes.
func (v report) setCondition(conditions *[]metav1.Condition, c metav1.Condition) {
	c.ObservedGeneration = v.Object.Generation
	c.LastTransitionTime = metav1.NewTime(schedule.WholeSecond(v.now))
	meta.SetStatusCondition(conditions, c)
}
