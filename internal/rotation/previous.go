// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

// previousFor is the value that a publication replaces, where the object wants it in the target: not a user's, which
// is dead, and none of another account.
func (v *Pass) previousFor(c Candidate) clevertap.Passcode {
	p := v.Active
	if p == nil || p.AccountChanged || !v.wantsPrevious() || p.Tuple.Passcode.Equal(c.Entry.Passcode) {
		return clevertap.Passcode{}
	}
	return p.Tuple.Passcode
}

// previous is the value that the active passcode replaced, until nothing uses it any more or CleverTap rejects it.
func (v *Pass) previous() clevertap.Passcode {
	p := v.Active
	if len(p.Record.Replaced) == 0 || p.AccountChanged || !v.wantsPrevious() {
		return clevertap.Passcode{}
	}
	last := p.Record.Replaced[len(p.Record.Replaced)-1].Fingerprint
	for _, r := range v.Retiring {
		switch {
		case r.Fingerprint != last || v.Unused(r) || r.Entry != nil && r.Entry.Result == clevertap.Rejected:
		case v.LastPublished.PreviousFingerprint == last:
			return v.LastPublished.Previous
		case r.Entry != nil && r.Entry.Fingerprint == last:
			return r.Entry.Passcode
		}
	}
	return clevertap.Passcode{}
}

func (v *Pass) wantsPrevious() bool {
	return EffectiveKeys(v.Object).PreviousPasscode != "" && v.Spec.Type != v1alpha1.PasscodeTypeUser
}
