// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package clevertap_test

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

func client(t *testing.T, o clevertap.Options) *clevertap.Client {
	t.Helper()
	o.Now = clock
	c, err := clevertap.NewClient(o)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return c
}

func request(t *testing.T, mode clevertap.Mode) clevertap.Request {
	t.Helper()
	passcode, err := clevertap.ParsePasscode([]byte(value))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return clevertap.Request{AccountID: "TEST-1", Region: clevertap.India, Passcode: passcode, Mode: mode}
}

func verify(t *testing.T, mode clevertap.Mode, handler http.HandlerFunc) error {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	return client(t, clevertap.Options{Endpoint: server.URL + "/{region}"}).Verify(t.Context(), request(t, mode))
}

// result names the kind of error.
func result(err error) string {
	var (
		rejected    *clevertap.RejectedError
		limited     *clevertap.RateLimitedError
		unavailable *clevertap.UnavailableError
	)
	switch {
	case err == nil:
		return "accepted"
	case errors.As(err, &rejected):
		return "rejected"
	case errors.As(err, &limited):
		return "rate limited"
	case errors.As(err, &unavailable):
		return "unavailable"
	}
	return "another error: " + err.Error()
}

// responseRow is what a response means.
type responseRow struct {
	name   string
	status int
	body   string
	want   string // in both modes
	events string // in mode Events, if that is another result
}

func responseRows() []responseRow {
	const fail400 = `{"status":"fail","error":"bad cursor","code":400}`
	return []responseRow{
		{"a JSON object", 200, `{"status":"success"}`, "accepted", ""},
		{"an empty JSON object", 200, `{}`, "accepted", ""},
		{"an object whose error is null", 200, `{"error":null}`, "accepted", ""},
		{"an object with an error", 200, `{"error":"x"}`, "unavailable", ""},
		{"an object of status fail", 200, `{"status":"fail"}`, "unavailable", ""},
		{"status fail with another code", 200, `{"status":"fail","code":500}`, "unavailable", ""},
		{"status fail with code 401 in a 200", 200, `{"status":"fail","code":401}`, "rejected", ""},
		{"status fail with code 403 in a 500", 500, `{"status":"fail","code":"403"}`, "rejected", ""},
		{"code 401 without status fail", 500, `{"code":401}`, "unavailable", ""},
		{"an empty body", 200, "", "unavailable", ""},
		{"white space", 200, " \n", "unavailable", ""},
		{"a log-in page", 200, "<html>log in</html>", "unavailable", ""},
		{"a JSON list", 200, "[]", "unavailable", ""},
		{"half a JSON object", 200, `{"status":`, "unavailable", ""},
		{"an object of more than 64 KiB", 200, `{"a":"` + strings.Repeat("x", 65<<10) + `"}`, "unavailable", ""},
		{"401 without a body", 401, "", "rejected", ""},
		{"403 with a page", 403, "<html>", "rejected", ""},
		{"400 of status fail: the complaint is about the cursor", 400, fail400, "unavailable", "accepted"},
		{"400 of status fail without a code", 400, `{"status":"fail"}`, "unavailable", "accepted"},
		{"400 of code 401", 400, `{"status":"fail","code":401}`, "rejected", ""},
		{"400 of code 403", 400, `{"status":"fail","code":403}`, "rejected", ""},
		{"400 without a body", 400, "", "unavailable", ""},
		{"400 with a page of a proxy", 400, "<html>bad request</html>", "unavailable", ""},
		{"400 with another status", 400, `{"status":"success"}`, "unavailable", ""},
		{"403 without a body", 403, "", "rejected", ""},
		{"a redirect", 302, "", "unavailable", ""},
		{"404", 404, "", "unavailable", ""},
		{"405", 405, "", "unavailable", ""},
		{"407", 407, "", "unavailable", ""},
		{"409", 409, "", "unavailable", ""},
		{"429", 429, `{"status":"fail","error":"Too many concurrent requests","code":429}`, "rate limited", ""},
		{"500", 500, "", "unavailable", ""},
		{"503 with a success in it", 503, `{"status":"success"}`, "unavailable", ""},
		{"201 with a success in it", 201, `{"status":"success"}`, "unavailable", ""},
	}
}

func TestWhatAResponseMeans(t *testing.T) {
	for _, row := range responseRows() {
		for mode, want := range map[clevertap.Mode]string{clevertap.Connect: row.want, clevertap.Events: cmp.Or(row.events, row.want)} {
			t.Run(fmt.Sprintf("%s, in mode %s", row.name, mode), func(t *testing.T) {
				err := verify(t, mode, func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(row.status)
					_, _ = w.Write([]byte(row.body))
				})
				NewWithT(t).Expect(result(err)).To(Equal(want))
			})
		}
	}
}

// A 403 to the connect call is about the passcode only if the events call says so too.
func TestWhat403Means(t *testing.T) {
	const fail400 = `{"status":"fail","error":"bad cursor","code":400}`
	for _, row := range []struct {
		name         string
		status       int
		body         string
		eventsStatus int
		eventsBody   string
		want, says   string
		calls        int
	}{
		{"confirmed by a 401", 403, "", 401, "", "rejected", "401", 2},
		{"confirmed by a 403", 403, "", 403, "", "rejected", "403", 2},
		{"confirmed by a body of code 401", 403, "", 200, `{"status":"fail","code":401}`, "rejected", "", 2},
		{"in a body, confirmed", 200, `{"status":"fail","code":403}`, 401, "", "rejected", "", 2},
		{"contradicted by a complaint about the cursor", 403, "", 400, fail400, "unavailable", "spec.verification.mode: Events", 2},
		{"contradicted by a success", 403, "", 200, `{"status":"success"}`, "unavailable", "spec.verification.mode: Events", 2},
		{"in a body, contradicted", 200, `{"status":"fail","code":403}`, 400, fail400, "unavailable", "spec.verification.mode: Events", 2},
		{"not confirmed by an empty body", 403, "", 200, "", "unavailable", "brought no result", 2},
		{"not confirmed by a 503", 403, "", 503, "", "unavailable", "brought no result", 2},
		{"not confirmed by a 429", 403, "", 429, "", "unavailable", "brought no result", 2},
		{"with a body of code 401 is a 401", 403, `{"status":"fail","code":401}`, 400, fail400, "rejected", "", 1},
		{"in the body of a 401 is a 401", 401, `{"status":"fail","code":403}`, 400, fail400, "rejected", "", 1},
		{"never comes of an acceptance", 200, `{"status":"success"}`, 401, "", "accepted", "", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			calls := 0
			err := verify(t, clevertap.Connect, func(w http.ResponseWriter, r *http.Request) {
				calls++
				status, body := row.status, row.body
				if strings.HasSuffix(r.URL.Path, "/1/events.json") {
					status, body = row.eventsStatus, row.eventsBody
				}
				w.WriteHeader(status)
				_, _ = w.Write([]byte(body))
			})
			g := NewWithT(t)
			g.Expect(result(err)).To(Equal(row.want))
			g.Expect(fmt.Sprint(err)).To(ContainSubstring(row.says))
			g.Expect(calls).To(Equal(row.calls))
		})
	}
}

// Each of the two calls has the whole timeout.
func TestASecondCallThatTimesOut(t *testing.T) {
	g := NewWithT(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/1/events.json") {
			<-r.Context().Done()
			return
		}
		w.WriteHeader(http.StatusForbidden)
	}))
	defer server.Close()
	c := client(t, clevertap.Options{Endpoint: server.URL + "/{region}", Timeout: 50 * time.Millisecond})
	g.Expect(result(c.Verify(t.Context(), request(t, clevertap.Connect)))).To(Equal("unavailable"))
}

func TestWhatIsRequested(t *testing.T) {
	for _, row := range []struct {
		endpoint string
		mode     clevertap.Mode
		url      string
	}{
		{"", "", "/v1/connect?partner=clevertap-passcode-operator"},
		{"", clevertap.Connect, "/v1/connect?partner=clevertap-passcode-operator"},
		{"", clevertap.Events, "/1/events.json?cursor=none"},
		{"/", clevertap.Connect, "/v1/connect?partner=clevertap-passcode-operator"},
		{"/proxy/{region}/", clevertap.Connect, "/proxy/in1/v1/connect?partner=clevertap-passcode-operator"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			g := NewWithT(t)
			g.Expect(r.Method).To(Equal("GET"))
			g.Expect(r.URL.String()).To(Equal(row.url))
			g.Expect(r.Header.Get("X-Clevertap-Account-Id")).To(Equal("TEST-1"))
			g.Expect(r.Header.Get("X-Clevertap-Passcode")).To(Equal(value))
			g.Expect(r.Header.Get("Content-Type")).To(Equal("application/json"))
			_, _ = w.Write([]byte("{}"))
		}))
		err := client(t, clevertap.Options{Endpoint: server.URL + row.endpoint}).Verify(t.Context(), request(t, row.mode))
		server.Close()
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		t.Error("a redirect was followed, with the passcode")
		_, _ = w.Write([]byte("{}"))
	}))
	defer elsewhere.Close()
	err := verify(t, "", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) })
	NewWithT(t).Expect(result(err)).To(Equal("unavailable"))
}

func TestRetryAfter(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"":      0,
		"7":     7 * time.Second,
		"99999": time.Hour,
		"-1":    0,
		"soon":  0,
		noon.Add(time.Minute).Format(http.TimeFormat):  time.Minute,
		noon.Add(-time.Minute).Format(http.TimeFormat): 0,
	} {
		err := verify(t, "", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(http.StatusTooManyRequests)
		})
		var limited *clevertap.RateLimitedError
		NewWithT(t).Expect(errors.As(err, &limited)).To(BeTrue())
		NewWithT(t).Expect(limited.RetryAfter).To(Equal(want), header)
	}
}

func TestConnectionsAreReused(t *testing.T) {
	connections := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"status":"success"}`))
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections++
		}
	}
	server.Start()
	defer server.Close()
	c := client(t, clevertap.Options{Endpoint: server.URL})
	for range 5 {
		NewWithT(t).Expect(c.Verify(t.Context(), request(t, ""))).To(Succeed())
	}
	NewWithT(t).Expect(connections).To(Equal(1))
}

func TestWhatGoesWrongOnTheWay(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	old := httptest.NewUnstartedServer(http.NotFoundHandler())
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10} // that is what is denied
	old.StartTLS()
	defer old.Close()
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer slow.Close()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()

	for _, row := range []struct {
		name    string
		options clevertap.Options
		seen    string
	}{
		{"nobody listens", clevertap.Options{Endpoint: closed.URL}, "connection refused"},
		{"no TLS", clevertap.Options{Endpoint: strings.Replace(plain.URL, "http", "https", 1)}, "does not speak TLS"},
		{"an unknown authority", clevertap.Options{Endpoint: secure.URL}, "unknown authority"},
		{"TLS 1.1", clevertap.Options{Endpoint: old.URL, RootCAs: roots}, "the TLS handshake failed"},
		{"no response in time", clevertap.Options{Endpoint: slow.URL, Timeout: 50 * time.Millisecond}, "timed out after 50ms"},
		{"a host that does not exist", clevertap.Options{Endpoint: "https://no-such-host.invalid"}, "no-such-host.invalid"},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := client(t, row.options).Verify(t.Context(), request(t, ""))
			NewWithT(t).Expect(result(err)).To(Equal("unavailable"))
			NewWithT(t).Expect(err.Error()).To(ContainSubstring(row.seen))
			NewWithT(t).Expect(fmt.Sprintf("%+v %#v", err, err)).NotTo(ContainSubstring(value))
		})
	}
}

func TestRegions(t *testing.T) {
	for region, want := range map[clevertap.Region]string{
		"eu1":  "https://api.clevertap.com https://eu1.dashboard.clevertap.com",
		"in1":  "https://in1.api.clevertap.com https://in1.dashboard.clevertap.com",
		"mec1": "https://mec1.api.clevertap.com https://mec1.dashboard.clevertap.com",
		"evil": " ",
	} {
		NewWithT(t).Expect(region.Endpoint() + " " + region.Dashboard()).To(Equal(want))
	}
}
