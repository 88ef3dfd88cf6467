// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package decision_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/decision"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/fingerprint"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/forecast"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

// Whatever a stored object says, as long as it decodes: a decision, the same twice, whose next look is no hot loop, and
// no value of a passcode in what it reports.
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
		key := fingerprint.NewKey(make([]byte, fingerprint.KeySize))
		o := rotation.Observed{Object: object}
		for i, entry := range object.Spec.Passcodes {
			source := rotation.Source{Passcode: valueNamedAs(entry), Verification: clevertap.Verification{Result: clevertap.Result(bits >> 6), At: now}}
			source.Fingerprint = key.Of(string(object.Spec.Region), object.Spec.AccountID, source.Passcode)
			if bits&(1<<(i%6)) != 0 {
				source = rotation.Source{Problem: v1alpha1.ReasonSourceNotFound}
			}
			o.Sources = append(o.Sources, source)
		}
		d := decision.Decide(now, o)
		again := decision.Decide(now, o)
		first, _ := json.Marshal(d.Status)
		second, _ := json.Marshal(again.Status)
		if string(first) != string(second) {
			t.Error("two decisions of one world")
		}
		if d.Want == nil && len(d.Verify) == 0 && !d.Next.IsZero() && !d.Next.After(now) {
			t.Errorf("nothing to do, and to look again at once: %s", d.Next)
		}
		for _, entry := range object.Spec.Passcodes {
			if value := valueNamedAs(entry).Reveal(); strings.Contains(string(first), value) {
				t.Error("a value is reported")
			}
		}
		_ = forecast.Of(now, object)
	})
}

// Whatever a target's annotation says: a record, or none.
func FuzzRecord(f *testing.F) {
	for _, seed := range []string{"", "{}", "null", `{"revision":-1}`, `{"replaced":[{}]}`, "[", `{"endsAt":"x"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		record, err := target.ParseRecord(text)
		if err != nil {
			return
		}
		again, err := target.ParseRecord(record.Encode())
		if err != nil || again.Encode() != record.Encode() {
			t.Errorf("%q is not what it encodes to: %v", text, err)
		}
	})
}

// valueNamedAs is a well-formed passcode, another one for each name.
func valueNamedAs(entry v1alpha1.PasscodeEntry) clevertap.Passcode {
	passcode, err := clevertap.ParsePasscode(fmt.Appendf(nil, "%x", sha256.Sum256([]byte(entry.Name))))
	if err != nil {
		panic(err) // hexadecimal digits are a passcode
	}
	return passcode
}
