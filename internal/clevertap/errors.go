// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package clevertap

import "time"

// RejectedError says that CleverTap rejects the passcode: it is wrong, expired, deleted or revoked, or right but in
// another region.
type RejectedError struct {
	// Detail is what the response was and of which host, for people; never any text of the response itself.
	Detail string
}

func (e *RejectedError) Error() string {
	return "CleverTap rejects the passcode: " + e.Detail
}

// UnavailableError says that there is no result for the passcode: no response came, or one that says nothing.
type UnavailableError struct {
	// Detail is what the response was or what went wrong, and at which host, for people; never any text of the response itself.
	Detail string

	// cause is a context's error or nil: a network error's own text may contain what must not be shown.
	cause error
}

func (e *UnavailableError) Error() string {
	return "the passcode could not be verified: " + e.Detail
}

// Unwrap returns context.Canceled or context.DeadlineExceeded if the caller's context or the timeout ended the
// call, and nil otherwise.
func (e *UnavailableError) Unwrap() error {
	return e.cause
}

// RateLimitedError says that CleverTap takes no more calls of this account for now. Nothing was learnt about the
// passcode.
type RateLimitedError struct {
	// Detail is what the response was and of which host, for people.
	Detail string
	// RetryAfter is how long CleverTap requires to wait, an hour at most; zero when it does not say.
	RetryAfter time.Duration
}

func (e *RateLimitedError) Error() string {
	return "CleverTap limits the calls of this account: " + e.Detail
}
