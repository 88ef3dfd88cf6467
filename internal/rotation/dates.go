// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

const (
	// ExpiringSoonWindow is how long before the end the dashboard, and ExpiringSoon, begin to warn.
	ExpiringSoonWindow = 30 * 24 * time.Hour
	// defaultBefore is how long before the end the next one takes over, but never more than a third of the life.
	defaultBefore = 720 * time.Hour
	// maxDays is what the schema admits.
	maxDays = 36500
	// infiniteYears is what the dashboard's Infinite means for a user passcode.
	infiniteYears = 10
)

// validity is when a passcode begins, ends and makes room. Zero ends and rotates mean never. All are whole seconds, as
// the status and the record keep them.
type validity struct {
	from, until, rotation time.Time
}

func (l validity) expired(now time.Time) bool {
	return !l.until.IsZero() && !now.Before(l.until)
}

// due reports whether the next one should have taken over.
func (l validity) due(now time.Time) bool {
	return !l.rotation.IsZero() && !now.Before(l.rotation)
}

// neverSuccessor reports whether its rotation time lies before its beginning, so that it can never be a successor.
func (l validity) neverSuccessor() bool {
	return !l.rotation.IsZero() && l.rotation.Before(l.from)
}

// outlasts orders by end: never comes after every end.
func (l validity) outlasts(other validity) bool {
	if l.until.IsZero() || other.until.IsZero() {
		return l.until.IsZero() && !other.until.IsZero()
	}
	return l.until.After(other.until)
}

func validityOf(spec *v1alpha1.CleverTapPasscodeSpec, expiry v1alpha1.Expiry, begins time.Time) validity {
	return withExpiry(spec, begins, endOf(spec.Type, expiry, begins))
}

func withExpiry(spec *v1alpha1.CleverTapPasscodeSpec, begins, ends time.Time) validity {
	if ends.IsZero() {
		return validity{from: begins}
	}
	return validity{from: begins, until: ends, rotation: ends.Add(-before(spec.Rotation, ends.Sub(begins)))}
}

// lastMoment is the last that RFC 3339 can say: one later, in a status, would break the decoding of every object.
func lastMoment() time.Time { return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) }

func endOf(kind v1alpha1.PasscodeType, expiry v1alpha1.Expiry, begins time.Time) time.Time {
	if end := declaredEnd(kind, expiry, begins); end.Before(lastMoment()) {
		return end
	}
	return lastMoment()
}

func declaredEnd(kind v1alpha1.PasscodeType, expiry v1alpha1.Expiry, begins time.Time) time.Time {
	switch {
	case expiry.At != nil:
		return parseTime(*expiry.At)
	case expiry.Days != nil:
		// More days than the schema admits would overflow.
		return begins.Add(time.Duration(min(max(*expiry.Days, 1), maxDays)) * 24 * time.Hour)
	case kind == v1alpha1.PasscodeTypeUser:
		return begins.AddDate(infiniteYears, 0, 0)
	}
	return time.Time{}
}

func before(rotation *v1alpha1.Rotation, life time.Duration) time.Duration {
	if rotation != nil && rotation.Before != nil {
		return parseDuration(*rotation.Before)
	}
	return max(0, min(defaultBefore, (life/3).Truncate(time.Second)))
}

// parseTime is total: the API server admits nothing that fails here.
func parseTime(text v1alpha1.Time) time.Time {
	parsed, err := time.Parse(time.RFC3339, string(text))
	if err != nil || parsed.UTC().Year() < 1 { // which an offset can make of the year 0
		return time.Time{}
	}
	if parsed.After(lastMoment()) { // which an offset can make of the last year
		return lastMoment()
	}
	return wholeSecond(parsed)
}

func parseDuration(text v1alpha1.Duration) time.Duration {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return 0
	}
	return parsed
}

func wholeSecond(t time.Time) time.Time {
	return t.UTC().Truncate(time.Second)
}
