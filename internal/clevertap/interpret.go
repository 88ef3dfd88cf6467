// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package clevertap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// maxBody is how much of a response is read, in bytes; CleverTap's have some hundred.
	maxBody = 64 << 10
	// maxRetryAfter bounds what one response can delay.
	maxRetryAfter = time.Hour
)

// response is what a host sent back.
type response struct {
	host       string
	status     int
	retryAfter time.Duration
	content
}

// interpret says what a response means for the passcode that is verified: nil if it works, *RejectedError,
// *RateLimitedError, or *UnavailableError for all that says nothing. The first that fits wins.
func interpret(mode Mode, r response) error {
	switch {
	case r.rejected():
		return &RejectedError{Detail: r.describe()}
	case r.status == http.StatusTooManyRequests:
		return &RateLimitedError{Detail: r.describe(), RetryAfter: r.retryAfter}
	case r.letThrough(mode):
		return nil
	}
	return &UnavailableError{Detail: r.describe()}
}

// forbidden reports whether the response is a 403 that no 401 comes with, in its status or its body. CleverTap's page of API
// errors says of 403 "operation is not allowed", and of 401 "invalid credentials or URL".
func (r response) forbidden() bool {
	bodyCode := 0
	if r.fail {
		bodyCode = r.code
	}
	if r.status == http.StatusUnauthorized || bodyCode == http.StatusUnauthorized {
		return false
	}
	return r.status == http.StatusForbidden || bodyCode == http.StatusForbidden
}

// rejected reports whether the response is a rejection: a 401 or 403 whatever its body, or such a body whatever its status.
func (r response) rejected() bool {
	return isRejection(r.status) || (r.fail && isRejection(r.code))
}

func isRejection(code int) bool {
	return code == http.StatusUnauthorized || code == http.StatusForbidden
}

// letThrough requires a JSON object: CleverTap's hosts respond 200 with no body to paths that they do not know, and
// proxies with a page. In mode Events, a complaint about the cursor means that the credentials were good.
func (r response) letThrough(mode Mode) bool {
	switch r.status {
	case http.StatusOK:
		return r.object && !r.fail && !r.hasError
	case http.StatusBadRequest:
		return mode == Events && r.fail
	}
	return false
}

// content is what matters of a body.
type content struct {
	kind     string // for people
	object   bool   // it is a JSON object,
	fail     bool   // its status is fail,
	hasError bool   // it has an error,
	code     int    // and this code, or 0
}

// readContent takes a body of which one byte more than maxBody was read if it was longer than that.
func readContent(body []byte) content {
	trimmed := bytes.TrimSpace(body)
	var fields map[string]json.RawMessage // not a struct: its keys would match in any case
	switch {
	case len(trimmed) == 0:
		return content{kind: "an empty body"}
	case len(body) > maxBody:
		return content{kind: fmt.Sprintf("a body of more than %d KiB", maxBody>>10)}
	case trimmed[0] == '{' && json.Unmarshal(trimmed, &fields) == nil:
		return readObject(fields)
	case strings.HasPrefix(http.DetectContentType(trimmed), "text/html"):
		return content{kind: "an HTML page"}
	case json.Valid(trimmed):
		return content{kind: "JSON that is not an object"}
	}
	return content{kind: "a body that is not JSON"}
}

func readObject(fields map[string]json.RawMessage) content {
	c := content{
		kind:     "a JSON object",
		object:   true,
		fail:     strings.EqualFold(text(fields["status"]), "fail"),
		hasError: fields["error"] != nil && string(fields["error"]) != "null",
		code:     number(fields["code"]),
	}
	if c.fail {
		c.kind = "a JSON object of status fail"
	}
	if c.fail && c.code != 0 {
		c.kind += " and code " + strconv.Itoa(c.code)
	}
	return c
}

func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// number reads 401 and "401" alike; 0 for what is neither.
func number(raw json.RawMessage) int {
	n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}

// describe says for people what came back and what it means, without a word of the response's own.
func (r response) describe() string {
	return fmt.Sprintf("%s answered HTTP %d with %s%s", r.host, r.status, r.kind, r.advice())
}

func (r response) advice() string {
	switch {
	case isRejection(r.status) || r.status == http.StatusTooManyRequests:
		return ""
	case r.status == http.StatusProxyAuthRequired:
		return ": a proxy on the way wants credentials"
	case r.status >= 300 && r.status < 400:
		return ": a redirect, which is never followed"
	case r.status == http.StatusOK && !r.object:
		return ": not a response of CleverTap's, perhaps a proxy's"
	case r.status >= 400 && r.status < 500:
		return ": the request is at fault, not the passcode"
	}
	return ""
}

// parseRetryAfter reads the header of that name, seconds or a date, as a wait from now on: an hour at most, and
// zero if it is absent, unreadable or past.
func parseRetryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if digits(value) {
		seconds, err := strconv.ParseUint(value, 10, 64)
		if err != nil || seconds > uint64(maxRetryAfter/time.Second) {
			return maxRetryAfter
		}
		return time.Duration(seconds) * time.Second
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), maxRetryAfter)
}

func digits(value string) bool {
	return value != "" && strings.Trim(value, "0123456789") == ""
}
