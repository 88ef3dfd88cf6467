// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package clevertaptest is a mock server of CleverTap for tests and the demo: accounts in regions, what people do on
// the dashboard, what the API responds, and faults to turn on. The operator never imports it.
//
// It serves every region at http://HOST/REGION, for --clevertap-endpoint=http://HOST/{region}.
package clevertaptest

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

// ConcurrencyLimit is how many calls of one account CleverTap takes at once, by its older documentation.
const ConcurrencyLimit = 3

// Server is CleverTap. It is safe for concurrent use.
type Server struct {
	clock clock.PassiveClock

	mu       sync.Mutex
	accounts map[place]*Account
	faults   map[clevertap.Region]Fault
	calls    []Call
	busiest  int
}

type place struct {
	region clevertap.Region
	id     string
}

// Call is one that came in.
type Call struct {
	Region    clevertap.Region
	AccountID string
	// Value is the passcode that came with it.
	Value string
	// Path is the API's: "/v1/connect".
	Path string
	// At is when, by the clock.
	At time.Time
	// NoResult reports whether it got neither an acceptance nor a rejection.
	NoResult bool
}

// New returns a CleverTap without accounts, whose passcodes expire by the clock.
func New(clock clock.PassiveClock) *Server {
	return &Server{clock: clock, accounts: map[place]*Account{}, faults: map[clevertap.Region]Fault{}}
}

// Account returns the region's account of that id, which is made at the first call.
func (s *Server) Account(region clevertap.Region, id string) *Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := place{region, id}
	if s.accounts[at] == nil {
		s.accounts[at] = &Account{server: s, passcodes: map[string]*passcode{}}
	}
	return s.accounts[at]
}

// Calls are those that came in so far, faults included.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

// Busiest is how many calls of one account there were at once, at most.
func (s *Server) Busiest() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.busiest
}

// ServeHTTP responds as the region's API host.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /{region}/v1/connect", s.serve)
	routes.HandleFunc("GET /{region}/1/events.json", s.serve)
	routes.HandleFunc("/", func(http.ResponseWriter, *http.Request) {}) // 200 and a zero-byte body, as seen
	routes.ServeHTTP(w, r)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	call := Call{
		Region:    clevertap.Region(r.PathValue("region")),
		AccountID: r.Header.Get("X-Clevertap-Account-Id"),
		Value:     r.Header.Get("X-Clevertap-Passcode"),
		Path:      r.URL.Path[1+len(r.PathValue("region")):],
	}
	if call.AccountID == "" && call.Value == "" {
		return // 200 and a zero-byte body, as seen
	}
	account, fault, tooMany := s.enter(call)
	defer s.leave(account)
	if fault != nil {
		fault(w, r)
		return
	}
	respond(w, s.judge(call, account, tooMany))
}

func (s *Server) enter(call Call) (account *Account, fault Fault, tooMany bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call.At = s.clock.Now()
	account, fault = s.accounts[place{call.Region, call.AccountID}], s.faults[call.Region]
	if account != nil {
		account.running++
		s.busiest = max(s.busiest, account.running)
		tooMany = account.running > ConcurrencyLimit
	}
	call.NoResult = fault != nil || tooMany || (account != nil && account.noConnect && call.Path == "/v1/connect")
	s.calls = append(s.calls, call)
	return account, fault, tooMany
}

func (s *Server) leave(account *Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if account != nil {
		account.running--
	}
}

type body struct {
	Status string `json:"status"`
	Error  string `json:"error,omitempty"`
	Code   int    `json:"code,omitempty"`
}

func (s *Server) judge(call Call, account *Account, tooMany bool) body {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case tooMany:
		return body{Status: "fail", Error: "Too many concurrent requests", Code: http.StatusTooManyRequests}
	case account != nil && account.noConnect && call.Path == "/v1/connect":
		return body{Status: "fail", Error: "Operation is not allowed", Code: http.StatusForbidden}
	case account == nil || !account.letsThrough(call.Value):
		return body{Status: "fail", Error: "Invalid Credentials", Code: http.StatusUnauthorized}
	case call.Path == "/1/events.json":
		return body{Status: "fail", Error: "Invalid cursor", Code: http.StatusBadRequest}
	}
	return body{Status: "success"}
}

func respond(w http.ResponseWriter, b body) {
	w.Header().Set("Content-Type", "application/json")
	if b.Code != 0 {
		w.WriteHeader(b.Code)
	}
	_ = json.NewEncoder(w).Encode(b) // a caller that went away needs no response
}
