// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // the image has no time zones

	"github.com/robfig/cron/v3"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// alwaysOpen is how long before expiry scheduled rotations wait for no window.
const alwaysOpen = 24 * time.Hour

// Windows are the times in which scheduled rotations may happen.
type Windows struct {
	// declared reports whether the object names any: with none, every time will do. If one of them does not parse, none opens.
	declared bool
	windows  []window
}

// window opens again and again.
type window struct {
	opens cron.Schedule
	lasts time.Duration
}

// parseWindow takes five cron fields. The zone has a field of its own, and @every, which counts from when it is read, would
// never open.
func parseWindow(w v1alpha1.RotationWindow) (window, error) {
	if strings.Contains(w.Schedule, "TZ=") {
		return window{}, fmt.Errorf("schedule %q must not name a time zone: set timeZone", w.Schedule)
	}
	if strings.HasPrefix(strings.TrimSpace(w.Schedule), "@") {
		return window{}, fmt.Errorf("schedule %q must be five cron fields, such as 0 2 * * 1-5", w.Schedule)
	}
	schedule, err := cron.ParseStandard(w.Schedule)
	if err != nil {
		return window{}, fmt.Errorf("schedule %q is not five cron fields, such as 0 2 * * 1-5: %w", w.Schedule, err)
	}
	if strings.EqualFold(w.TimeZone, "local") {
		return window{}, fmt.Errorf("timeZone %q is no IANA name, such as Europe/Paris", w.TimeZone)
	}
	zone, err := time.LoadLocation(w.TimeZone)
	if err != nil {
		return window{}, fmt.Errorf("timeZone %q is no IANA name, such as Europe/Paris", w.TimeZone)
	}
	return window{opens: inZone{schedule, zone}, lasts: ParseDuration(w.Duration)}, nil
}

// inZone reads a schedule on the clocks of a zone.
type inZone struct {
	cron.Schedule
	zone *time.Location
}

func (s inZone) Next(t time.Time) time.Time {
	next := s.Schedule.Next(t.In(s.zone))
	if next.IsZero() { // never, as on 31 February
		return next
	}
	return next.UTC()
}

// openedAt is when the window opened that is open at t; zero if none is.
func (w window) openedAt(t time.Time) time.Time {
	if opened := w.opens.Next(t.Add(-w.lasts)); !opened.IsZero() && !opened.After(t) {
		return opened
	}
	return time.Time{}
}

// ParseWindows returns the object's windows. The error says which one does not parse, and why; none opens then.
func ParseWindows(rotation *v1alpha1.Rotation) (Windows, error) {
	if rotation == nil || len(rotation.Windows) == 0 {
		return Windows{}, nil
	}
	all := Windows{declared: true}
	for i, declared := range rotation.Windows {
		w, err := parseWindow(declared)
		if err != nil {
			return Windows{declared: true}, fmt.Errorf("spec.rotation.windows[%d]: %w", i, err)
		}
		all.windows = append(all.windows, w)
	}
	return all, nil
}

// RotationTime returns when a scheduled rotation may happen: in the first window that is open at the rotation time, or
// later than now, and from 24 h before expiry on at any time. Zero if the passcode never expires. It is the same at every
// moment of a window, so that waiting writes nothing. Without windows it is the rotation time itself.
func RotationTime(validity Validity, windows Windows, now time.Time) time.Time {
	due := validity.Rotation
	if due.IsZero() || !windows.declared {
		return due
	}
	latest := Later(validity.Until.Add(-alwaysOpen), due)
	at := firstOpen(windows.windows, Later(due, now), due)
	if at.IsZero() || at.After(latest) {
		return latest
	}
	return at
}

// firstOpen is the first open moment from a time on, or, if a window is open at that time, when it opened, but not
// before least; zero if none opens any more, or there are none.
func firstOpen(windows []window, from, least time.Time) time.Time {
	var first time.Time
	for _, w := range windows {
		if opened := w.openedAt(from); !opened.IsZero() {
			return Later(opened, least)
		}
		first = Earliest(first, w.opens.Next(from))
	}
	return first
}
