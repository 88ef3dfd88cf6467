// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package schedule computes when a passcode is valid and when it may be rotated, only from the object's spec.
package schedule

import (
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

const (
	// ExpiringSoonWindow is how long before expiry the dashboard and the condition ExpiringSoon begin to warn.
	ExpiringSoonWindow = 30 * 24 * time.Hour
	// defaultBefore is how long before expiry the successor becomes active, but never more than a third of the validity.
	defaultBefore = 720 * time.Hour
	// maxDays is what the schema admits.
	maxDays = 36500
	// infiniteYears is what the dashboard's Infinite means for a user passcode.
	infiniteYears = 10
)

// Validity is from when until when a passcode works, and when its successor becomes active. A zero Until and a zero
// Rotation mean never. All are whole seconds, as the status and the record keep them.
type Validity struct {
	From, Until, Rotation time.Time
}

// Expired reports whether the passcode has expired.
func (v Validity) Expired(now time.Time) bool {
	return !v.Until.IsZero() && !now.Before(v.Until)
}

// Due reports whether the rotation time has come.
func (v Validity) Due(now time.Time) bool {
	return !v.Rotation.IsZero() && !now.Before(v.Rotation)
}

// NeverSuccessor reports whether the rotation time lies before the beginning, so that the passcode can never be a successor.
func (v Validity) NeverSuccessor() bool {
	return !v.Rotation.IsZero() && v.Rotation.Before(v.From)
}

// Outlasts reports whether the passcode expires later than the other one. Never comes after every expiry.
func (v Validity) Outlasts(other Validity) bool {
	if v.Until.IsZero() || other.Until.IsZero() {
		return v.Until.IsZero() && !other.Until.IsZero()
	}
	return v.Until.After(other.Until)
}

// SoonFrom returns when the 30 days before expiry begin; zero if the passcode never expires.
func (v Validity) SoonFrom() time.Time {
	if v.Until.IsZero() {
		return time.Time{}
	}
	return v.Until.Add(-ExpiringSoonWindow)
}

// reminderDays are the days before expiry at which a person is reminded, the first when ExpiringSoonWindow begins.
func reminderDays() []int32 { return []int32{30, 14, 7, 3, 1} }

// Reminder returns the smallest number of days, of 30, 14, 7, 3 and 1, that are all that is left of the validity; 0 if more
// are left, or if it never ends.
func (v Validity) Reminder(now time.Time) int32 {
	var reached int32
	for _, n := range reminderDays() {
		if !v.Until.IsZero() && !now.Before(v.reminderAt(n)) {
			reached = n
		}
	}
	return reached
}

// RemindersAt returns when Reminder changes; none if the validity never ends.
func (v Validity) RemindersAt() []time.Time {
	if v.Until.IsZero() {
		return nil
	}
	days := reminderDays()
	at := make([]time.Time, 0, len(days))
	for _, n := range days {
		at = append(at, v.reminderAt(n))
	}
	return at
}

// MoreThan reports whether more than so many days are left of the validity.
func (v Validity) MoreThan(days int32, now time.Time) bool {
	return v.Until.IsZero() || now.Before(v.reminderAt(days))
}

func (v Validity) reminderAt(days int32) time.Time {
	return v.Until.Add(-time.Duration(days) * 24 * time.Hour)
}

// Of returns the validity of a passcode that began at a time, under an expiry.
func Of(spec *v1alpha1.CleverTapPasscodeSpec, expiry v1alpha1.Expiry, from time.Time) Validity {
	return Between(spec, from, until(spec.Type, expiry, from))
}

// Between returns the validity of a passcode whose beginning and expiry are known; a zero until means that it never
// expires.
func Between(spec *v1alpha1.CleverTapPasscodeSpec, from, until time.Time) Validity {
	if until.IsZero() {
		return Validity{From: from}
	}
	return Validity{From: from, Until: until, Rotation: until.Add(-before(spec.Rotation, until.Sub(from)))}
}

// lastMoment is the last that RFC 3339 can say: one later, in a status, would break the decoding of every object.
func lastMoment() time.Time { return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) }

func until(kind v1alpha1.PasscodeType, expiry v1alpha1.Expiry, from time.Time) time.Time {
	if end := declaredUntil(kind, expiry, from); end.Before(lastMoment()) {
		return end
	}
	return lastMoment()
}

func declaredUntil(kind v1alpha1.PasscodeType, expiry v1alpha1.Expiry, from time.Time) time.Time {
	switch {
	case expiry.At != nil:
		return ParseTime(*expiry.At)
	case expiry.Days != nil:
		// More days than the schema admits would overflow.
		return from.Add(time.Duration(min(max(*expiry.Days, 1), maxDays)) * 24 * time.Hour)
	case kind == v1alpha1.PasscodeTypeUser:
		return from.AddDate(infiniteYears, 0, 0)
	}
	return time.Time{}
}

func before(rotation *v1alpha1.Rotation, length time.Duration) time.Duration {
	if rotation != nil && rotation.Before != nil {
		return ParseDuration(*rotation.Before)
	}
	return max(0, min(defaultBefore, (length/3).Truncate(time.Second)))
}

// ParseTime returns the time in UTC, in whole seconds. It is total: the API server admits nothing that fails here, and
// what fails all the same is zero.
func ParseTime(text v1alpha1.Time) time.Time {
	parsed, err := time.Parse(time.RFC3339, string(text))
	if err != nil || parsed.UTC().Year() < 1 { // which an offset can make of the year 0
		return time.Time{}
	}
	if parsed.After(lastMoment()) { // which an offset can make of the last year
		return lastMoment()
	}
	return WholeSecond(parsed)
}

// ParseDuration returns the duration; zero if the text is none, which the API server does not admit.
func ParseDuration(text v1alpha1.Duration) time.Duration {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return 0
	}
	return parsed
}

// WholeSecond returns the time in UTC without fractions of a second, as a status keeps it.
func WholeSecond(t time.Time) time.Time {
	return t.UTC().Truncate(time.Second)
}

// Earliest returns the earliest of the times, ignoring those that are zero; zero if all are.
func Earliest(times ...time.Time) time.Time {
	var first time.Time
	for _, t := range times {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

// Later returns the later of two times.
func Later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Stamp returns a time as messages have it.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
