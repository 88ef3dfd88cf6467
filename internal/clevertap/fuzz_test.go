// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package clevertap

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Whatever responds: it is an acceptance, or exactly one of three kinds of error; and no more than its kind is reported.
func FuzzInterpret(f *testing.F) {
	for _, seed := range []struct {
		status int
		body   string
	}{
		{200, `{"status":"success"}`}, {200, `{"status":"fail","error":"x","code":401}`}, {200, `{"status":"fail","code":"403"}`},
		{401, ""}, {403, "<html>"}, {429, "{}"}, {500, "null"}, {302, ""}, {200, ""}, {200, "[]"}, {200, `{"status":1}`}, {200, "\xff\xfe"},
		{200, `{"code":99999999999999999999}`}, {200, strings.Repeat("[", 10000)},
	} {
		f.Add(seed.status, []byte(seed.body), true)
	}
	f.Fuzz(func(t *testing.T, status int, body []byte, events bool) {
		mode := Connect
		if events {
			mode = Events
		}
		err := interpret(mode, response{host: "host", status: status, content: readContent(body)})
		var (
			rejected    *RejectedError
			limited     *RateLimitedError
			unavailable *UnavailableError
		)
		kinds := 0
		for _, is := range []bool{errors.As(err, &rejected), errors.As(err, &limited), errors.As(err, &unavailable)} {
			if is {
				kinds++
			}
		}
		if err == nil && ((status != http.StatusOK && mode == Connect) || !json.Valid(body)) {
			t.Errorf("%d with %q counts as an acceptance", status, body)
		}
		if err != nil && kinds != 1 {
			t.Errorf("%d kinds of error: %v", kinds, err)
		}
		if err != nil && len(body) > 40 && strings.Contains(err.Error(), string(body)) {
			t.Errorf("the response is reported: %v", err)
		}
	})
}

// Whatever the header says: a wait between nothing and an hour.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "1", "-1", "99999999999999999999", "Wed, 25 Nov 2026 09:00:00 GMT", "1.5", " 7 ", "Inf"} {
		f.Add(seed)
	}
	now := time.Date(2026, 11, 25, 8, 59, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value string) {
		if wait := parseRetryAfter(value, now); wait < 0 || wait > time.Hour {
			t.Errorf("%q is a wait of %s", value, wait)
		}
	})
}

// However a passcode is printed: nothing of it shows.
func FuzzMask(f *testing.F) {
	for _, seed := range []string{"YOW-RMW-WIKL", "a", "%d%s", "[passcode]", "\\n", "{}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		passcode, err := ParsePasscode([]byte(value))
		if err != nil {
			if len(value) > 12 && strings.Contains(err.Error(), value) {
				t.Errorf("the error has the value: %v", err)
			}
			return
		}
		encoded, err := json.Marshal(map[string]any{"p": passcode, "list": []Passcode{passcode}})
		if err != nil {
			t.Fatal(err)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			printed := fmt.Sprintf(verb, passcode) + fmt.Sprintf(verb, struct{ P Passcode }{passcode})
			if len(value) > 3 && strings.Contains(strings.ReplaceAll(printed, mask, ""), value) {
				t.Errorf("%s prints %s", verb, printed)
			}
		}
		if len(value) > 8 && strings.Contains(strings.ReplaceAll(string(encoded), mask, ""), value) {
			t.Errorf("JSON has it: %s", encoded)
		}
		if !passcode.Equal(passcode) || passcode.Reveal() != strings.TrimSuffix(strings.TrimSuffix(value, "\n"), "\r") {
			t.Error("not itself")
		}
	})
}
