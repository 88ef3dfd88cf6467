// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/fingerprint"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

// Pinned is the entry that the pin names; nil if there is no pin, or if it is without effect.
func (s *Snapshot) Pinned() *Entry {
	if s.Spec.Pin() == "" {
		return nil
	}
	for _, e := range s.Entries {
		if e.Spec.Name == s.Spec.Pin() && !s.spent(e) {
			return canonical(e)
		}
	}
	return nil
}

// spent reports whether the pinned passcode was rejected while it was active, and neither pin nor value has changed since.
func (s *Snapshot) spent(e *Entry) bool {
	record := s.record()
	if record == nil || record.SpentPin == nil || record.SpentPin.Passcode != e.Spec.Name {
		return false
	}
	return !e.HasValue() || record.SpentPin.Fingerprint == e.Fingerprint || !fingerprint.SameKey(record.SpentPin.Fingerprint, e.Fingerprint)
}

// PinInEffect reports whether the pin prevents scheduled and requested rotations: while the pinned passcode is active, or may yet be.
func (s *Snapshot) PinInEffect() bool {
	e := s.Pinned()
	if e == nil {
		return false
	}
	if s.Active != nil && s.PinKeeps(s.Active) {
		return true
	}
	return e.HasValue() && e.Result != clevertap.Rejected
}

// PinKeeps reports whether the pin names the active passcode, and so keeps it.
func (s *Snapshot) PinKeeps(p *ActivePasscode) bool {
	e := s.Pinned()
	return e != nil && (p.Entry == e || p.FormerEntry == e)
}

// spentPin is what a publication for this reason, or upkeep for none, leaves of the pin.
func (s *Snapshot) spentPin(reason v1alpha1.RotationReason) *target.Replaced {
	if e := s.Pinned(); e != nil && e == s.ActiveEntry() && IsFailover(reason) {
		return &target.Replaced{Passcode: s.Spec.Pin(), Fingerprint: e.Fingerprint}
	}
	record := s.record()
	if record == nil || record.SpentPin == nil || s.Spec.Pin() != record.SpentPin.Passcode {
		return nil
	}
	if s.Pinned() != nil {
		return nil
	}
	return record.SpentPin
}
