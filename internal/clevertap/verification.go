// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package clevertap

import "time"

// Result is what CleverTap says of a passcode.
type Result int

// The results.
const (
	// Unknown means that there is none so far.
	Unknown Result = iota
	// Accepted means that CleverTap lets calls with it through.
	Accepted
	// Rejected means that it does not.
	Rejected
)

// Verification is what this process knows from CleverTap of one (region, account, value).
type Verification struct {
	// Result is the last one, and At when it was given. Unknown means none so far.
	Result Result
	At     time.Time
	// Rejections counts rejections in a row, and RejectedSince is when the first of them was given.
	Rejections    int
	RejectedSince time.Time
	// RejectedAt is when the last rejection before an acceptance was given; zero while the last result is a rejection, or if
	// there was none.
	RejectedAt time.Time
	// Unavailable counts verifications in a row that brought no result, since the last one; UnavailableAt is when the last
	// of them ended, and UnavailableSince when the first did.
	Unavailable      int
	UnavailableAt    time.Time
	UnavailableSince time.Time
	// RateLimited reports whether the last of those was denied for too many calls, and RetryAfter is how long CleverTap
	// then required to wait; zero if it did not say.
	RateLimited bool
	RetryAfter  time.Duration
	// Detail is what came back last, for people; "" after an acceptance.
	Detail string
	// RequestedAt is when the verification under way was requested; zero if there is none.
	RequestedAt time.Time
}

// Ended returns when the last verification ended, whatever it brought; zero if none did.
func (v Verification) Ended() time.Time {
	if v.UnavailableAt.After(v.At) {
		return v.UnavailableAt
	}
	return v.At
}
