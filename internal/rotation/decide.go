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

// pass is all that one decision is made of.
type pass struct{ *replacedValues }

// Decide is pure: it reads no clock, makes no call and changes nothing in what it is given.
func Decide(now time.Time, o Observed) Decision {
	if o.Object.Spec.Observes() {
		return observe(now, o)
	}
	v := &pass{newReplacedValues(newSnapshot(now, o))}
	if v.newerGenerationHandled() {
		return Decision{Status: *o.Object.Status.DeepCopy()}
	}
	// The effects are independent: none is left out because another one is still to be carried out, or fails.
	d := Decision{Want: v.want(), Release: v.targetsToRelease()}
	d.ReportFirst = d.Want != nil && d.Want.Publishes && v.unreported()
	d.Verify, d.Next = v.verificationRequests()
	v.addRetirement(&d)
	if quiet := v.reportDelayedUntil(d); v.now.Before(quiet) {
		d.Status = *o.Object.Status.DeepCopy()
		d.Next = schedule.Earliest(d.Next, v.nextChange(), quiet)
		return d
	}
	d.Status = report{v}.status()
	d.Events = report{v}.events(d.Status)
	d.Next = schedule.Earliest(d.Next, v.nextChange())
	return d
}

// targetsToRelease are the former targets to mark as left behind, once the target of the new name has the active passcode.
func (v *pass) targetsToRelease() []string {
	if v.activeInTarget() == nil || v.lastPublished != &v.Target || v.spec.Suspend {
		return nil
	}
	var names []string
	for i := range v.FormerTargets {
		names = append(names, v.FormerTargets[i].Name)
	}
	return names
}

// addRetirement adds what replaced values require: a scan, restarts.
func (v *pass) addRetirement(d *Decision) {
	var next time.Time
	d.Scan, next = v.scanDue()
	if !d.Scan {
		d.Next = schedule.Earliest(d.Next, next)
	}
	for _, r := range v.restarts {
		if r.Due {
			d.Restart = append(d.Restart, r.Rollout)
			d.MarkKey, d.Mark = v.lastPublication.RestartKey(), v.lastPublication.RestartMark()
		}
	}
}

// reportDelay is for how long a verification or a scan under way delays the report: mostly its result comes sooner, and
// then both are one write. A status is the most expensive write there is.
const reportDelay = time.Second

// reportDelayedUntil is until when nothing is reported: because a verification or the scan after a publication has just been
// requested, or a new object's sources may be on their way. Zero if it is not so; a publication waits for nothing.
func (v *pass) reportDelayedUntil(d Decision) time.Time {
	switch {
	case d.ReportFirst || v.WriteProblem != "" || len(report{v}.effectProblems()) > 0:
		return time.Time{}
	case v.unreported():
		return v.scanExpectedUntil(d.Scan)
	case v.waitsForSources() && !v.paused():
		return v.Object.CreationTimestamp.Add(sourceWait)
	}
	return v.resultExpectedUntil(d.Verify)
}

// unreported reports whether the status does not describe the last publication yet.
func (v *pass) unreported() bool {
	p := v.activeInTarget()
	return p != nil && p.record.Revision != v.Object.Status.Revision
}

// scanExpectedUntil is until when the first scan after a publication delays the report, so that a replaced value which
// nothing uses is reported as Retired by the same write; zero if there is no such scan.
func (v *pass) scanExpectedUntil(requested bool) time.Time {
	switch {
	case v.Scan != nil:
		return time.Time{}
	case requested:
		return v.now.Add(reportDelay)
	case v.ScanRequestedAt.IsZero():
		return time.Time{}
	}
	return v.ScanRequestedAt.Add(reportDelay)
}

// resultExpectedUntil is until when a verification that is requested or under way keeps the report back; zero if there is
// none.
func (v *pass) resultExpectedUntil(ask []VerificationRequest) time.Time {
	var since time.Time
	if len(ask) > 0 {
		since = v.now
	}
	for _, e := range v.entries {
		since = schedule.Earliest(since, e.Verification.RequestedAt)
	}
	since = schedule.Earliest(since, v.Target.Verification.RequestedAt)
	if since.IsZero() {
		return since
	}
	return since.Add(reportDelay)
}

// newerGenerationHandled reports whether another process handled a newer generation of the object, which this one has yet to
// see.
func (v *pass) newerGenerationHandled() bool {
	record := v.record()
	return record != nil && record.OwnerUID == v.Object.UID && record.Generation > v.Object.Generation
}

// want is the next publication or, where there is none, the published one's upkeep.
func (v *pass) want() *Want {
	if v.paused() {
		return nil
	}
	if chosen := v.choose().publish; chosen != nil {
		return v.publication(*chosen)
	}
	if v.active == nil || v.active.tuple.Passcode.IsZero() {
		return nil
	}
	if want := v.upkeep(); !v.upToDate(want) {
		return want
	}
	return nil
}

// verificationRequests are those due now, and when the next one is.
func (v *pass) verificationRequests() (ask []VerificationRequest, next time.Time) {
	if v.paused() {
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
func (v *pass) nextChange() time.Time {
	var next time.Time
	consider := func(times ...time.Time) {
		for _, at := range times {
			if at.After(v.now) {
				next = schedule.Earliest(next, at)
			}
		}
	}
	for _, r := range v.retiring {
		consider(r.use.Refreshed)
	}
	for _, r := range v.restarts {
		consider(r.At)
	}
	consider(v.Object.CreationTimestamp.Add(sourceWait), report{v}.stallsAt())
	for _, e := range v.entries {
		consider(e.validity.Until, e.validity.Rotation)
	}
	if p := v.active; p != nil {
		consider(p.validity.Until, v.outdatedFrom(p))
		consider(p.validity.RemindersAt()...)
		if len(v.successors()) > 0 && !v.pinHolds() { // else nothing happens then
			consider(v.rotationAt)
		}
	}
	return next
}
