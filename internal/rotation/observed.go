// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/retirement"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

// OtherUse is another place that still has a replaced value: an object that has it active or, if that is "", a Secret that
// was the target of an object which is deleted. The zero value is none.
type OtherUse struct{ Object, Secret string }

// Observed is all that one pass reads.
type Observed struct {
	// Object is as the API server has it; Decide changes nothing in it.
	Object *v1alpha1.CleverTapPasscode
	// Sources are what spec.passcodes name, one each, in the same order.
	Sources []Source
	// Target is the Secret that workloads mount.
	Target Target
	// LastTarget is the target as this process last wrote it or found it whole; nil if it has not yet.
	LastTarget *Target
	// Scan is the last scan for consumers since this revision was published, and Scans how many there were; nil if there was
	// none yet. ScanRequestedAt is when the one that is under way was requested; zero if none is.
	Scan            *consumers.Scan
	Scans           int
	ScanRequestedAt time.Time
	// VolumeRefresh is how long kubelets may take to refresh a mounted Secret.
	VolumeRefresh time.Duration
	// OtherTargets are Secrets that this object wrote under other names, by name, with the fingerprint of what each contains.
	OtherTargets map[string]string
	// LocationValues are the fingerprints of what is now in the Secrets that a record names as locations of a replaced value, as far
	// as that can be seen; "" for a key that is gone, or contains no passcode.
	LocationValues map[retirement.SecretKey]string
	// Restarted are the restarts that this process made, of this revision of the target.
	Restarted map[consumers.Workload]retirement.Restarts
	// UsedByOthers names what in the namespace still has a value which this object replaced, by the value's fingerprint.
	UsedByOthers map[string]OtherUse
	// SharedWith names other objects of the namespace that have the active passcode's value active too: two or three, if
	// there are more than one.
	SharedWith []string
	// WriteProblem says why the target could not be written just now, and what to do; "" if it could, or was not
	// tried.
	WriteProblem string
	// AllowedAnnotations are prefixes of copy-triggering annotations that objects may set on targets all the same.
	AllowedAnnotations []string
	// VerifySeenAt is when this process first saw the present verify-requested-at.
	VerifySeenAt time.Time
	// ResumedAt is when this process first saw the object not suspended after it had seen it suspended; zero for never.
	ResumedAt time.Time
	// Endpoint is the base URL, scheme and host only, that is called in place of CleverTap's hosts; "" for none.
	Endpoint string
	// FormerTargets are the targets that the object wrote before its target.name was changed, and that have not yet been marked
	// as released, by name.
	FormerTargets []Former
}

// Former is a target of a name that the object used before.
type Former struct {
	Target
	Name string
	// Problem says why it could not be marked as released just now, and what to do; "" if it could, or was not tried.
	Problem string
}

// Source is what an entry of spec.passcodes names.
type Source struct {
	// Passcode is zero if Problem says why there is none.
	Passcode clevertap.Passcode
	// Fingerprint is that of the passcode in the object's account and region.
	Fingerprint string
	// FormerFingerprint is that of the passcode in the region that the status describes; "" if that describes another
	// account, or nothing. The same value in another region of the same account is the same.
	FormerFingerprint string
	// Problem is "" or SourceNotFound, SourceNotLabelled, KeyNotFound or PasscodeMalformed.
	Problem string
	// Detail says what is malformed, "is empty", or what a Secret is that is not labelled as a source, "is a target"; "" for nothing.
	Detail string
	// Verification is its last result from CleverTap.
	Verification clevertap.Verification
}

// Target is the Secret that workloads mount, as it is.
type Target struct {
	// Conflict says why a Secret of this name is not the object's; "" if it is, or if there is none.
	Conflict string
	// Exists reports whether it is there and the object's.
	Exists bool
	// Record is nil if there is none that can be read.
	Record *target.Record
	// Tuple is what its data contain under the record's key names. Its passcode is zero if there is none.
	Tuple target.Tuple
	// Fingerprint is that of the tuple; "" if there is none.
	Fingerprint string
	// Previous is what the data contain under the record's key for it, zero for none, and PreviousFingerprint is its
	// fingerprint in the tuple's account and region.
	Previous            clevertap.Passcode
	PreviousFingerprint string
	// Exact reports whether the data are the record's keys and nothing else, with the region's endpoint.
	Exact bool
	// Labels and Annotations are all that are on it, the operator's included.
	Labels, Annotations map[string]string
	// Owned reports whether an ownerReference to the object is on it.
	Owned bool
	// Verification is the last result for its tuple.
	Verification clevertap.Verification
}
