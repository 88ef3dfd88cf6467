// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package clevertap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
)

// errTimedOut distinguishes the client's own timeout from the caller's deadline.
var errTimedOut = errors.New("timed out")

// proxyError is a proxy's denial to connect us.
type proxyError struct{ status int }

func (e *proxyError) Error() string {
	return fmt.Sprintf("the proxy answered HTTP %d", e.status)
}

// proxyDenied makes a proxy's denial an error that is known by its type: net/http has only its text.
func proxyDenied(_ context.Context, _ *url.URL, _ *http.Request, response *http.Response) error {
	if response.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{status: response.StatusCode}
}

// unreached says that no response came, and why, in words of our own: the error's may contain what a server sent or a
// proxy's password.
func (c *Client) unreached(ctx context.Context, host string, err error) *UnavailableError {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errTimedOut):
		return &UnavailableError{Detail: fmt.Sprintf("%s timed out after %s", host, c.timeout), cause: ctx.Err()}
	case cause != nil:
		return &UnavailableError{Detail: fmt.Sprintf("the call to %s was cancelled", host), cause: ctx.Err()}
	}
	return &UnavailableError{Detail: fmt.Sprintf("%s was not reached: %s", host, explain(err))}
}

// explain knows the failures that people can fix.
func explain(err error) string {
	for _, explanation := range []func(error) string{explainProxy, explainDNS, explainTLS, explainConnection} {
		if text := explanation(err); text != "" {
			return text
		}
	}
	return "no valid HTTP response"
}

func explainProxy(err error) string {
	if proxy, ok := errors.AsType[*proxyError](err); ok {
		return proxy.Error()
	}
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "proxyconnect" {
		return ""
	}
	for _, explanation := range []func(error) string{explainDNS, explainTLS, explainConnection} {
		if text := explanation(op.Err); text != "" {
			return "the proxy: " + text
		}
	}
	return "the proxy does not respond"
}

func explainDNS(err error) string {
	var dns *net.DNSError
	switch {
	case !errors.As(err, &dns):
		return ""
	case dns.IsNotFound:
		return "no such host"
	}
	return "its name could not be resolved"
}

func explainTLS(err error) string {
	var (
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		handshake *net.OpError
	)
	switch {
	case errors.As(err, &authority):
		return "its certificate is signed by an unknown authority"
	case errors.As(err, &hostname):
		return "its certificate is for another host"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired or is not yet valid"
	case errors.As(err, &verify):
		return "its certificate is not valid"
	case errors.As(err, &record):
		return "it does not speak TLS"
	case errors.As(err, &handshake) && handshake.Op == "remote error": // a TLS alert, whose type is not exported
		return "the TLS handshake failed"
	}
	return ""
}

func explainConnection(err error) string {
	var network net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH):
		return "no route to it"
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return "it closed the connection without a response"
	case errors.As(err, &network) && network.Timeout():
		return "connecting timed out"
	}
	return ""
}
