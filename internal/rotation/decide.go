// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
)

// Decision is what one pass does, reports and waits for.
type Decision struct {
	// Want is what the target is to be; nil leaves it alone.
	Want *Want
	// Release are the names of the former targets that are to be marked as left behind.
	Release []string
	// Scan reports whether to scan for consumers of the target. The end of the scan wakes the object.
	Scan bool
	// Restart are the workloads to restart, by writing Mark into their Pod template's annotation MarkKey.
	Restart       []consumers.Rollout
	MarkKey, Mark string
	// Verify are the verifications to request. No pass waits for a result: it wakes the object.
	Verify []VerificationRequest
	// ReportFirst reports whether Want publishes while the publication before it is in no status yet. It must be reported first:
	// the record knows only the newest, so history and events would have a gap.
	ReportFirst bool
	// Status is the whole status, of what was observed: after a write, Decide is called again.
	Status v1alpha1.CleverTapPasscodeStatus
	// Events are to be sent once the status is written.
	Events []Event
	// Next is when to look again; zero when only a change can lead to anything new.
	Next time.Time
}

// Pass is all that one decision is made of.
type Pass struct{ *ReplacedValues }

// Decide is pure: it reads no clock, makes no call and changes nothing in what it is given.
func Decide(now time.Time, o Observed) Decision {
	if o.Object.Spec.Observes() {
		return observe(now, o)
	}
	v := &Pass{newReplacedValues(newSnapshot(now, o))}
	if v.NewerGenerationHandled() {
		return Decision{Status: *o.Object.Status.DeepCopy()}
	}
	// The effects are independent: none is left out because another one is still to be carried out, or fails.
	d := Decision{Want: v.NextWant(), Release: v.TargetsToRelease()}
	d.ReportFirst = d.Want != nil && d.Want.Publishes && v.unreported()
	d.Verify, d.Next = v.VerificationRequests()
	v.addRetirement(&d)
	if quiet := v.reportDelayedUntil(d); v.Now.Before(quiet) {
		d.Status = *o.Object.Status.DeepCopy()
		d.Next = schedule.Earliest(d.Next, v.nextChange(), quiet)
		return d
	}
	d.Status = report{v}.status()
	d.Events = report{v}.events(d.Status)
	d.Next = schedule.Earliest(d.Next, v.nextChange())
	return d
}

// TargetsToRelease are the former targets to mark as left behind, once the target of the new name has the active passcode.
func (v *Pass) TargetsToRelease() []string {
	if v.ActiveInTarget() == nil || v.LastPublished != &v.Target || v.Spec.Suspend {
		return nil
	}
	var names []string
	for i := range v.FormerTargets {
		names = append(names, v.FormerTargets[i].Name)
	}
	return names
}

// addRetirement adds what replaced values require: a scan, restarts.
func (v *Pass) addRetirement(d *Decision) {
	var next time.Time
	d.Scan, next = v.ScanDue()
	if !d.Scan {
		d.Next = schedule.Earliest(d.Next, next)
	}
	for _, r := range v.Restarts {
		if r.Due {
			d.Restart = append(d.Restart, r.Rollout)
			d.MarkKey, d.Mark = v.LastPublication.RestartKey(), v.LastPublication.RestartMark()
		}
	}
}

// reportDelay is for how long a verification or a scan under way delays the report: mostly its result comes sooner, and
// then both are one write. A status is the most expensive write there is.
const reportDelay = time.Second

// reportDelayedUntil is until when nothing is reported: because a verification or the scan after a publication has just been
// requested, or a new object's sources may be on their way. Zero if it is not so; a publication waits for nothing.
func (v *Pass) reportDelayedUntil(d Decision) time.Time {
	switch {
	case d.ReportFirst || v.WriteProblem != "" || len(report{v}.effectProblems()) > 0:
		return time.Time{}
	case v.unreported():
		return v.scanExpectedUntil(d.Scan)
	case v.WaitsForSources() && !v.Paused():
		return v.Object.CreationTimestamp.Add(SourceWait)
	}
	return v.resultExpectedUntil(d.Verify)
}

// unreported reports whether the status does not describe the last publication yet.
func (v *Pass) unreported() bool {
	p := v.ActiveInTarget()
	return p != nil && p.Record.Revision != v.Object.Status.Revision
}

// scanExpectedUntil is until when the first scan after a publication delays the report, so that a replaced value which
// nothing uses is reported as Retired by the same write; zero if there is no such scan.
func (v *Pass) scanExpectedUntil(requested bool) time.Time {
	switch {
	case v.Scan != nil:
		return time.Time{}
	case requested:
		return v.Now.Add(reportDelay)
	case v.ScanRequestedAt.IsZero():
		return time.Time{}
	}
	return v.ScanRequestedAt.Add(reportDelay)
}

// resultExpectedUntil is until when a verification that is requested or under way keeps the report back; zero if there is
// none.
func (v *Pass) resultExpectedUntil(ask []VerificationRequest) time.Time {
	var since time.Time
	if len(ask) > 0 {
		since = v.Now
	}
	for _, e := range v.Entries {
		since = schedule.Earliest(since, e.Verification.RequestedAt)
	}
	since = schedule.Earliest(since, v.Target.Verification.RequestedAt)
	if since.IsZero() {
		return since
	}
	return since.Add(reportDelay)
}

// NewerGenerationHandled reports whether another process handled a newer generation of the object, which this one has yet to
// see.
func (v *Pass) NewerGenerationHandled() bool {
	record := v.record()
	return record != nil && record.OwnerUID == v.Object.UID && record.Generation > v.Object.Generation
}

// NextWant is the next publication or, where there is none, the published one's upkeep.
func (v *Pass) NextWant() *Want {
	if v.Paused() {
		return nil
	}
	if chosen := v.choose().publish; chosen != nil {
		return v.publication(*chosen)
	}
	if v.Active == nil || v.Active.Tuple.Passcode.IsZero() {
		return nil
	}
	if want := v.upkeep(); !v.upToDate(want) {
		return want
	}
	return nil
}

// VerificationRequests are those due now, and when the next one is.
func (v *Pass) VerificationRequests() (ask []VerificationRequest, next time.Time) {
	if v.Paused() {
		return nil, time.Time{}
	}
	ask, next = v.routineRequests()
	choice := v.choose()
	if choice.ask != nil {
		ask = addUrgent(ask, *choice.ask)
	}
	return ask, schedule.Earliest(next, choice.next)
}

// addUrgent adds a verification that a publication waits for, or makes it urgent if it is there.
func addUrgent(questions []VerificationRequest, q VerificationRequest) []VerificationRequest {
	q.Urgent = true
	for i := range questions {
		if questions[i].Fingerprint == q.Fingerprint {
			questions[i] = q
			return questions
		}
	}
	return append(questions, q)
}

// nextChange is when time alone will change what to do or what to report.
func (v *Pass) nextChange() time.Time {
	var next time.Time
	consider := func(times ...time.Time) {
		for _, at := range times {
			if at.After(v.Now) {
				next = schedule.Earliest(next, at)
			}
		}
	}
	for _, r := range v.Retiring {
		consider(r.Use.Refreshed)
	}
	for _, r := range v.Restarts {
		consider(r.At)
	}
	consider(v.Object.CreationTimestamp.Add(SourceWait), report{v}.stallsAt())
	for _, e := range v.Entries {
		consider(e.Validity.Until, e.Validity.Rotation)
	}
	if p := v.Active; p != nil {
		consider(p.Validity.Until, v.OutdatedFrom(p))
		consider(p.Validity.RemindersAt()...)
		if len(v.Successors()) > 0 && !v.PinHolds() { // else nothing happens then
			consider(v.RotationAt)
		}
	}
	return next
}
