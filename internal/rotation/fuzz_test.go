// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// Whatever a stored object says, as long as it decodes: a decision, the same twice, whose next look is no hot loop, and
// no value of a passcode in what it tells.
func FuzzDecide(f *testing.F) {
	for _, seed := range []string{
		`{}`,
		`{"metadata":{"name":"o","namespace":"n","uid":"u","generation":1},"spec":{"accountID":"A","region":"in1","expiry":{"days":90},"passcodes":[{"name":"a","secretKeyRef":{"name":"s","key":"k"}}]}}`,
		`{"spec":{"passcodes":[{"name":"a"},{"name":"a"}],"rotation":{"before":"nonsense","pin":"x","windows":[{"schedule":"* * * * *","duration":"-1h"}]}}}`,
		`{"spec":{"expiry":{"at":"0000-00-00T25:61:61Z"},"passcodes":[{"name":"a","createdAt":"never"}],"verification":{"mode":"Sideways","interval":"-1s"}}}`,
		`{"spec":{"type":"User","expiry":{"forever":true},"passcodes":[{"name":"a"}]},"status":{"revision":-5,"history":[{"revision":9}],"passcodes":[{"name":"a","state":"Active"}]}}`,
		`{"spec":{"expiry":{"days":-1},"passcodes":[{"name":"a","expiry":{"days":2147483647}}]},"status":{"activePasscode":"b","phase":"Nonsense"}}`,
	} {
		f.Add(seed, uint8(0), int64(0))
	}
	f.Fuzz(func(t *testing.T, text string, bits uint8, shift int64) {
		object := &v1alpha1.CleverTapPasscode{}
		if json.Unmarshal([]byte(text), object) != nil {
			return
		}
		now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC).Add(time.Duration(shift))
		key := NewKey(make([]byte, KeySize))
		o := Observed{Object: object}
		for i, entry := range object.Spec.Passcodes {
			source := Source{Passcode: simulatedValue(entry.Name), Verification: Verification{Result: Result(bits >> 6), At: now}}
			source.Fingerprint = key.Fingerprint(string(object.Spec.Region), object.Spec.AccountID, source.Passcode)
			if bits&(1<<(i%6)) != 0 {
				source = Source{Problem: v1alpha1.ReasonSourceNotFound}
			}
			o.Sources = append(o.Sources, source)
		}
		d := Decide(now, o)
		again := Decide(now, o)
		first, _ := json.Marshal(d.Status)
		second, _ := json.Marshal(again.Status)
		if string(first) != string(second) {
			t.Error("two decisions of one world")
		}
		if d.Want == nil && len(d.Verify) == 0 && !d.Next.IsZero() && !d.Next.After(now) {
			t.Errorf("nothing to do, and to look again at once: %s", d.Next)
		}
		for _, entry := range object.Spec.Passcodes {
			if value := simulatedValue(entry.Name).Reveal(); strings.Contains(string(first), value) {
				t.Error("a value is told")
			}
		}
		_ = Plan(now, object)
	})
}

// Whatever a target's annotation says: a record, or none.
func FuzzRecord(f *testing.F) {
	for _, seed := range []string{"", "{}", "null", `{"revision":-1}`, `{"replaced":[{}]}`, "[", `{"endsAt":"x"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		record, err := ParseRecord(text)
		if err != nil {
			return
		}
		again, err := ParseRecord(record.Encode())
		if err != nil || again.Encode() != record.Encode() {
			t.Errorf("%q is not what it encodes to: %v", text, err)
		}
	})
}

// Whatever dates an object has: an end that is not before its beginning unless it was said so, and a rotation time that
// is not after the end.
func FuzzLife(f *testing.F) {
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
		l := validityOf(spec, v1alpha1.Expiry{Days: &days}, begins)
		if l.until.Year() > 9999 {
			t.Errorf("ends in a year that nothing can read: %s", l.until)
		}
		if l.until.Sub(begins) != time.Duration(days)*24*time.Hour && !l.until.Equal(lastMoment()) {
			t.Errorf("%d days from %s end at %s", days, begins, l.until)
		}
		if l.rotation.After(l.until) {
			t.Errorf("rotates at %s, after the end at %s", l.rotation, l.until)
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
	f.Fuzz(func(t *testing.T, schedule, lasts, zone string, shift int64) {
		w, err := parseWindow(v1alpha1.RotationWindow{Schedule: schedule, Duration: v1alpha1.Duration(lasts), TimeZone: zone})
		if err != nil || w.lasts < time.Minute || w.lasts > 168*time.Hour {
			return
		}
		from := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC).Add(time.Duration(shift) % (10 * 365 * 24 * time.Hour))
		if at := firstOpen([]window{w}, from, from); !at.IsZero() && at.Before(from) {
			t.Errorf("%q opens at %s, before %s", schedule, at, from)
		}
	})
}
