// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import "github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"

// index finds what the status says of an entry, and the entries by value, at once: each of a hundred entries looks the
// others up.
type index struct {
	// statusByName and statusByValue have the entries of the status whose value was ever seen; the first one counts.
	statusByName, statusByValue map[string]*v1alpha1.PasscodeStatus
	entryByValue                map[string]*Entry
}

func newIndex(reported []v1alpha1.PasscodeStatus) index {
	x := index{
		statusByName:  make(map[string]*v1alpha1.PasscodeStatus, len(reported)),
		statusByValue: make(map[string]*v1alpha1.PasscodeStatus, len(reported)),
		entryByValue:  make(map[string]*Entry, len(reported)),
	}
	for i := range reported {
		s := &reported[i]
		if s.FirstSeenAt == nil || s.Fingerprint == "" {
			continue
		}
		if x.statusByName[s.Name] == nil {
			x.statusByName[s.Name] = s
		}
		if x.statusByValue[s.Fingerprint] == nil {
			x.statusByValue[s.Fingerprint] = s
		}
	}
	return x
}

// addByValue adds an entry, unless an earlier one has its value: that is returned, else nil.
func (x index) addByValue(e *Entry) *Entry {
	first := x.entryByValue[e.Fingerprint]
	if first == nil {
		x.entryByValue[e.Fingerprint] = e
	}
	return first
}
