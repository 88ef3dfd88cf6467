// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"testing"
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// Whatever dates an object has: an end that is not before its beginning unless it was said so, and a rotation time that
// is not after the end.
func FuzzValidity(f *testing.F) {
	f.Add(int64(1_795_000_000), int32(90), "720h", false)
	f.Add(int64(1_835_395_200), int32(1), "0s", true) // 29 February 2028
	f.Add(int64(253_402_300_799), int32(36500), "999999h", false)
	f.Add(int64(1_806_195_600), int32(3650), "1m", true) // the hour that does not exist in Paris
	f.Fuzz(func(t *testing.T, seconds int64, days int32, before string, user bool) {
		if seconds < 0 || seconds > 253_402_300_799 || days < 1 || days > 36500 {
			return
		}
		spec := &v1alpha1.CleverTapPasscodeSpec{}
		if user {
			spec.Type = v1alpha1.PasscodeTypeUser
		}
		duration := v1alpha1.Duration(before)
		if d, err := time.ParseDuration(before); err != nil || d < 0 {
			return
		}
		spec.Rotation = &v1alpha1.Rotation{Before: &duration}
		begins := time.Unix(seconds, 0).UTC()
		l := Of(spec, v1alpha1.Expiry{Days: &days}, begins)
		if l.Until.Year() > 9999 {
			t.Errorf("ends in a year that nothing can read: %s", l.Until)
		}
		if l.Until.Sub(begins) != time.Duration(days)*24*time.Hour && !l.Until.Equal(lastMoment()) {
			t.Errorf("%d days from %s end at %s", days, begins, l.Until)
		}
		if l.Rotation.After(l.Until) {
			t.Errorf("rotates at %s, after the end at %s", l.Rotation, l.Until)
		}
	})
}

// Whatever a window says: an error, or a moment that is not before the rotation time.
func FuzzWindow(f *testing.F) {
	for _, seed := range [][3]string{
		{"0 2 * * *", "4h", "Europe/Paris"}, {"TZ=0", "1h", ""}, {"CRON_TZ=UTC 0 2 * * *", "1h", ""}, {"@daily", "1m", ""}, {"0 2 31 2 *", "168h", "Local"},
		{"*/0 * * * *", "1h", ""}, {"60 24 32 13 8", "1h", "Mars"}, {"", "", "../etc/passwd"}, {"@every 1ns", "1h", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], int64(0))
	}
	f.Fuzz(func(t *testing.T, opens, lasts, zone string, shift int64) {
		w, err := parseWindow(v1alpha1.RotationWindow{Schedule: opens, Duration: v1alpha1.Duration(lasts), TimeZone: zone})
		if err != nil || w.lasts < time.Minute || w.lasts > 168*time.Hour {
			return
		}
		from := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC).Add(time.Duration(shift) % (10 * 365 * 24 * time.Hour))
		if at := firstOpen([]window{w}, from, from); !at.IsZero() && at.Before(from) {
			t.Errorf("%q opens at %s, before %s", opens, at, from)
		}
	})
}
