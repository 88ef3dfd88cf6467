// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

const (
	// secondRejection is how long after the first rejection of the active passcode a second one confirms it.
	secondRejection = 30 * time.Second
	// nearExpiry is how long before expiry one rejection is enough.
	nearExpiry = 24 * time.Hour
)

// ConfirmedRejected reports whether CleverTap has rejected the active passcode for good, as far as this process knows. A proxy
// that rejects everyone for a while looks the same, so a successor must be accepted on the same way before anything moves, and
// the active passcode rejected once more after that.
func (s *Snapshot) ConfirmedRejected(p *ActivePasscode) bool {
	switch {
	case s.Spec.VerificationMode() == v1alpha1.VerificationNone:
		return p.Validity.Expired(s.Now) && s.Pinned() != nil && s.Pinned() == p.Entry
	case p.Verification.Result != clevertap.Rejected:
		return false
	}
	return s.nearItsExpiry(p) || p.Verification.At.Sub(p.Verification.RejectedSince) >= secondRejection
}

func (s *Snapshot) nearItsExpiry(p *ActivePasscode) bool {
	return !p.Validity.Until.IsZero() && !s.Now.Before(p.Validity.Until.Add(-nearExpiry))
}

// IsFailover reports whether a publication for this reason happened because CleverTap rejected the active passcode.
func IsFailover(reason v1alpha1.RotationReason) bool {
	return reason == v1alpha1.RotationRejected || reason == v1alpha1.RotationExpired
}

// rejectedOnceMore reports whether the active passcode was rejected after the successor was accepted.
func (s *Snapshot) rejectedOnceMore(successor *Entry) bool {
	if s.Spec.VerificationMode() == v1alpha1.VerificationNone {
		return true
	}
	return !s.Active.Verification.At.Before(successor.Verification.At)
}
