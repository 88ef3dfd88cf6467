// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/fingerprint"
)

// pinned is the listed one that the pin names; nil where there is no pin, or where it is without effect.
func (v *snapshot) pinned() *entry {
	if v.spec.Pin() == "" {
		return nil
	}
	for _, e := range v.entries {
		if e.spec.Name == v.spec.Pin() && !v.spent(e) {
			return canonical(e)
		}
	}
	return nil
}

// spent reports whether the pinned passcode was rejected while it was active, and neither pin nor value has changed since.
func (v *snapshot) spent(e *entry) bool {
	record := v.record()
	if record == nil || record.SpentPin == nil || record.SpentPin.Passcode != e.spec.Name {
		return false
	}
	return !e.hasValue() || record.SpentPin.Fingerprint == e.Fingerprint || !fingerprint.SameKey(record.SpentPin.Fingerprint, e.Fingerprint)
}

// pinHolds reports whether the pin prevents scheduled and requested rotations: while the pinned passcode is active, or may yet be.
func (v *snapshot) pinHolds() bool {
	e := v.pinned()
	if e == nil {
		return false
	}
	if v.active != nil && v.pinKeeps(v.active) {
		return true
	}
	return e.hasValue() && e.result != clevertap.Rejected
}

// pinKeeps reports whether the pin names the published one, and so keeps it.
func (v *snapshot) pinKeeps(p *activePasscode) bool {
	e := v.pinned()
	return e != nil && (p.entry == e || p.formerEntry == e)
}

// spentPin is what a publication for this reason, or upkeep for none, leaves of the pin.
func (v *snapshot) spentPin(reason v1alpha1.RotationReason) *Replaced {
	if e := v.pinned(); e != nil && e == v.activeEntry() && failover(reason) {
		return &Replaced{Passcode: v.spec.Pin(), Fingerprint: e.Fingerprint}
	}
	record := v.record()
	if record == nil || record.SpentPin == nil || v.spec.Pin() != record.SpentPin.Passcode {
		return nil
	}
	if v.pinned() != nil {
		return nil
	}
	return record.SpentPin
}
