// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"cmp"
	"time"
)

// The schema sets no defaults in spec: a default that an API server adds is drift to a GitOps tool. What applies if a
// field is absent is said here, once.

const (
	// DefaultVerificationInterval is how often the active passcode is verified if spec.verification.interval is absent.
	DefaultVerificationInterval = time.Hour
	// MinVerificationInterval is the shortest interval, as in the schema: an object stored before the schema had this bound
	// must not call CleverTap without end.
	MinVerificationInterval = time.Minute
	// MaxVerificationInterval is the longest interval, as in the schema.
	MaxVerificationInterval = 720 * time.Hour
)

// TargetName returns the name of the target Secret: spec.target.name, or the object's own name.
func (p *CleverTapPasscode) TargetName() string {
	if p.Spec.Target != nil && p.Spec.Target.Name != "" {
		return p.Spec.Target.Name
	}
	return p.Name
}

// TargetKeys returns the names of the target's keys: those of spec.target.keys, and accountId, passcode, region and endpoint
// if they are absent. PreviousPasscode is "" for none.
func (s *CleverTapPasscodeSpec) TargetKeys() TargetKeys {
	var named TargetKeys
	if s.Target != nil && s.Target.Keys != nil {
		named = *s.Target.Keys
	}
	named.AccountID = cmp.Or(named.AccountID, "accountId")
	named.Passcode = cmp.Or(named.Passcode, "passcode")
	named.Region = cmp.Or(named.Region, "region")
	named.Endpoint = cmp.Or(named.Endpoint, "endpoint")
	return named
}

// ExpiryOf returns when the entry's passcode expires: its own expiry, or spec.expiry.
func (s *CleverTapPasscodeSpec) ExpiryOf(e *PasscodeEntry) Expiry {
	if e.Expiry != nil {
		return *e.Expiry
	}
	return s.Expiry
}

// Observes reports whether spec.mode is Observe. Absent means Manage.
func (s *CleverTapPasscodeSpec) Observes() bool { return s.Mode == ModeObserve }

// Pin returns the name of the entry to stay on: spec.rotation.pin, or "".
func (s *CleverTapPasscodeSpec) Pin() string {
	if s.Rotation == nil {
		return ""
	}
	return s.Rotation.Pin
}

// VerificationMode returns how passcodes are verified: spec.verification.mode, or Connect.
func (s *CleverTapPasscodeSpec) VerificationMode() VerificationMode {
	if s.Verification == nil || s.Verification.Mode == "" {
		return VerificationConnect
	}
	return s.Verification.Mode
}

// VerificationInterval returns how often the active passcode is verified. An interval that does not parse counts as the
// shortest.
func (s *CleverTapPasscodeSpec) VerificationInterval() time.Duration {
	if s.Verification == nil || s.Verification.Interval == nil {
		return DefaultVerificationInterval
	}
	interval, err := time.ParseDuration(string(*s.Verification.Interval))
	if err != nil {
		return MinVerificationInterval
	}
	return min(MaxVerificationInterval, max(MinVerificationInterval, interval))
}
