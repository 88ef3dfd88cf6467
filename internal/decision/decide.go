// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/status"
)

// Decision is what one pass does, reports and waits for.
type Decision struct {
	// Want is what the target is to be; nil leaves it alone.
	Want *rotation.Want
	// WriteEvents are to be sent once Want is written.
	WriteEvents []status.Event
	// Release are the names of the former targets that are to be marked as released.
	Release []string
	// Scan reports whether to scan for consumers of the target. The end of the scan wakes the object.
	Scan bool
	// Restart are the workloads to restart, by writing Mark into their Pod template's annotation MarkKey.
	Restart       []consumers.Rollout
	MarkKey, Mark string
	// Verify are the verifications to request. No pass waits for a result: it wakes the object.
	Verify []rotation.VerificationRequest
	// ReportFirst reports whether Want publishes while the publication before it is in no status yet. It must be reported first:
	// the record knows only the newest, so history and events would have a gap.
	ReportFirst bool
	// Status is the whole status, of what was observed: after a write, Decide is called again.
	Status v1alpha1.CleverTapPasscodeStatus
	// Events are to be sent once the status is written.
	Events []status.Event
	// Next is when to look again; zero when only a change can lead to anything new.
	Next time.Time
}

// pass is one call of Decide, with what is reported of it.
type pass struct{ status.Report }

// Decide is pure: it reads no clock, makes no call and changes nothing in what it is given.
func Decide(now time.Time, o rotation.Observed) Decision {
	p := pass{status.Report{Pass: rotation.NewPass(now, o)}}
	if p.NewerGenerationHandled() {
		return Decision{Status: *o.Object.Status.DeepCopy()}
	}
	d := p.effects()
	if quiet := p.reportDelayedUntil(d); p.Now.Before(quiet) {
		d.Status = *o.Object.Status.DeepCopy()
		d.Next = schedule.Earliest(d.Next, p.nextChange(), quiet)
		return d
	}
	d.Status = p.Status()
	d.Events = p.Events(d.Status)
	d.Next = schedule.Earliest(d.Next, p.nextChange())
	return d
}

// effects are what to do. They are independent: none is left out because another one is still to be carried out, or fails. In mode
// Observe, whose target is someone else's, there are only verifications.
func (p pass) effects() Decision {
	var d Decision
	d.Verify, d.Next = p.VerificationRequests()
	if p.Observing {
		return d
	}
	d.Want, d.Release = p.NextWant(), p.TargetsToRelease()
	d.WriteEvents = p.EventsOf(d.Want)
	d.ReportFirst = d.Want != nil && d.Want.Publishes && p.unreported()
	p.addRetirement(&d)
	return d
}

// addRetirement adds what replaced values require: a scan, restarts.
func (p pass) addRetirement(d *Decision) {
	var next time.Time
	d.Scan, next = p.ScanDue()
	if !d.Scan {
		d.Next = schedule.Earliest(d.Next, next)
	}
	for _, r := range p.Restarts {
		if r.Due {
			d.Restart = append(d.Restart, r.Rollout)
			d.MarkKey, d.Mark = p.LastPublication.RestartKey(), p.LastPublication.RestartMark()
		}
	}
}

// reportDelay is for how long a verification or a scan under way delays the report: mostly its result comes sooner, and
// then both are one write. A status is the most expensive write there is.
const reportDelay = time.Second

// reportDelayedUntil is until when nothing is reported: because a verification or the scan after a publication has just been
// requested, or a new object's sources may be on their way. Zero if it is not so; a publication waits for nothing.
func (p pass) reportDelayedUntil(d Decision) time.Time {
	switch {
	case p.Observing:
		return p.resultExpectedUntil(d.Verify)
	case d.ReportFirst || p.WriteProblem != "" || len(p.EffectProblems()) > 0:
		return time.Time{}
	case p.unreported():
		return p.scanExpectedUntil(d.Scan)
	case p.WaitsForSources() && !p.Paused():
		return p.Object.CreationTimestamp.Add(rotation.SourceWait)
	}
	return p.resultExpectedUntil(d.Verify)
}

// unreported reports whether the status does not describe the last publication yet.
func (p pass) unreported() bool {
	active := p.ActiveInTarget()
	return active != nil && active.Record.Revision != p.Object.Status.Revision
}

// scanExpectedUntil is until when the first scan after a publication delays the report, so that a replaced value which
// nothing uses is reported as Retired by the same write; zero if there is no such scan.
func (p pass) scanExpectedUntil(requested bool) time.Time {
	switch {
	case p.Scan != nil:
		return time.Time{}
	case requested:
		return p.Now.Add(reportDelay)
	case p.ScanRequestedAt.IsZero():
		return time.Time{}
	}
	return p.ScanRequestedAt.Add(reportDelay)
}

// resultExpectedUntil is until when a verification that is requested or under way keeps the report back; zero if there is
// none.
func (p pass) resultExpectedUntil(requests []rotation.VerificationRequest) time.Time {
	var since time.Time
	if len(requests) > 0 {
		since = p.Now
	}
	for _, e := range p.Entries {
		since = schedule.Earliest(since, e.Verification.RequestedAt)
	}
	since = schedule.Earliest(since, p.Target.Verification.RequestedAt)
	if since.IsZero() {
		return since
	}
	return since.Add(reportDelay)
}

// nextChange is when time, and nothing else, will change what to do or what to report.
func (p pass) nextChange() time.Time {
	var next time.Time
	consider := func(times ...time.Time) {
		for _, at := range times {
			if at.After(p.Now) {
				next = schedule.Earliest(next, at)
			}
		}
	}
	for _, r := range p.Retiring {
		consider(r.Use.Refreshed)
	}
	for _, r := range p.Restarts {
		consider(r.At)
	}
	consider(p.Object.CreationTimestamp.Add(rotation.SourceWait), p.StallsAt())
	for _, e := range p.Entries {
		consider(e.Validity.Until, e.Validity.Rotation)
	}
	if active := p.Active; active != nil {
		consider(active.Validity.Until, p.OutdatedFrom(active))
		consider(active.Validity.RemindersAt()...)
		if len(p.Successors()) > 0 && !p.PinInEffect() { // else nothing happens then
			consider(p.RotationAt)
		}
	}
	return next
}
