// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package decision_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/decision"
)

// rotationDueAt has "a" published, to be replaced by "b" from a time on, some days before its end.
func rotationDueAt(rotates time.Time, daysBeforeEnd int, windows ...v1alpha1.RotationWindow) []step {
	end := rotates.AddDate(0, 0, daysBeforeEnd)
	return given(listed("a", "b"), neverExpires("b"), expiresAt("a", end),
		rotatingBefore(v1alpha1.Duration(fmt.Sprintf("%dh", 24*daysBeforeEnd))),
		spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Rotation.Windows = windows }), published)
}

func rotationWindow(schedule string, lasts v1alpha1.Duration, zone ...string) v1alpha1.RotationWindow {
	w := v1alpha1.RotationWindow{Schedule: schedule, Duration: lasts}
	if len(zone) > 0 {
		w.TimeZone = zone[0]
	}
	return w
}

func timeOf(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return t
}

func withMore(steps []step, more ...step) []step { return append(steps, more...) }

var _ = DescribeTable("21. A window", decides,
	Entry("that is a macro is reported", given(spec(func(s *v1alpha1.CleverTapPasscodeSpec) {
		s.Rotation = &v1alpha1.Rotation{Windows: []v1alpha1.RotationWindow{rotationWindow("@every 24h", "4h")}}
	}), published), hasCondition("Stalled", "WindowInvalid")),
	Entry("wakes nothing if there is no successor",
		given(spec(eachMinute), published, at(rotationTime.Add(time.Minute+time.Second)), accepted("a")),
		reconcilesAgainWithin(rotationTime.Add(50*time.Minute), rotationTime.Add(2*time.Hour))),
)

var _ = DescribeTable("21. A rotation with windows",
	func(steps []step, expected string) { decides(steps, nextPasscode("b", timeOf(expected))) },
	Entry("happens at its time where a window is open then",
		rotationDueAt(timeOf("2027-01-13 03:00"), 20, rotationWindow("0 2 * * *", "4h")), "2027-01-13 03:00"),
	Entry("happens at its time where a window opens just then",
		rotationDueAt(timeOf("2027-01-13 02:00"), 20, rotationWindow("0 2 * * *", "4h")), "2027-01-13 02:00"),
	Entry("waits for the next window, if it has just closed",
		rotationDueAt(timeOf("2027-01-13 06:00"), 20, rotationWindow("0 2 * * *", "4h")), "2027-01-14 02:00"),
	Entry("waits over the weekend",
		rotationDueAt(timeOf("2027-01-16 03:00"), 20, rotationWindow("0 2 * * 1-5", "4h")), "2027-01-18 02:00"), // a Saturday
	Entry("takes the first of several that opens",
		rotationDueAt(timeOf("2027-01-13 12:00"), 20, rotationWindow("0 2 * * *", "1h"), rotationWindow("0 22 * * *", "1h")),
		"2027-01-13 22:00"),
	Entry("takes one of two that overlap, whichever is open",
		rotationDueAt(timeOf("2027-01-13 03:30"), 20, rotationWindow("0 2 * * *", "1h"), rotationWindow("0 3 * * *", "1h")),
		"2027-01-13 03:30"),
	Entry("happens after midnight in a window that opened before it",
		rotationDueAt(timeOf("2027-01-13 00:30"), 20, rotationWindow("0 23 * * *", "2h")), "2027-01-13 00:30"),
	Entry("happens in the new year in a window of the old one",
		rotationDueAt(timeOf("2027-01-01 00:30"), 20, rotationWindow("0 23 31 12 *", "3h")), "2027-01-01 00:30"),
	Entry("waits for the hour of a zone",
		rotationDueAt(timeOf("2027-01-13 00:30"), 20, rotationWindow("0 2 * * *", "1h", "Asia/Kolkata")),
		"2027-01-13 20:30"),
	Entry("waits for the summer's hour of a zone",
		rotationDueAt(timeOf("2027-07-13 01:30"), 20, rotationWindow("0 2 * * *", "1h", "Europe/Paris")),
		"2027-07-14 00:00"),
	Entry("waits a day for an hour that does not exist",
		rotationDueAt(timeOf("2027-03-28 00:00"), 20, rotationWindow("30 2 * * *", "1h", "Europe/Paris")),
		"2027-03-29 00:30"),
	Entry("takes the first of an hour that comes twice",
		rotationDueAt(timeOf("2027-10-30 23:00"), 20, rotationWindow("30 2 * * *", "15m", "Europe/Paris")),
		"2027-10-31 00:30"),
	Entry("takes the second of an hour that comes twice, or the next day's",
		rotationDueAt(timeOf("2027-10-31 01:00"), 20, rotationWindow("30 2 * * *", "15m", "Europe/Paris")),
		"2027-10-31 01:30"),
	Entry("waits no longer than until 24 h before expiry",
		rotationDueAt(timeOf("2027-01-13 03:00"), 20, rotationWindow("0 2 1 6 *", "4h")), "2027-02-01 03:00"),
	Entry("does so for a window that never opens",
		rotationDueAt(timeOf("2027-01-13 03:00"), 20, rotationWindow("0 2 31 2 *", "4h")), "2027-02-01 03:00"),
	Entry("happens at its time where that is later than 24 h before expiry",
		rotationDueAt(timeOf("2027-01-13 03:00"), 0, rotationWindow("0 2 31 2 *", "4h")), "2027-01-13 03:00"),
	Entry("waits for the next window if it is due and none is open",
		withMore(
			rotationDueAt(timeOf("2027-01-13 03:00"), 20, rotationWindow("0 2 * * *", "1h")),
			at(timeOf("2027-01-14 12:00")), accepted("a", "b")),
		"2027-01-15 02:00"),
	Entry("does not write a new time at every moment of a window",
		withMore(
			rotationDueAt(timeOf("2027-01-13 03:00"), 20, rotationWindow("0 2 * * *", "4h")),
			at(timeOf("2027-01-13 04:30"))),
		"2027-01-13 03:00"),
)

var _ = DescribeTable("21. Windows", decides,
	Entry("delay a rotation that is due",
		withMore(
			rotationDueAt(timeOf("2027-01-13 12:00"), 20, rotationWindow("0 2 * * *", "4h")),
			at(timeOf("2027-01-13 13:00")), accepted("b")),
		writesNothing, reconcilesAgainBy(timeOf("2027-01-14 02:00"))),
	Entry("let it happen in their first second",
		withMore(
			rotationDueAt(timeOf("2027-01-13 12:00"), 20, rotationWindow("0 2 * * *", "4h")),
			at(timeOf("2027-01-14 02:00")), accepted("b")),
		publishes("b", "Scheduled")),
	Entry("cause a verification then",
		withMore(
			rotationDueAt(timeOf("2027-01-13 12:00"), 20, rotationWindow("0 2 * * *", "4h")),
			at(timeOf("2027-01-14 02:00")), verificationForgotten),
		alsoRequestsVerificationOf("b")),
	Entry("delay no request",
		withMore(
			rotationDueAt(timeOf("2027-01-13 12:00"), 20, rotationWindow("0 2 * * *", "4h")),
			at(timeOf("2027-01-13 13:00")), accepted("b"), requestsRotation("now")),
		publishes("b", "Requested")),
	Entry("delay no pin",
		withMore(
			rotationDueAt(timeOf("2027-01-13 12:00"), 20, rotationWindow("0 2 * * *", "4h")), accepted("b"),
			pinningBeside("b")),
		publishes("b", "Pinned")),
	Entry("delay no failover in their way",
		withMore(
			rotationDueAt(timeOf("2027-01-13 12:00"), 20, rotationWindow("0 2 * * *", "4h")),
			at(timeOf("2027-01-13 13:00")), rejected("a"), accepted("b"), rejectedOnceMore("a")),
		publishes("b", "Rejected")),
	Entry("that do not parse are reported, and the active passcode stays",
		rotationDueAt(timeOf("2027-01-13 12:00"), 20, rotationWindow("every night", "4h")),
		hasCondition("Stalled", "WindowInvalid"), hasCondition("Ready", "PasscodePublished"), writesNothing),
	Entry("of a zone that does not exist are reported",
		rotationDueAt(timeOf("2027-01-13 12:00"), 20, rotationWindow("0 2 * * *", "4h", "Europe/Atlantis")),
		hasCondition("Stalled", "WindowInvalid")),
	Entry("of the local zone are reported: the operator has none",
		rotationDueAt(timeOf("2027-01-13 12:00"), 20, rotationWindow("0 2 * * *", "4h", "Local")),
		hasCondition("Stalled", "WindowInvalid")),
	Entry("with a zone in the schedule are reported",
		rotationDueAt(timeOf("2027-01-13 12:00"), 20, rotationWindow("TZ=0", "4h")),
		hasCondition("Stalled", "WindowInvalid")),
	Entry("of which one does not parse wait for the last 24 h",
		rotationDueAt(timeOf("2027-01-13 12:00"), 20, rotationWindow("0 2 * * *", "4h"), rotationWindow("nightly", "4h")),
		nextPasscode("b", timeOf("2027-02-01 12:00"))),
)

func reconcilesAgainBy(t time.Time) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Next).NotTo(BeZero())
		Expect(d.Next).NotTo(BeTemporally(">", t))
	}
}

func alsoRequestsVerificationOf(name string) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		var verified []string
		for _, q := range d.Verify {
			verified = append(verified, q.Tuple.Passcode.Reveal())
		}
		Expect(verified).To(ContainElement(name))
	}
}

// verificationForgotten forgets what CleverTap said of "b".
func verificationForgotten(w *world) { delete(w.results, "b") }

func pinningBeside(name string) step {
	return spec(func(s *v1alpha1.CleverTapPasscodeSpec) { s.Rotation.Pin = name })
}

// The time of a rotation is never before its rotation time, never later than 24 h before expiry unless the rotation
// time is, and the same for as long as a window stays open.
func TestWindowsDelayARotationAndNeverTooLong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minute, hour := rapid.IntRange(0, 59).Draw(t, "minute"), rapid.IntRange(0, 23).Draw(t, "hour")
		weekday := rapid.SampledFrom([]string{"*", "1-5", "0", "3"}).Draw(t, "weekday")
		lasts := time.Duration(rapid.IntRange(1, 168*60).Draw(t, "minutes")) * time.Minute
		zone := rapid.SampledFrom([]string{"", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"}).Draw(t, "zone")
		rotates := timeOf("2026-12-01 00:00").Add(time.Duration(rapid.IntRange(0, 365*24*60).Draw(t, "rotates")) * time.Minute)
		daysBefore := rapid.IntRange(0, 40).Draw(t, "before")
		w := newWorld(rotationDueAt(rotates, daysBefore,
			rotationWindow(fmt.Sprintf("%d %d * * %s", minute, hour, weekday), v1alpha1.Duration(lasts.String()), zone))...)
		at := w.decide().Status.NextRotationTime.UTC()
		latest := rotates.AddDate(0, 0, daysBefore-1)
		if latest.Before(rotates) {
			latest = rotates
		}
		if at.Before(rotates) || at.After(latest) {
			t.Fatalf("due at %s, at %s the latest, and rotated at %s", rotates, latest, at)
		}
		w.now = at.Add(-time.Second)
		accepted("b")(w)
		if d := w.decide(); d.Want != nil {
			t.Fatalf("rotated a second before %s", at)
		}
		w.now = at
		accepted("b")(w)
		if d := w.decide(); d.Want == nil {
			t.Fatalf("not rotated at %s", at)
		}
	})
}
