// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/controllers"
)

// fault is what becomes of one request.
type fault string

const (
	crashBefore   fault = "crash-before"
	crashAfter    fault = "crash-after"
	conflict      fault = "conflict"
	forbidden     fault = "forbidden"
	tooMany       fault = "too-many-requests"
	internal      fault = "internal-error"
	unavailable   fault = "unavailable"
	timeoutBefore fault = "timeout-before-commit"
	timeoutAfter  fault = "timeout-after-commit"
	replyLost     fault = "reply-lost"
	sentTwice     fault = "sent-twice"
	notConnected  fault = "connection-refused"
)

func (f fault) isCrash() bool { return f == crashBefore || f == crashAfter }

func everyFault() []fault {
	return append(crashes(), conflict, forbidden, tooMany, internal, unavailable, timeoutBefore, timeoutAfter, replyLost, sentTwice, notConnected)
}

func crashes() []fault { return []fault{crashBefore, crashAfter} }

// fence stands between operators and the rest of the world. It numbers every request to the API server and every call
// to CleverTap, watches aside, and does to them what the plan says.
type fence struct {
	mu       sync.Mutex
	plan     map[int]fault
	trace    []string // what each number was
	injected int
	denied   [2]string // method and end of the path of what a policy forbids
	last     time.Time
	now      func() time.Time
}

// incarnation is one process of the operator. Once it has crashed, nothing of it gets through.
type incarnation struct {
	mu       sync.Mutex
	ended    bool
	watching bool
	end      func() // ends its Run
	replica  int
	gate     *gate
	// reconciler is the operator's, once it is prepared to start.
	reconciler atomic.Pointer[controllers.Reconciler]
}

var errCrashed = errors.New("this incarnation has crashed")

func (i *incarnation) crash() {
	i.die()
	i.gate.open()
	go i.end() // the request that crashed is one that the end waits for
}

func (i *incarnation) die() {
	i.mu.Lock()
	i.ended = true
	i.mu.Unlock()
}

// watches notes that it has come as far as to watch.
func (i *incarnation) watches() {
	i.mu.Lock()
	i.watching = true
	i.mu.Unlock()
}

// works reports whether it is alive, and past its start.
func (i *incarnation) works() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.watching && !i.ended
}

func (i *incarnation) crashed() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.ended
}

// number is the request's, and what the plan has for it.
func (f *fence) number(what string) (n int, planned fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n = len(f.trace)
	f.trace = append(f.trace, what)
	f.last = f.now()
	planned = f.plan[n]
	if planned != "" {
		f.injected++
	}
	return n, planned
}

// stir notes that something happens that has no number.
func (f *fence) stir() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = f.now()
}

// deny forbids requests of a method whose path ends so; "" allows all.
func (f *fence) deny(method, path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.denied = [2]string{method, path}
}

func (f *fence) denies(r *http.Request) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.denied[0] != "" && f.denied[0] == r.Method && strings.HasSuffix(r.URL.Path, "/"+f.denied[1])
}

func (f *fence) quietSince() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

func (f *fence) counted() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.trace)
}

func (f *fence) injections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.injected
}

// crashes reports whether one of the faults was a crash, and unanswered whether one kept a result of CleverTap back.
func (f *fence) crashes() bool {
	return f.suffered(func(_ int, fault fault) bool { return fault.isCrash() })
}

func (f *fence) unanswered() bool {
	return f.suffered(func(n int, fault fault) bool { return f.trace[n] == "CleverTap" && !fault.isCrash() })
}

// suffersFrom reports whether a fault came at this number or later: what it leads to was requested.
func (f *fence) suffersFrom(first int) bool {
	return f.suffered(func(n int, _ fault) bool { return n >= first })
}

// suffered reports whether one of the faults that came matches.
func (f *fence) suffered(matches func(n int, fault fault) bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for n, fault := range f.plan {
		if n < len(f.trace) && matches(n, fault) {
			return true
		}
	}
	return false
}

// around is the fence for one incarnation: of the API server, or of CleverTap.
func (f *fence) around(i *incarnation, vendor bool) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if err := i.gate.wait(r.Context(), everything); err != nil {
				return nil, err
			}
			if r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/"+secrets) {
				if err := i.gate.wait(r.Context(), writes); err != nil {
					return nil, err
				}
			}
			if i.crashed() {
				return nil, errCrashed
			}
			if r.URL.Query().Get("watch") == "true" {
				f.stir()
				i.watches()
				return i.gate.watch(next, r)
			}
			if listed, err := i.gate.list(r); listed != nil || err != nil {
				return listed, err
			}
			if strings.HasPrefix(r.URL.Path, "/apis/coordination") || (!vendor && !strings.Contains(r.URL.Path, "/namespaces/")) {
				return next.RoundTrip(r)
			}
			if path.Base(path.Dir(r.URL.Path)) == "namespaces" {
				i.watches() // it looks whether it may watch, and tries again by the clock
			}
			what := r.Method + " " + r.URL.Path
			if vendor {
				what = "CleverTap"
			}
			_, planned := f.number(what)
			server := next
			if !vendor && f.denies(r) {
				server = roundTripper(func(r *http.Request) (*http.Response, error) {
					return respond(r, http.StatusForbidden, "Forbidden"), nil
				})
			}
			return f.suffer(planned, i, server, r)
		})
	}
}

func (f *fence) suffer(planned fault, i *incarnation, next http.RoundTripper, r *http.Request) (*http.Response, error) {
	switch planned {
	case "":
		return next.RoundTrip(r)
	case crashBefore:
		i.crash()
		return nil, errCrashed
	case crashAfter:
		err := sendAndForget(next, r)
		i.crash()
		return nil, errors.Join(errCrashed, err)
	case conflict:
		return respond(r, http.StatusConflict, "Conflict"), nil
	case forbidden:
		return respond(r, http.StatusForbidden, "Forbidden"), nil
	case tooMany:
		return respond(r, http.StatusTooManyRequests, "TooManyRequests"), nil
	case internal:
		return respond(r, http.StatusInternalServerError, "InternalError"), nil
	case unavailable:
		return respond(r, http.StatusServiceUnavailable, "ServiceUnavailable"), nil
	case timeoutBefore:
		return nil, timedOutError{}
	case timeoutAfter:
		return nil, errors.Join(timedOutError{}, sendAndForget(next, r))
	case replyLost:
		return nil, errors.Join(io.ErrUnexpectedEOF, sendAndForget(next, r))
	case notConnected:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case sentTwice:
		return sendTwice(next, r)
	}
	return nil, fmt.Errorf("no such fault: %s", planned)
}

// sendAndForget sends a request whose response nobody gets.
func sendAndForget(next http.RoundTripper, r *http.Request) error {
	response, err := next.RoundTrip(r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return errors.Join(err, response.Body.Close())
}

// sendTwice has the server see the request twice; its first response is the one that comes back.
func sendTwice(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	again := r.Clone(r.Context())
	r.Body, again.Body = io.NopCloser(bytes.NewReader(body)), io.NopCloser(bytes.NewReader(body))
	response, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	return response, sendAndForget(next, again)
}

// respond is the API server's form of an error, which is none that CleverTap has.
func respond(r *http.Request, code int, reason string) *http.Response {
	body := fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","message":"injected","reason":%q,"code":%d}`, reason, code)
	header := http.Header{"Content-Type": {"application/json"}}
	if code == http.StatusTooManyRequests {
		header.Set("Retry-After", "1")
	}
	return &http.Response{
		StatusCode: code, Status: http.StatusText(code), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}

// timedOutError is what a dialer or a slow server leaves behind.
type timedOutError struct{}

func (timedOutError) Error() string { return "injected: i/o timeout" }
func (timedOutError) Timeout() bool { return true }

// Temporary is for client-go, which requests it.
func (timedOutError) Temporary() bool { return true }

type roundTripper func(*http.Request) (*http.Response, error)

func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }
