// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package clevertap

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// What Options mean if they say nothing.
const (
	DefaultPartner = "clevertap-passcode-operator"
	DefaultTimeout = 10 * time.Second
)

// Options configure a Client. The zero value calls CleverTap's own hosts.
type Options struct {
	// Endpoint is a base URL to call in place of CleverTap's hosts, for proxies and tests; every {region} in it is
	// replaced. Over http:// passcodes travel in the clear: only to a proxy beside this process, or in a test.
	Endpoint string
	// Partner names the caller to CleverTap; "" means DefaultPartner.
	Partner string
	// UserAgent is the header of every call; "" means DefaultPartner.
	UserAgent string
	// Timeout bounds one call from connecting to the end of its response; zero means DefaultTimeout.
	Timeout time.Duration
	// IdleConnections is how many connections to one host are kept for the next call; zero means
	// http.DefaultMaxIdleConnsPerHost.
	IdleConnections int
	// RootCAs are whom to trust; nil means the system's.
	RootCAs *x509.CertPool
	// Now is the clock that a Retry-After date is measured by; required.
	Now func() time.Time
	// Wrap puts something around every call, such as a fault; nil means nothing.
	Wrap func(http.RoundTripper) http.RoundTripper
}

// Client verifies passcodes with CleverTap. It is safe for concurrent use.
type Client struct {
	bases     map[Region]*url.URL
	partner   string
	userAgent string
	timeout   time.Duration
	now       func() time.Time
	transport http.RoundTripper
}

// NewClient checks the options. Its errors never repeat the endpoint.
func NewClient(o Options) (*Client, error) {
	if o.Timeout < 0 {
		return nil, errors.New("configuring the CleverTap client: the timeout must not be negative")
	}
	o = o.withDefaults()
	bases, err := endpoints(o.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("configuring the CleverTap client: %w", err)
	}
	return &Client{
		bases:     bases,
		partner:   o.Partner,
		userAgent: cmp.Or(o.UserAgent, DefaultPartner),
		timeout:   o.Timeout,
		now:       o.Now,
		transport: o.Wrap(newTransport(o)),
	}, nil
}

func (o Options) withDefaults() Options {
	if o.Partner == "" {
		o.Partner = DefaultPartner
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Wrap == nil {
		o.Wrap = func(t http.RoundTripper) http.RoundTripper { return t }
	}
	return o
}

// newTransport is used without an http.Client around it, so that nothing follows a redirect with a passcode.
func newTransport(o Options) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: proxyDenied,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
		ForceAttemptHTTP2:      true,
		// A ping finds out that an HTTP/2 connection is broken, which otherwise every later call would share.
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: o.Timeout, PingTimeout: o.Timeout},
		MaxIdleConnsPerHost:    o.IdleConnections,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: maxBody,
		DisableCompression:     true, // a capped body shall be capped as it travels
	}
}

// Verify verifies the passcode: nil if CleverTap accepts it, *RejectedError if it rejects it,
// *RateLimitedError and *UnavailableError when nothing was learnt.
//
// In mode Connect a 403 may be about the endpoint and not about the passcode, so the events call is made as well. It can
// confirm a rejection, and never makes a passcode accepted.
func (c *Client) Verify(ctx context.Context, q Request) error {
	got, err := c.send(ctx, q)
	if err != nil {
		return err
	}
	if q.Mode != Events && got.forbidden() {
		return c.confirm(ctx, q, got)
	}
	return interpret(q.Mode, got)
}

// confirm finds out whether the 403 that the connect call got is about the passcode.
func (c *Client) confirm(ctx context.Context, q Request, connect response) error {
	q.Mode = Events
	var rejected *RejectedError
	got, err := c.send(ctx, q)
	if err == nil {
		err = interpret(Events, got)
	}
	switch {
	case err == nil:
		return &UnavailableError{Detail: connect.describe() +
			", but lets the passcode use the events API: this account may not use the Connect call. Set spec.verification.mode: Events"}
	case errors.As(err, &rejected):
		return err
	}
	return &UnavailableError{Detail: connect.describe() +
		", and the events call that would confirm it brought no result: if this account may not use the Connect call, set spec.verification.mode: Events"}
}

// send makes one call within the client's timeout.
func (c *Client) send(ctx context.Context, q Request) (response, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, errTimedOut)
	defer cancel()
	request, err := c.request(ctx, q)
	if err != nil {
		return response{}, err
	}
	got, err := c.call(request)
	if err != nil {
		return response{}, c.unreached(ctx, request.URL.Host, err)
	}
	return got, nil
}

// request returns *UnavailableError for what cannot be sent.
func (c *Client) request(ctx context.Context, q Request) (*http.Request, error) {
	base, known := c.bases[q.Region]
	switch {
	case !known:
		return nil, &UnavailableError{Detail: "not called: there is no such region"}
	case q.AccountID == "" || q.Passcode.IsZero():
		return nil, &UnavailableError{Detail: "not called: there is no account or no passcode"}
	}
	target, err := c.target(base, q.Mode)
	if err != nil {
		return nil, err
	}
	request := &http.Request{Method: http.MethodGet, URL: target, Host: target.Host, Header: http.Header{
		"X-Clevertap-Account-Id": {q.AccountID},
		"X-Clevertap-Passcode":   {q.Passcode.Reveal()},
		"Content-Type":           {"application/json"},
		"User-Agent":             {c.userAgent},
	}}
	return request.WithContext(ctx), nil
}

func (c *Client) target(base *url.URL, mode Mode) (*url.URL, error) {
	switch mode {
	case Connect, "":
		target := base.JoinPath("v1", "connect")
		target.RawQuery = url.Values{"partner": {c.partner}}.Encode()
		return target, nil
	case Events:
		target := base.JoinPath("1", "events.json")
		target.RawQuery = "cursor=none"
		return target, nil
	}
	return nil, &UnavailableError{Detail: "not called: there is no such verification mode"}
}

// call reads the body to its end, or to its cap, so that the connection serves the next call.
func (c *Client) call(request *http.Request) (response, error) {
	received, err := c.transport.RoundTrip(request)
	if err != nil {
		return response{}, err
	}
	defer func() { _ = received.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(received.Body, maxBody+1))
	if err != nil && !isRejection(received.StatusCode) {
		return response{}, err
	}
	return response{
		host:       request.URL.Host,
		status:     received.StatusCode,
		retryAfter: parseRetryAfter(received.Header.Get("Retry-After"), c.now()),
		content:    readContent(body),
	}, nil
}
