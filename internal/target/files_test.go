// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

// printable draws any value that can be a passcode, and often those that a reader may trip over.
func printable() *rapid.Generator[string] {
	awkward := rapid.SampledFrom([]string{`'`, `''`, `"`, `\`, `\'`, `$HOME`, "$(id)", "`id`", "#", "a#b", "!!", "*", "~", "&&", ";", "%s", "=", "'\\''",
		"{}", "<&>", "-n", ":", "@"})
	return rapid.OneOf(awkward, rapid.StringMatching(`[!-~]{1,128}`))
}

func tupleOf(t rapid.TB, value string) target.Tuple {
	passcode, err := clevertap.ParsePasscode([]byte(value))
	if err != nil {
		t.Fatalf("%q: %v", value, err)
	}
	return target.Tuple{AccountID: "TEST-5RW-K78-985Z", Region: "in1", Endpoint: "https://in1.api.clevertap.com", Passcode: passcode}
}

func write(t testing.TB, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestEveryPasscodeIsReadBackByAShell(t *testing.T) {
	file := filepath.Join(t.TempDir(), "clevertap.env")
	rapid.Check(t, func(r *rapid.T) {
		value := printable().Draw(r, "passcode")
		write(t, file, tupleOf(r, value).Render(v1alpha1.FileFormatEnv))
		out, err := exec.Command("sh", "-c",
			`. "$1" && printf '%s\n' "$CLEVERTAP_ACCOUNT_ID" "$CLEVERTAP_PASSCODE" "$CLEVERTAP_REGION" "$CLEVERTAP_ENDPOINT"`, "sh", file).CombinedOutput()
		if want := "TEST-5RW-K78-985Z\n" + value + "\nin1\nhttps://in1.api.clevertap.com\n"; err != nil || string(out) != want {
			r.Fatalf("%v: %q, not %q", err, out, want)
		}
	})
}

func TestEveryPasscodeIsReadBackFromJSONOnOneLine(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		value := printable().Draw(r, "passcode")
		content := tupleOf(r, value).Render(v1alpha1.FileFormatJSON)
		var read struct{ AccountID, Passcode, Region, Endpoint string }
		if err := json.Unmarshal(content, &read); err != nil || read.Passcode != value || strings.Count(string(content), "\n") != 1 {
			r.Fatalf("%v: %s", err, content)
		}
	})
}

func TestTheOrderOfJSON(t *testing.T) {
	NewWithT(t).Expect(string(tupleOf(t, "YOW-RMW-WIKL").Render(v1alpha1.FileFormatJSON))).To(Equal(
		`{"accountId":"TEST-5RW-K78-985Z","passcode":"YOW-RMW-WIKL","region":"in1","endpoint":"https://in1.api.clevertap.com"}` + "\n"))
}

func TestEveryPasscodeIsSentByCurl(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("NOT RUN: there is no curl on this machine")
	}
	headers := make(chan http.Header, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { headers <- r.Header }))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "headers")
	rapid.Check(t, func(r *rapid.T) {
		value := printable().Draw(r, "passcode")
		write(t, file, tupleOf(r, value).Render(v1alpha1.FileFormatHeaders))
		if out, err := exec.Command("curl", "--silent", "--show-error", "--noproxy", "*", "-H", "@"+file, server.URL).CombinedOutput(); err != nil {
			r.Fatalf("%v: %s", err, out)
		}
		got := <-headers
		if got.Get("X-Clevertap-Passcode") != value || got.Get("X-Clevertap-Account-Id") != "TEST-5RW-K78-985Z" ||
			got.Get("Content-Type") != "application/json" {
			r.Fatalf("%q was sent as %v", value, got)
		}
	})
}

// docker's reader of such files knows no quotes: it takes what follows the first = as it is.
func TestAPlainPasscodeIsReadByDockersReaderToo(t *testing.T) {
	g := NewWithT(t)
	content := string(tupleOf(t, "YOW-RMW-WIKL").Render(v1alpha1.FileFormatEnv))
	g.Expect(content).NotTo(ContainSubstring("'"))
	for line := range strings.Lines(content) {
		g.Expect(line).To(MatchRegexp(`^CLEVERTAP_[A-Z_]+=[^'"\\$#\s]+\n$`))
	}
	g.Expect(regexp.MustCompile(`(?m)^CLEVERTAP_PASSCODE=(.*)$`).FindStringSubmatch(content)[1]).To(Equal("YOW-RMW-WIKL"))
}
