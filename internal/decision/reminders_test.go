// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package decision_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/decision"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/status"
)

// daysLeft has so many days left of "a", which CleverTap accepts.
func daysLeft(days int) step {
	return func(w *world) {
		at(expiry.Add(-time.Duration(days) * day))(w)
		accepted("a")(w)
		if w.passcodeListed("b") {
			accepted("b")(w)
		}
	}
}

func (w *world) passcodeListed(name string) bool {
	for _, p := range w.object.Spec.Passcodes {
		if p.Name == name {
			return true
		}
	}
	return false
}

// hasReminder expects the reminder in the status, and the event of it: "Warning", "Normal", or "" for none.
func hasReminder(days int32, severity, text string) expectation {
	return func(_ *world, d decision.Decision) {
		GinkgoHelper()
		Expect(d.Status.LastReminderDays).To(Equal(days))
		var found []status.Event
		for _, e := range d.Events {
			if e.Reason == "ExpiringSoon" {
				found = append(found, e)
			}
		}
		if severity == "" {
			Expect(found).To(BeEmpty())
			return
		}
		Expect(found).To(HaveLen(1))
		Expect(found[0].Warning).To(Equal(severity == "Warning"))
		Expect(found[0].Message).To(ContainSubstring(text))
	}
}

// statusWithoutReminder is a status from before there were reminders.
func statusWithoutReminder(w *world) { w.object.Status.LastReminderDays = 0 }

func unpinned(w *world) { w.object.Spec.Rotation = nil }

var _ = DescribeTable("26. A reminder", decides,
	Entry("is none with more than 30 days left", given(published, daysLeft(31)), hasReminder(0, "", "")),
	Entry("is a Warning at 30 days without a successor",
		given(published, settled, daysLeft(30)),
		hasReminder(30, "Warning", "30 days or less left")),
	Entry("is Normal at 30 days if a successor will become active",
		given(listed("a", "b"), neverExpires("b"), rotatingBefore("24h"), published, settled, daysLeft(30)),
		hasReminder(30, "Normal", `"b" becomes active`)),
	Entry("comes once at 14 days",
		given(published, daysLeft(30), settled, daysLeft(14)),
		hasReminder(14, "Warning", "14 days or less left")),
	Entry("comes no second time",
		given(published, daysLeft(30), settled, daysLeft(14), settled),
		hasReminder(14, "", "")),
	Entry("comes no second time a day later",
		given(published, daysLeft(30), settled, daysLeft(14), settled, daysLeft(13)),
		hasReminder(14, "", "")),
	Entry("comes at 7 days",
		given(published, daysLeft(14), settled, daysLeft(7)),
		hasReminder(7, "Warning", "7 days or less left")),
	Entry("comes at 3 days",
		given(published, daysLeft(7), settled, daysLeft(3)),
		hasReminder(3, "Warning", "3 days or less left")),
	Entry("comes at 1 day",
		given(published, daysLeft(3), settled, daysLeft(1)),
		hasReminder(1, "Warning", "1 day or less left")),
	Entry("is one for 7 after downtime until 5 days are left",
		given(published, daysLeft(30), settled, daysLeft(5)),
		hasReminder(7, "Warning", "7 days or less left")),
	Entry("is one for 7 if a passcode becomes active with 5 days left",
		given(expiresAt("a", creation.Add(5*day)), accepted("a"), writtenOnly),
		hasReminder(7, "Warning", "7 days or less left")),
	Entry("is none after 30 days while a successor will become active",
		given(
			listed("a", "b"), neverExpires("b"), rotatingBefore("24h"), published, daysLeft(30), settled, daysLeft(14)),
		hasReminder(14, "", "")),
	Entry("is a Warning while pinned, though a successor is staged",
		given(
			listed("a", "b"), neverExpires("b"), rotatingBefore("24h"), published, pinning("a"), daysLeft(30),
			settled, daysLeft(14)),
		hasReminder(14, "Warning", "spec.rotation.pin")),
	Entry("is a Warning while suspended, and says so",
		given(published, daysLeft(30), settled, suspended, daysLeft(14)),
		hasReminder(14, "Warning", "nothing takes over while spec.suspend is true")),
	Entry("goes on from where it was when the pin is removed",
		given(
			listed("a", "b"), neverExpires("b"), rotatingBefore("24h"), published, pinning("a"), daysLeft(14),
			settled, unpinned, rotatingBefore("24h"), daysLeft(7)),
		hasReminder(7, "", "")),
	Entry("is cleared if the expiry is moved a day further than it says",
		given(published, daysLeft(7), settled, expiresAt("a", expiry.Add(2*day))),
		hasReminder(14, "Warning", "14 days or less left")),
	Entry("is cleared if the expiry is moved out of the 30 days",
		given(published, daysLeft(7), settled, expiresAt("a", expiry.Add(60*day))),
		hasReminder(0, "", "")),
	Entry("stays if the expiry is moved by less than a day",
		given(published, daysLeft(7), settled, expiresAt("a", expiry.Add(12*time.Hour))),
		hasReminder(7, "", "")),
	Entry("comes at once if the expiry is moved ahead",
		given(published, daysLeft(30), settled, expiresAt("a", expiry.Add(-27*day))),
		hasReminder(3, "Warning", "3 days or less left")),
	Entry("is remembered as 30 in a status from before there were reminders",
		given(published, daysLeft(20), settled, statusWithoutReminder),
		hasReminder(30, "", "")),
	Entry("is one for 7 in a status from before there were reminders with 5 days left",
		given(published, daysLeft(20), settled, statusWithoutReminder, daysLeft(5)),
		hasReminder(7, "Warning", "7 days or less left")),
	Entry("is no reminder once it has expired",
		given(published, daysLeft(7), settled, daysLeft(0)),
		hasReminder(1, "", "")),
)
