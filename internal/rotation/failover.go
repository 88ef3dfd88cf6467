// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

const (
	// secondRejection is how long after the first refusal of the published one a second one confirms it.
	secondRejection = 30 * time.Second
	// nearExpiry is how long before the end a refusal is its end: then one is enough.
	nearExpiry = 24 * time.Hour
)

// confirmedRejected reports whether CleverTap has refused the published one for good, as far as this process has heard. A path that
// refuses everyone for a while does the same, so a spare must be accepted through it before anything moves, and the
// published one refused once more after that.
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

// rejectedOnceMore reports whether the published one was refused after the spare was accepted.
func (v *snapshot) rejectedOnceMore(spare *entry) bool {
	if v.spec.VerificationMode() == v1alpha1.VerificationNone {
		return true
	}
	return !v.active.verification.At.Before(spare.Verification.At)
}
