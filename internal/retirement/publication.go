// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package retirement

import (
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
)

// Publication is the last one of a target, with all that shows what uses the values before it.
type Publication struct {
	Now time.Time
	// Namespace is the object's, and Target the name of its target.
	Namespace, Target string
	// Revision and PublishedAt are the publication's; Initial reports whether it replaced nothing.
	Revision    int64
	PublishedAt time.Time
	Initial     bool
	// PreviousKey is the target's key with the passcode before the active one; "" for none.
	PreviousKey string
	// User reports whether the values are a user's passcodes, of which a replaced one is rejected at once.
	User bool
	// Rollout is the object's spec.rollout; nil restarts nothing.
	Rollout *v1alpha1.Rollout
	// Scan is the last one of the namespace since the publication; nil if there was none yet.
	Scan *consumers.Scan
	// Restarted are the restarts that this process made, for this target.
	Restarted map[consumers.Workload]Restarts
	// VolumeRefresh is how long kubelets may take to refresh a mounted Secret.
	VolumeRefresh time.Duration
	// Sources are those of the entries.
	Sources []Source
	// OtherTargets are Secrets that this object wrote under other names, by name, with the fingerprint of what each contains.
	OtherTargets map[string]string
	// LocationValues are the fingerprints of what is now in the locations of replaced values, as far as that can be seen; "" for
	// a key that is gone, or contains no passcode.
	LocationValues map[SecretKey]string
}

// Value is one that was replaced.
type Value struct {
	// Passcode is the name of the entry that it was, Fingerprint its own.
	Passcode, Fingerprint string
	// At is when it was replaced.
	At time.Time
	// Locations are the Secrets that contained it; none if that is not known.
	Locations []Location
}

// Location is a Secret that contains or contained a value, under these keys.
type Location struct {
	Secret string   `json:"secret"`
	Keys   []string `json:"keys"`
}

// SecretKey is a key of a Secret in the object's namespace.
type SecretKey struct{ Secret, Key string }

// Source is the Secret and key that an entry names, and what is in it now.
type Source struct {
	// Passcode is the entry's name.
	Passcode string
	SecretKey
	// Fingerprint is that of its value; "" if it has none. FirstSeen is when that was first seen.
	Fingerprint string
	FirstSeen   time.Time
	// SecretGone reports whether the Secret cannot be found, so that a volume keeps what it had.
	SecretGone bool
}

// Use is what uses a replaced value.
type Use struct {
	// Pods have it as long as they run.
	Pods []string
	// Refreshed is until when volumes may contain it; zero if none does.
	Refreshed time.Time
}
