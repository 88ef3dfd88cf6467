// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/utils/ptr"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

func day(n int) time.Time { return time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC).AddDate(0, 0, n) }

func account() *v1alpha1.CleverTapPasscodeSpec { return &v1alpha1.CleverTapPasscodeSpec{} }

func rotatingBefore(d v1alpha1.Duration) *v1alpha1.CleverTapPasscodeSpec {
	return &v1alpha1.CleverTapPasscodeSpec{Rotation: &v1alpha1.Rotation{Before: &d}}
}

func TestValidityOfAPasscodeThatBeganOnDay0(t *testing.T) {
	days := func(n int32) v1alpha1.Expiry { return v1alpha1.Expiry{Days: new(n)} }
	user := &v1alpha1.CleverTapPasscodeSpec{Type: v1alpha1.PasscodeTypeUser}
	for _, row := range []struct {
		title  string
		spec   *v1alpha1.CleverTapPasscodeSpec
		expiry v1alpha1.Expiry
		want   Validity
	}{
		{"90 days rotate 30 days before expiry", account(), days(90), Validity{day(0), day(90), day(60)}},
		{"30 days rotate a third of the validity before expiry", account(), days(30), Validity{day(0), day(30), day(20)}},
		{"forever neither expires nor rotates", account(), v1alpha1.Expiry{Forever: new(true)}, Validity{From: day(0)}},
		{"forever is ten calendar years for a User", user, v1alpha1.Expiry{Forever: new(true)},
			Validity{day(0), day(0).AddDate(10, 0, 0), day(0).AddDate(10, 0, -30)}},
		{"a date is taken as it is", account(), v1alpha1.Expiry{At: ptr.To(v1alpha1.Time("2026-12-30T10:00:00+01:00"))}, Validity{day(0), day(90), day(60)}},
		{"rotation.before overrides the default", rotatingBefore("48h"), days(90), Validity{day(0), day(90), day(88)}},
	} {
		t.Run(row.title, func(t *testing.T) {
			NewWithT(t).Expect(Of(row.spec, row.expiry, day(0))).To(Equal(row.want))
		})
	}
}

func TestAPasscodeThatNeverExpires(t *testing.T) {
	g := NewWithT(t)
	forever, dated := Between(account(), day(0), time.Time{}), Between(account(), day(0), day(90))
	g.Expect(forever.Expired(day(40_000))).To(BeFalse())
	g.Expect(forever.Due(day(40_000))).To(BeFalse())
	g.Expect(forever.SoonFrom()).To(BeZero())
	g.Expect(forever.Outlasts(dated)).To(BeTrue())
	g.Expect(forever.Outlasts(forever)).To(BeFalse())
	g.Expect(dated.Outlasts(forever)).To(BeFalse())
}

func TestExpiryAndRotationTimeAreReachedToTheSecond(t *testing.T) {
	g := NewWithT(t)
	v := Between(account(), day(0), day(90))
	g.Expect(v.Expired(day(90).Add(-time.Second))).To(BeFalse())
	g.Expect(v.Expired(day(90))).To(BeTrue())
	g.Expect(v.Due(day(60).Add(-time.Second))).To(BeFalse())
	g.Expect(v.Due(day(60))).To(BeTrue())
	g.Expect(v.SoonFrom()).To(Equal(day(60)))
	g.Expect(Between(rotatingBefore("2400h"), day(0), day(90)).NeverSuccessor()).To(BeTrue())
}

func TestAWindowThatDoesNotParseIsNamedWithItsPlace(t *testing.T) {
	for schedule, problem := range map[string]string{
		"@daily":             "must be five cron fields",
		"TZ=UTC 0 2 * * 1-5": "must not name a time zone",
		"61 2 * * *":         "is not five cron fields",
	} {
		good := v1alpha1.RotationWindow{Schedule: "0 2 * * *", Duration: "4h"}
		_, err := ParseWindows(&v1alpha1.Rotation{Windows: []v1alpha1.RotationWindow{good, {Schedule: schedule, Duration: "4h"}}})
		NewWithT(t).Expect(err).To(MatchError(And(HavePrefix("spec.rotation.windows[1]: "), ContainSubstring(problem))))
	}
}

func TestEarliestIgnoresZeroTimes(t *testing.T) {
	g := NewWithT(t)
	g.Expect(Earliest(time.Time{}, day(2), day(1))).To(Equal(day(1)))
	g.Expect(Earliest(time.Time{})).To(BeZero())
}
