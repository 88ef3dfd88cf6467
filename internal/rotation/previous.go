// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

// previousFor is the value that a publication replaces, where the object wants it in the target: not a user's, which
// is dead, and none of another account.
func (v *pass) previousFor(c candidate) clevertap.Passcode {
	p := v.active
	if p == nil || p.accountChanged || !v.wantsPrevious() || p.tuple.Passcode.Equal(c.entry.Passcode) {
		return clevertap.Passcode{}
	}
	return p.tuple.Passcode
}

// previous is the value that the active passcode replaced, until nothing uses it any more or CleverTap rejects it.
func (v *pass) previous() clevertap.Passcode {
	p := v.active
	if len(p.record.Replaced) == 0 || p.accountChanged || !v.wantsPrevious() {
		return clevertap.Passcode{}
	}
	last := p.record.Replaced[len(p.record.Replaced)-1].Fingerprint
	for _, r := range v.retiring {
		switch {
		case r.Fingerprint != last || v.unused(r) || r.entry != nil && r.entry.result == clevertap.Rejected:
		case v.lastPublished.PreviousFingerprint == last:
			return v.lastPublished.Previous
		case r.entry != nil && r.entry.Fingerprint == last:
			return r.entry.Passcode
		}
	}
	return clevertap.Passcode{}
}

func (v *pass) wantsPrevious() bool {
	return EffectiveKeys(v.Object).PreviousPasscode != "" && v.spec.Type != v1alpha1.PasscodeTypeUser
}
