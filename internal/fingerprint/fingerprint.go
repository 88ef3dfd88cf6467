// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package fingerprint distinguishes values without giving anything of them away: a digest keyed by a secret of the operator.
package fingerprint

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

// Key makes fingerprints. It never leaves its Secret and this process.
type Key struct {
	id     string
	secret []byte
}

// KeySize is how many random bytes a key has.
const KeySize = 32

const (
	size      = 12 // bytes: 96 bits distinguish billions of values
	keyIDSize = 4
)

// NewKey takes KeySize random bytes. The key's id is derived from them, one way.
func NewKey(secret []byte) Key {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("id of this key"))
	return Key{id: hex.EncodeToString(mac.Sum(nil)[:keyIDSize]), secret: secret}
}

// Of returns the fingerprint of a value: it distinguishes one (region, account, value)
// from another, and reveals nothing else to those who do not have the key. A
// plain digest would: passcodes are short enough to be guessed from one.
func (k Key) Of(region, accountID string, passcode clevertap.Passcode) string {
	mac := hmac.New(sha256.New, k.secret)
	// None of the three contains a zero byte.
	for _, part := range []string{region, accountID, passcode.Reveal()} {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	return k.id + "-" + hex.EncodeToString(mac.Sum(nil)[:size])
}

// SameKey reports whether both fingerprints were made with one key; otherwise they say nothing of each other.
func SameKey(a, b string) bool {
	idOfA, _, _ := strings.Cut(a, "-")
	idOfB, _, _ := strings.Cut(b, "-")
	return idOfA == idOfB
}
