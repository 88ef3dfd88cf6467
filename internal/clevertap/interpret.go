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
	// maxBody is how much of an answer is read, in bytes; CleverTap's have some hundred.
	maxBody = 64 << 10
	// maxRetryAfter bounds what one answer can put off.
	maxRetryAfter = time.Hour
)

// answer is what came back from a host, body included.
type answer struct {
	host       string
	status     int
	retryAfter time.Duration
	body       []byte // one byte more than maxBody where the answer was longer than that
}

// interpret says what an answer means for the passcode that was asked about: nil when it works, *RejectedError,
// *RateLimitedError, or *UnavailableError for all that says nothing. The first that fits wins.
func interpret(mode Mode, a answer) error {
	content := readContent(a.body)
	switch {
	case refused(a.status, content):
		return &RejectedError{Seen: seen(a, content)}
	case a.status == http.StatusTooManyRequests:
		return &RateLimitedError{Seen: seen(a, content), RetryAfter: a.retryAfter}
	case letThrough(mode, a.status, content):
		return nil
	}
	return &UnavailableError{Seen: seen(a, content)}
}

// forbidden reports whether the answer is a 403 that no 401 comes with, in its status or its body. CleverTap's page of API
// errors says of 403 "operation is not allowed", and of 401 "invalid credentials or URL".
func forbidden(a answer) bool {
	c := readContent(a.body)
	bodyCode := 0
	if c.fail {
		bodyCode = c.code
	}
	if a.status == http.StatusUnauthorized || bodyCode == http.StatusUnauthorized {
		return false
	}
	return a.status == http.StatusForbidden || bodyCode == http.StatusForbidden
}

// refused takes a 401 or 403 for a refusal whatever its body, and such a body whatever its status.
func refused(status int, c content) bool {
	return isRefusal(status) || (c.fail && isRefusal(c.code))
}

func isRefusal(code int) bool {
	return code == http.StatusUnauthorized || code == http.StatusForbidden
}

// letThrough wants to see a JSON object: CleverTap's hosts answer 200 with no body to paths they do not know, and
// proxies with a page. In mode Events, a complaint about the cursor means that the credentials were good.
func letThrough(mode Mode, status int, c content) bool {
	switch status {
	case http.StatusOK:
		return c.object && !c.fail && !c.hasError
	case http.StatusBadRequest:
		return mode == Events && c.fail
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
		return content{kind: "JSON that is no object"}
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

func (a answer) seen() string { return seen(a, readContent(a.body)) }

// seen tells people what came back and what to make of it, without a word of the answer's own.
func seen(a answer, c content) string {
	return fmt.Sprintf("%s answered HTTP %d with %s%s", a.host, a.status, c.kind, advice(a.status, c))
}

func advice(status int, c content) string {
	switch {
	case isRefusal(status) || status == http.StatusTooManyRequests:
		return ""
	case status == http.StatusProxyAuthRequired:
		return ": a proxy on the way wants credentials"
	case status >= 300 && status < 400:
		return ": a redirect, which is never followed"
	case status == http.StatusOK && !c.object:
		return ": not CleverTap's answer, a proxy's perhaps"
	case status >= 400 && status < 500:
		return ": the request is at fault, not the passcode"
	}
	return ""
}

// parseRetryAfter reads the header of that name, seconds or a date, as a wait from now on: an hour at most, and
// zero where it is absent, unreadable or past.
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
