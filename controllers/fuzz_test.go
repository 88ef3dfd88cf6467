// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/fingerprint"
)

func fuzzed() (*Reconciler, *v1alpha1.CleverTapPasscode) {
	object := &v1alpha1.CleverTapPasscode{}
	object.Name, object.Namespace, object.UID = "o", "n", "u"
	object.Spec.AccountID, object.Spec.Region = "TEST-1", "in1"
	return &Reconciler{Key: fingerprint.NewKey(make([]byte, fingerprint.KeySize))}, object
}

// Whatever a Secret of the target's name contains: it is the object's, or a conflict that is reported; what counts as whole is
// what its record proves; and no value is reported.
func FuzzTarget(f *testing.F) {
	for _, seed := range []string{
		`{}`,
		`{"metadata":{"name":"o","labels":{"clevertap.passcode-operator.io/role":"target","app.kubernetes.io/managed-by":"clevertap-passcode-operator"},"annotations":{"clevertap.passcode-operator.io/owner":"o","clevertap.passcode-operator.io/record":"{\"revision\":1,\"keys\":{\"passcode\":\"p\",\"accountID\":\"p\"}}"}},"type":"Opaque","data":{"p":"YQ==","accountId":"","region":"////"}}`,
		`{"metadata":{"labels":{"clevertap.passcode-operator.io/role":"target","app.kubernetes.io/managed-by":"clevertap-passcode-operator"},"annotations":{"clevertap.passcode-operator.io/owner":"o","clevertap.passcode-operator.io/revision":"-9223372036854775809","clevertap.passcode-operator.io/expires-at":"never"}},"immutable":true}`,
		`{"metadata":{"labels":{"clevertap.passcode-operator.io/role":"source"},"ownerReferences":[{"uid":"u"}]},"type":"kubernetes.io/tls","data":null}`,
	} {
		f.Add(seed, "VALUE-OF-a")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		secret := &corev1.Secret{}
		if json.Unmarshal([]byte(text), secret) != nil {
			return
		}
		if len(value) > 8 && secret.Data != nil {
			secret.Data["passcode"] = []byte(value)
		}
		r, object := fuzzed()
		target := r.readTarget(object, secret)
		if target.Exists == (target.Conflict != "") {
			t.Errorf("neither the object's nor a conflict, or both: %+v", target)
		}
		if target.Whole() && target.Tuple.Passcode.IsZero() {
			t.Error("whole, and empty")
		}
		if len(value) > 8 && !strings.Contains(text, value) && strings.Contains(target.Conflict, value) {
			t.Error("a value is reported")
		}
	})
}

// Whatever a source contains: a passcode with a fingerprint, or a problem that is reported, without the value.
func FuzzSource(f *testing.F) {
	for _, seed := range []string{"", "a", "VALUE-OF-a", "with space", "\xff\xfe", "line\nbreak", "ends\r\n", strings.Repeat("x", 5000)} {
		f.Add([]byte(seed), "key")
	}
	f.Fuzz(func(t *testing.T, value []byte, key string) {
		r, object := fuzzed()
		source := r.readSource(object, &corev1.Secret{Data: map[string][]byte{"key": value}}, key)
		if (source.Problem == "") == source.Passcode.IsZero() || (source.Problem == "") != (source.Fingerprint != "") {
			t.Errorf("neither a passcode nor a problem, or both: %+v", source)
		}
		if len(value) > 12 && strings.Contains(source.Detail, string(value)) {
			t.Errorf("a value is reported: %s", source.Detail)
		}
	})
}

// Whatever an event says: the API server takes it.
func FuzzShortened(f *testing.F) {
	for _, seed := range []string{"", "a", strings.Repeat("ü", 600), strings.Repeat("x", 1023) + "€", strings.Repeat("\xff", 2000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, message string) {
		short := shortened(message)
		if len(short) > maxNote {
			t.Errorf("%d bytes", len(short))
		}
		if utf8.ValidString(message) && !utf8.ValidString(short) {
			t.Errorf("cut within a character: %q", short)
		}
	})
}
