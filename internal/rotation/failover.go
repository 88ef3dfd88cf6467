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

// confirmedRejected reports whether CleverTap has rejected the active passcode for good, as far as this process knows. A proxy
// that rejects everyone for a while looks the same, so a successor must be accepted on the same way before anything moves, and
// the active passcode rejected once more after that.
func (v *snapshot) confirmedRejected(p *activePasscode) bool {
	switch {
	case v.spec.VerificationMode() == v1alpha1.VerificationNone:
		return p.validity.Expired(v.now) && v.pinned() != nil && v.pinned() == p.entry
	case p.verification.Result != clevertap.Rejected:
		return false
	}
	return v.nearItsExpiry(p) || p.verification.At.Sub(p.verification.RejectedSince) >= secondRejection
}

func (v *snapshot) nearItsExpiry(p *activePasscode) bool {
	return !p.validity.Until.IsZero() && !v.now.Before(p.validity.Until.Add(-nearExpiry))
}

func failover(reason v1alpha1.RotationReason) bool {
	return reason == v1alpha1.RotationRejected || reason == v1alpha1.RotationExpired
}

// rejectedOnceMore reports whether the active passcode was rejected after the successor was accepted.
func (v *snapshot) rejectedOnceMore(spare *entry) bool {
	if v.spec.VerificationMode() == v1alpha1.VerificationNone {
		return true
	}
	return !v.active.verification.At.Before(spare.Verification.At)
}
