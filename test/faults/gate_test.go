// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"path"
	"sync"
)

// everything is what a paused process gets through: nothing.
const everything = "everything"

// writes are those of Secrets, each paused right before it is sent.
const writes = "writes"

// objects and secrets are what the operator watches.
const objects, secrets = "clevertappasscodes", "secrets"

// gate keeps an incarnation from what the API server has: the watch of a resource is paused, or cut and later answered
// 410, or the next one begins with an older list.
type gate struct {
	mu      sync.Mutex
	paused  map[string]chan struct{} // closed when it is let go
	gone    map[string]bool          // the next watch is answered 410
	cuts    map[string]func()        // what ends the watch of a resource
	older   map[string]*listing
	watches map[string]*http.Request // the last watch of a resource
	// waiting is how many requests are held, watches aside.
	waiting int
}

// listing is a list as it was once.
type listing struct {
	header http.Header
	body   []byte
}

func newGate() *gate {
	return &gate{
		paused: map[string]chan struct{}{}, gone: map[string]bool{}, cuts: map[string]func(){},
		older: map[string]*listing{}, watches: map[string]*http.Request{},
	}
}

func (g *gate) pause(resources ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, resource := range resources {
		if g.paused[resource] == nil {
			g.paused[resource] = make(chan struct{})
		}
	}
}

func (g *gate) release(resources ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, resource := range resources {
		if held := g.paused[resource]; held != nil {
			close(held)
			delete(g.paused, resource)
		}
	}
}

// open releases everything.
func (g *gate) open() { g.release(everything, writes, objects, secrets) }

// cut ends the watch of a resource and pauses the next one, whose version will be too old.
func (g *gate) cut(resource string) {
	g.pause(resource)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gone[resource] = true
	if end := g.cuts[resource]; end != nil {
		end()
	}
}

// shows reports whether an informer of the resource gets what the API server has.
func (g *gate) shows(resource string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.paused[resource] == nil && !g.gone[resource] && g.older[resource] == nil
}

// holds reports whether a request waits, of a pass that can go no further.
func (g *gate) holds() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.waiting > 0
}

func (g *gate) wait(ctx context.Context, resource string) error {
	g.mu.Lock()
	held := g.paused[resource]
	g.mu.Unlock()
	if held == nil {
		return nil
	}
	if resource == everything || resource == writes {
		g.count(1)
		defer g.count(-1)
	}
	select {
	case <-held:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *gate) count(more int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting += more
}

// watch lets a watch through, whose frames come when the gate lets them.
func (g *gate) watch(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	resource := path.Base(r.URL.Path)
	g.mu.Lock()
	older := g.older[resource] != nil
	g.watches[resource] = r.Clone(context.Background())
	g.mu.Unlock()
	if older && r.URL.Query().Get("sendInitialEvents") == "true" {
		return respond(r, http.StatusUnprocessableEntity, "Invalid"), nil // then it lists, as older clients do
	}
	if err := g.wait(r.Context(), resource); err != nil {
		return nil, err
	}
	g.mu.Lock()
	gone := g.gone[resource]
	g.gone[resource] = false
	g.mu.Unlock()
	if gone {
		return respond(r, http.StatusGone, "Expired"), nil
	}
	ctx, cancel := context.WithCancel(r.Context())
	response, err := next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	g.mu.Lock()
	g.cuts[resource] = cancel
	g.mu.Unlock()
	response.Body = &pausedBody{ReadCloser: response.Body, wait: func() error { return g.wait(ctx, resource) }, cancel: cancel}
	return response, nil
}

// pausedBody hands on what it reads when it may.
type pausedBody struct {
	io.ReadCloser
	wait   func() error
	cancel func()
}

func (b *pausedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if waited := b.wait(); waited != nil {
		return 0, waited
	}
	return n, err // io.EOF has to stay it
}

func (b *pausedBody) Close() error {
	b.cancel()
	return b.ReadCloser.Close()
}

// list is an older one in place of the API server's, once, for the informer; nil if there is none. A list of at most one item
// is the operator's look at its permissions.
func (g *gate) list(r *http.Request) (*http.Response, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	resource := path.Base(r.URL.Path)
	older := g.older[resource]
	if r.Method != http.MethodGet || older == nil || r.URL.Query().Get("limit") == "1" {
		return nil, nil
	}
	delete(g.older, resource)
	return &http.Response{
		StatusCode: http.StatusOK, Status: http.StatusText(http.StatusOK), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: older.header, Body: io.NopCloser(bytes.NewReader(older.body)), ContentLength: int64(len(older.body)), Request: r,
	}, nil
}

// inThePast reports whether the older lists were taken.
func (g *gate) inThePast() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.older) == 0
}

// listed is what a list would be now, in the form that this incarnation asks for.
func (g *gate) listed(resource string, next http.RoundTripper) (*listing, error) {
	g.mu.Lock()
	watch := g.watches[resource]
	g.mu.Unlock()
	if watch == nil {
		return nil, fmt.Errorf("%s are not watched", resource)
	}
	r := watch.Clone(context.Background())
	query := r.URL.Query()
	for _, parameter := range []string{"watch", "sendInitialEvents", "allowWatchBookmarks", "resourceVersion", "resourceVersionMatch", "timeoutSeconds"} {
		query.Del(parameter)
	}
	r.URL.RawQuery = query.Encode()
	response, err := next.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", resource, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("listing %s: %s, %w", resource, response.Status, err)
	}
	return &listing{header: response.Header, body: body}, nil
}
