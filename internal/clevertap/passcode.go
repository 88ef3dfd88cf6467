// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package clevertap

import (
	"bytes"
	"cmp"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// MaxPasscodeLength is how many characters a passcode may have.
const MaxPasscodeLength = 128

// mask is all that any printing of a passcode shows, whatever its value or length.
const mask = "[passcode]"

// Passcode is a CleverTap passcode that prints as a mask, however it is printed. The zero value is no passcode.
//
// The value is in a closure because no printer can look into one: fmt, spew, gomega and go-cmp follow
// strings, slices and pointers by reflection even in unexported fields, where they can't call the methods below.
// A closure has no == either, so the compiler turns down comparing or keying by what only Equal may compare, and
// reflect.DeepEqual says false of any two that are not zero.
type Passcode struct {
	reveal func() string
}

// MalformedError says why a value cannot be a passcode, and nothing it could be guessed from.
type MalformedError struct {
	// Problem completes a sentence: "is empty", "contains white space".
	Problem string
}

func (e *MalformedError) Error() string {
	return "the passcode " + e.Problem
}

// ParsePasscode takes a passcode as it is stored: less one trailing newline ("\n" or "\r\n"), 1 to 128 printable
// ASCII characters without white space. Anything else is a *MalformedError.
func ParsePasscode(raw []byte) (Passcode, error) {
	value := trimNewline(raw)
	if problem := malformed(value); problem != "" {
		return Passcode{}, &MalformedError{Problem: problem}
	}
	kept := string(value)
	return Passcode{reveal: func() string { return kept }}, nil
}

// trimNewline takes one newline off the end, as editors and echo leave it: a second one is part of the value.
func trimNewline(raw []byte) []byte {
	if line, cut := bytes.CutSuffix(raw, []byte("\r\n")); cut {
		return line
	}
	return bytes.TrimSuffix(raw, []byte("\n"))
}

func malformed(value []byte) string {
	switch {
	case len(value) == 0:
		return "is empty"
	case bytes.ContainsAny(value, " \t\n\v\f\r"):
		return "contains white space"
	case bytes.ContainsFunc(value, func(r rune) bool { return r < '!' || r > '~' }):
		return cmp.Or(invisible(value), "contains a character that is not printable ASCII")
	case len(value) > MaxPasscodeLength:
		return fmt.Sprintf("is longer than %d characters", MaxPasscodeLength)
	}
	return ""
}

// Reveal is the only way to the value; "" for the zero Passcode. What it returns must go to CleverTap or into a
// target Secret, and nowhere else.
func (p Passcode) Reveal() string {
	if p.reveal == nil {
		return ""
	}
	return p.reveal()
}

// IsZero reports whether there is no passcode.
func (p Passcode) IsZero() bool {
	return p.reveal == nil
}

// Equal reports whether both have the same value, in a time that depends on neither value nor length.
func (p Passcode) Equal(other Passcode) bool {
	mine, theirs := p.padded(), other.padded()
	return subtle.ConstantTimeCompare(mine[:], theirs[:]) == 1
}

// padded fills up with zero bytes, which no passcode contains.
func (p Passcode) padded() (padded [MaxPasscodeLength]byte) {
	copy(padded[:], p.Reveal())
	return padded
}

// Format prints the mask for every verb and flag of fmt.
func (Passcode) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, mask) // fmt's own buffer takes every write
}

// String returns the mask.
func (Passcode) String() string { return mask }

// GoString returns the mask.
func (Passcode) GoString() string { return mask }

// MarshalText returns the mask. There is no way back: a mask never decodes into a Passcode.
func (Passcode) MarshalText() ([]byte, error) { return []byte(mask), nil }

// MarshalJSON returns the mask as a JSON string.
func (Passcode) MarshalJSON() ([]byte, error) { return []byte(`"` + mask + `"`), nil }

// LogValue returns the mask to log/slog.
func (Passcode) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalLog returns the mask to logr.
func (Passcode) MarshalLog() any { return mask }
