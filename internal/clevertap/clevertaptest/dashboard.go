// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package clevertaptest

import (
	"crypto/rand"
	"errors"
	"time"
)

// MaxPasscodes is how many account passcodes an account may have.
const MaxPasscodes = 100

// What the dashboard denies.
var (
	ErrNameTaken = errors.New("a passcode of this name exists")
	ErrTooMany   = errors.New("an account has at most 100 passcodes")
	ErrValidity  = errors.New("a finite validity is 1 to 365 days")
)

// Account is a CleverTap account, and its dashboard.
type Account struct {
	server    *Server
	passcodes map[string]*passcode // by value
	enforced  bool
	noConnect bool
	running   int
}

type passcode struct {
	name string
	user bool
	ends time.Time // zero: never
}

// CreatePasscode makes an account passcode: Settings > Passcodes, Set day(s). Zero days mean Forever. The value is
// shown this once. It returns ErrNameTaken or ErrTooMany.
func (a *Account) CreatePasscode(name string, days int) (value string, err error) {
	if err := a.hasRoomFor(name); err != nil {
		return "", err
	}
	value = newValue()
	a.Passcode(name, value, days)
	return value, nil
}

// GrantUser grants a user a passcode: Settings > Users. Days are its finite validity, zero is Infinite. One that the
// user has is reset: it stops working at once. The value is shown this once. It returns ErrValidity.
func (a *Account) GrantUser(user string, days int) (value string, err error) {
	if days < 0 || days > 365 {
		return "", ErrValidity
	}
	value = newValue()
	a.User(user, value, days)
	return value, nil
}

func (a *Account) hasRoomFor(name string) error {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	account := 0
	for _, p := range a.passcodes {
		if p.user {
			continue
		}
		if p.name == name {
			return ErrNameTaken
		}
		account++
	}
	if account >= MaxPasscodes {
		return ErrTooMany
	}
	return nil
}

// newValue looks like YOW-RMW-WIKL.
func newValue() string {
	const shape, letters = "AAA-AAA-AAAA", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	random := make([]byte, len(shape))
	_, _ = rand.Read(random) // never fails
	for i := range random {
		if shape[i] == '-' {
			random[i] = '-'
			continue
		}
		random[i] = letters[int(random[i])%len(letters)]
	}
	return string(random)
}

// Passcode is CreatePasscode with a value of the caller's choice, replacing one of the name.
func (a *Account) Passcode(name, value string, days int) {
	a.put(value, &passcode{name: name, ends: a.end(days)})
}

// PasscodeUntil makes one that ends at a moment: a declared end in a test or the demo is no whole number of days.
func (a *Account) PasscodeUntil(name, value string, ends time.Time) {
	a.put(value, &passcode{name: name, ends: ends})
}

// Edit moves the end of a passcode.
func (a *Account) Edit(name string, ends time.Time) {
	a.each(name, func(_ string, p *passcode) { p.ends = ends })
}

// Delete takes a passcode away: calls that use it fail at once.
func (a *Account) Delete(name string) {
	a.each(name, func(value string, _ *passcode) { delete(a.passcodes, value) })
}

// User is GrantUser with a value of the caller's choice.
func (a *Account) User(user, value string, days int) {
	a.Revoke(user)
	ends := a.end(days)
	if ends.IsZero() {
		ends = a.server.clock.Now().AddDate(10, 0, 0)
	}
	a.put(value, &passcode{name: user, user: true, ends: ends})
}

// Revoke takes a user's passcode away, with nothing in its place.
func (a *Account) Revoke(user string) { a.Delete(user) }

// EnforceUserPasscodes is the admin's setting after which account passcodes stop working.
func (a *Account) EnforceUserPasscodes(on bool) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.enforced = on
}

// CloseConnect has CleverTap respond to every call of this account to /v1/connect with 403, "operation is not allowed": an
// account may not be permitted to use it. The events API continues to respond.
func (a *Account) CloseConnect(closed bool) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.noConnect = closed
}

func (a *Account) end(days int) time.Time {
	if days == 0 {
		return time.Time{}
	}
	return a.server.clock.Now().Add(time.Duration(days) * 24 * time.Hour)
}

func (a *Account) put(value string, p *passcode) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.passcodes[value] = p
}

func (a *Account) each(name string, do func(value string, p *passcode)) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	for value, p := range a.passcodes {
		if p.name == name {
			do(value, p)
		}
	}
}

// Accepts reports whether CleverTap would accept the value now. It is no call.
func (a *Account) Accepts(value string) bool {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	return a.letsThrough(value)
}

func (a *Account) letsThrough(value string) bool {
	p := a.passcodes[value]
	return p != nil && (p.ends.IsZero() || a.server.clock.Now().Before(p.ends)) && (p.user || !a.enforced)
}
