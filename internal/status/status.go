// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
)

// maxHistory is how many publications the status keeps.
const maxHistory = 10

// Report makes the next status, and the events that belong to it, of a pass.
type Report struct{ *rotation.Pass }

// Status returns the whole status, of what was observed.
func (r Report) Status() v1alpha1.CleverTapPasscodeStatus {
	if r.Observing {
		return r.observedStatus()
	}
	s := r.Object.Status
	s.History, s.Conditions = slices.Clone(s.History), slices.Clone(s.Conditions) // all else is set anew
	s.ObservedGeneration = r.Object.Generation
	s.AccountID, s.Region = r.Spec.AccountID, r.Spec.Region
	s.Target = r.Object.TargetName()
	if r.AfterObserving() && r.ActiveInTarget() == nil {
		s.Target = "" // until something is published: see AfterObserving
	}
	s.Passcodes = r.passcodes()
	r.setActive(&s)
	r.setSuccessor(&s)
	s.LastHandledRotateAt = r.Rotate.Echo(s.LastHandledRotateAt)
	s.LastHandledVerifyAt = r.Verify.Echo(s.LastHandledVerifyAt)
	s.RunwayUntil = r.runway()
	s.StalePods = r.stalePods()
	s.LastReminderDays = r.reminder()
	s.Conditions = r.conditions(s.Conditions)
	s.Phase = r.phase()
	return s
}

func (r Report) setActive(s *v1alpha1.CleverTapPasscodeStatus) {
	s.ActivePasscode, s.ExpiresAt = "", nil
	p := r.ActiveInTarget()
	if p == nil {
		return
	}
	s.ActivePasscode, s.ExpiresAt = p.Name(), timeOrNil(p.Validity.Until)
	s.Revision = max(s.Revision, p.Record.Revision)
	publishedAt := p.Record.PublishedAt
	if publishedAt.IsZero() { // of a target without a record
		publishedAt = schedule.WholeSecond(r.Now)
	}
	if len(s.History) == 0 || s.History[0].Revision < p.Record.Revision {
		s.History = slices.Insert(s.History, 0, v1alpha1.Publication{
			Revision: p.Record.Revision, Passcode: p.Name(),
			Time: metav1.NewTime(publishedAt), Reason: cmp.Or(p.Record.Reason, v1alpha1.RotationInitial),
		})
		s.History = s.History[:min(len(s.History), maxHistory)]
	}
}

func (r Report) setSuccessor(s *v1alpha1.CleverTapPasscodeStatus) {
	s.NextPasscode, s.NextRotationTime = "", nil
	next := r.successor()
	if next == nil || r.Spec.Suspend || r.PinInEffect() {
		return
	}
	s.NextPasscode = next.Spec.Name
	s.NextRotationTime = timeOrNil(r.RotationAt)
}

// successor is the accepted entry that becomes active next; nil if there is none, or nothing to replace.
func (r Report) successor() *rotation.Entry {
	if r.ActiveInTarget() == nil {
		return nil
	}
	for _, e := range r.Successors() {
		if r.state(e) == v1alpha1.StateStaged {
			return e
		}
	}
	return nil
}

// successorInTime reports whether a successor will become active by itself before the active passcode expires.
func (r Report) successorInTime() bool {
	p := r.ActiveInTarget()
	return r.successor() != nil && !r.Spec.Suspend && !r.PinKeeps(p)
}

// runway is when the last passcode expires that will become active by itself; nil for never, or while nothing is published.
func (r Report) runway() *metav1.Time {
	p := r.ActiveInTarget()
	if p == nil {
		return nil
	}
	last := p.Validity
	for _, e := range r.Successors() {
		if !r.Spec.Suspend && r.state(e) == v1alpha1.StateStaged && e.Validity.Outlasts(last) {
			last = e.Validity
		}
	}
	return timeOrNil(last.Until)
}

func (r Report) passcodes() []v1alpha1.PasscodeStatus {
	list := make([]v1alpha1.PasscodeStatus, 0, len(r.Entries))
	times := newTimes(len(r.Entries))
	for _, e := range r.Entries {
		s := v1alpha1.PasscodeStatus{Name: e.Spec.Name, State: r.state(e), Message: r.entryProblem(e).String()}
		if e.HasValue() {
			r.setValue(e, &s, times)
		} else if before := e.Reported; before != nil {
			// What is known of the value is kept: it may come back.
			s.Fingerprint, s.FirstSeenAt, s.StaleCreatedAt = before.Fingerprint, before.FirstSeenAt, before.StaleCreatedAt
			if s.RetiredAt = before.RetiredAt; s.RetiredAt == nil && r.MarkedReported(before.Fingerprint) {
				s.RetiredAt = timeOrNil(schedule.WholeSecond(r.Now))
			}
			if rotation.EverAccepted(before) {
				s.BeginsAt = before.BeginsAt
			}
		}
		list = append(list, s)
	}
	return list
}

// setValue leaves out the dates of a value that CleverTap rejects and never accepted: it has no validity.
func (r Report) setValue(e *rotation.Entry, s *v1alpha1.PasscodeStatus, times *times) {
	s.Fingerprint, s.FirstSeenAt, s.StaleCreatedAt = e.Fingerprint, times.orNil(e.FirstSeen), string(e.StaleCreatedAt)
	s.VerifiedAt = times.orNil(e.ResultAt)
	s.RetiredAt = r.retiredAt(e, s.State)
	accepted := e.Result != clevertap.Rejected || e.Replaced || e == r.ActiveEntry() ||
		(e.Reported != nil && r.ValueStayed(e, e.Reported) && rotation.EverAccepted(e.Reported))
	if accepted {
		s.BeginsAt, s.ExpiresAt = times.orNil(e.Validity.From), times.orNil(e.Validity.Until)
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
func (r Report) retiredAt(e *rotation.Entry, state v1alpha1.PasscodeState) *metav1.Time {
	before := e.Reported
	switch {
	case before != nil && before.RetiredAt != nil && before.Fingerprint == e.Fingerprint && (r.Observing || state == v1alpha1.StateRetired):
		return before.RetiredAt // mode Observe retires nothing, and forgets nothing
	case state != v1alpha1.StateRetired:
		return nil
	}
	return timeOrNil(schedule.WholeSecond(r.Now))
}

func (r Report) state(e *rotation.Entry) v1alpha1.PasscodeState {
	switch {
	case e.Problem == v1alpha1.ReasonPasscodeMalformed:
		return v1alpha1.StateMalformed
	case !e.HasValue():
		return v1alpha1.StateMissing
	case e.DuplicateOf != nil:
		return v1alpha1.StateDuplicate
	case r.ActiveInTarget() != nil && e == r.ActiveEntry():
		return v1alpha1.StateActive
	case e.Replaced:
		return r.replacedState(e)
	case e.Validity.Expired(r.Now):
		return v1alpha1.StateExpired
	case e.Result == clevertap.Accepted || r.Spec.VerificationMode() == v1alpha1.VerificationNone:
		return v1alpha1.StateStaged
	case e.Result == clevertap.Rejected:
		return v1alpha1.StateRejected
	}
	return v1alpha1.StateUnverified
}

// phase sums the conditions up.
func (r Report) phase() v1alpha1.Phase {
	p := r.ActiveInTarget()
	if p == nil {
		return v1alpha1.PhasePending
	}
	switch {
	case r.expired(p):
		return v1alpha1.PhaseExpired
	case r.rejected(p):
		return v1alpha1.PhaseRejected
	case r.expiringSoon(p):
		return v1alpha1.PhaseExpiringSoon
	}
	return v1alpha1.PhaseActive
}

// expired reports whether the passcode has expired and CleverTap, in a verification since, has not accepted it all the same.
func (r Report) expired(p *rotation.ActivePasscode) bool {
	if !p.Validity.Expired(r.Now) {
		return false
	}
	if r.Spec.VerificationMode() == v1alpha1.VerificationNone {
		return true
	}
	verifiedSince := !p.Verification.UnavailableAt.Before(p.Validity.Until) || !p.ResultAt.Before(p.Validity.Until)
	if !verifiedSince && !p.Verification.RequestedAt.IsZero() {
		return false // the result will show
	}
	return p.Result != clevertap.Accepted || p.ResultAt.Before(p.Validity.Until)
}

// rejected reports whether the rejection is confirmed, by this process or, as the status has it, by one before.
func (r Report) rejected(p *rotation.ActivePasscode) bool {
	if p.Result != clevertap.Rejected || r.Spec.VerificationMode() == v1alpha1.VerificationNone {
		return false
	}
	ready := meta.FindStatusCondition(r.Object.Status.Conditions, v1alpha1.ConditionReady)
	if r.Observing && !r.describes(r.Object.Status, p) {
		return r.ConfirmedRejected(p) // the status is about another value
	}
	return r.ConfirmedRejected(p) || (ready != nil && ready.Reason == v1alpha1.ReasonPasscodeRejected && r.Object.Status.ActivePasscode == p.Name())
}

// reminder is the smallest number of days reached for the active passcode; 0 for none.
func (r Report) reminder() int32 {
	p := r.ActiveInTarget()
	if p == nil {
		return r.Object.Status.LastReminderDays // it may be the same passcode that comes back
	}
	reached, last := p.Validity.Reminder(r.Now), r.lastReminder(r.Object.Status)
	if last != 0 && (reached == 0 || reached > last) {
		return last // a little more is left than was when it was reached
	}
	return reached
}

// describes reports whether a status describes the active passcode, and not one before it.
func (r Report) describes(s v1alpha1.CleverTapPasscodeStatus, p *rotation.ActivePasscode) bool {
	if !r.Observing && s.Revision == p.Record.Revision && s.Target != "" { // mode Observe leaves the revision as it was
		return true
	}
	return slices.ContainsFunc(s.Passcodes, func(e v1alpha1.PasscodeStatus) bool {
		lost := r.Observing && (e.State == v1alpha1.StateMissing || e.State == v1alpha1.StateMalformed) // its value is kept
		return (e.State == v1alpha1.StateActive || lost) && e.Fingerprint == p.Fingerprint
	})
}

// lastReminder is the one that a status remembers of the active passcode; 0 if it describes another, or if a day more is
// left than it says, because the expiry was edited. A status from before there were reminders has reported the 30 days.
func (r Report) lastReminder(before v1alpha1.CleverTapPasscodeStatus) int32 {
	p := r.ActiveInTarget()
	if p == nil || !r.describes(before, p) {
		return 0
	}
	last := before.LastReminderDays
	if last == 0 && meta.IsStatusConditionTrue(before.Conditions, v1alpha1.ConditionExpiringSoon) {
		last = int32(schedule.ExpiringSoonWindow / (24 * time.Hour))
	}
	if last == 0 || p.Validity.MoreThan(last+1, r.Now) {
		return 0
	}
	return last
}

func (r Report) expiringSoon(p *rotation.ActivePasscode) bool {
	from := p.Validity.SoonFrom()
	return !from.IsZero() && !r.Now.Before(from)
}

// outdated reports whether there is no result of the last two intervals.
func (r Report) outdated(p *rotation.ActivePasscode) bool {
	from := r.OutdatedFrom(p)
	return p.Result == clevertap.Unknown || (!from.IsZero() && !r.Now.Before(from))
}

func timeOrNil(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	return &metav1.Time{Time: t.UTC()}
}

// setCondition leaves the condition as it was if nothing of it changes.
func (r Report) setCondition(conditions *[]metav1.Condition, c metav1.Condition) {
	c.ObservedGeneration = r.Object.Generation
	c.LastTransitionTime = metav1.NewTime(schedule.WholeSecond(r.Now))
	meta.SetStatusCondition(conditions, c)
}
