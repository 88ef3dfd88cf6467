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
	// Release are the names of the former targets that are to be marked as left behind.
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
	Events []rotation.Event
	// Next is when to look again; zero when only a change can lead to anything new.
	Next time.Time
}

// pass is one call of Decide, with what is reported of it.
type pass struct{ status.Report }

// Decide is pure: it reads no clock, makes no call and changes nothing in what it is given.
func Decide(now time.Time, o rotation.Observed) Decision {
	v := pass{status.Report{Pass: rotation.NewPass(now, o)}}
	if v.NewerGenerationHandled() {
		return Decision{Status: *o.Object.Status.DeepCopy()}
	}
	d := v.effects()
	if quiet := v.reportDelayedUntil(d); v.Now.Before(quiet) {
		d.Status = *o.Object.Status.DeepCopy()
		d.Next = schedule.Earliest(d.Next, v.nextChange(), quiet)
		return d
	}
	d.Status = v.Status()
	d.Events = v.Events(d.Status)
	d.Next = schedule.Earliest(d.Next, v.nextChange())
	return d
}

// effects are what to do. They are independent: none is left out because another one is still to be carried out, or fails. In mode
// Observe, whose target is someone else's, there are only verifications.
func (v pass) effects() Decision {
	var d Decision
	d.Verify, d.Next = v.VerificationRequests()
	if v.Observing {
		return d
	}
	d.Want, d.Release = v.NextWant(), v.TargetsToRelease()
	d.ReportFirst = d.Want != nil && d.Want.Publishes && v.unreported()
	v.addRetirement(&d)
	return d
}

// addRetirement adds what replaced values require: a scan, restarts.
func (v pass) addRetirement(d *Decision) {
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
func (v pass) reportDelayedUntil(d Decision) time.Time {
	switch {
	case v.Observing:
		return v.resultExpectedUntil(d.Verify)
	case d.ReportFirst || v.WriteProblem != "" || len(v.EffectProblems()) > 0:
		return time.Time{}
	case v.unreported():
		return v.scanExpectedUntil(d.Scan)
	case v.WaitsForSources() && !v.Paused():
		return v.Object.CreationTimestamp.Add(rotation.SourceWait)
	}
	return v.resultExpectedUntil(d.Verify)
}

// unreported reports whether the status does not describe the last publication yet.
func (v pass) unreported() bool {
	p := v.ActiveInTarget()
	return p != nil && p.Record.Revision != v.Object.Status.Revision
}

// scanExpectedUntil is until when the first scan after a publication delays the report, so that a replaced value which
// nothing uses is reported as Retired by the same write; zero if there is no such scan.
func (v pass) scanExpectedUntil(requested bool) time.Time {
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
func (v pass) resultExpectedUntil(requests []rotation.VerificationRequest) time.Time {
	var since time.Time
	if len(requests) > 0 {
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

// nextChange is when time alone will change what to do or what to report.
func (v pass) nextChange() time.Time {
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
	consider(v.Object.CreationTimestamp.Add(rotation.SourceWait), v.StallsAt())
	for _, e := range v.Entries {
		consider(e.Validity.Until, e.Validity.Rotation)
	}
	if p := v.Active; p != nil {
		consider(p.Validity.Until, v.OutdatedFrom(p))
		consider(p.Validity.RemindersAt()...)
		if len(v.Successors()) > 0 && !v.PinInEffect() { // else nothing happens then
			consider(v.RotationAt)
		}
	}
	return next
}
