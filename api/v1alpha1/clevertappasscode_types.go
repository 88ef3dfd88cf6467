// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// CleverTapPasscodeSpec says which account's passcodes are published, in which order, and how.
//
// No field has a default in the schema, because a schema default is drift to a GitOps tool: what absence means is
// said at each field.
//
// +kubebuilder:validation:XValidation:rule="!has(self.type) || self.type != 'User' || ((!has(self.expiry.days) || self.expiry.days <= 365) && self.passcodes.all(p, !has(p.expiry) || !has(p.expiry.days) || p.expiry.days <= 365))",message="expiry.days must be 365 or less where type is User: CleverTap allows no more; use forever for what the dashboard calls Infinite, which is ten years"
// +kubebuilder:validation:XValidation:rule="!has(self.rotation) || !has(self.rotation.pin) || self.rotation.pin == \"\" || self.passcodes.exists(p, p.name == self.rotation.pin)",message="rotation.pin must be the name of one of spec.passcodes"
type CleverTapPasscodeSpec struct {
	// AccountID is the CleverTap account (project) id, as the dashboard shows it under Settings > Project.
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9-]{3,64}$')",message="must be 3 to 64 letters, digits and hyphens, such as TEST-5RW-K78-985Z"
	AccountID string `json:"accountID"`

	// Region is where CleverTap keeps the account: the first part of the dashboard's address.
	Region Region `json:"region"`

	// Type says what kind of passcode is listed. Account: several are valid at a time. User: a reset kills the old
	// one at once. Absent means Account.
	// +optional
	Type PasscodeType `json:"type,omitempty"`

	// Expiry is when the listed passcodes end, as it was chosen on the dashboard.
	Expiry Expiry `json:"expiry"`

	// Passcodes are the passcodes that a person made and staged, in the order in which they are to be used.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=100
	Passcodes []PasscodeEntry `json:"passcodes"`

	// Target is the Secret that workloads mount. Absent means one of the object's name with the default keys.
	// +optional
	Target *Target `json:"target,omitempty"`

	// Rotation says when the next passcode takes over.
	// +optional
	Rotation *Rotation `json:"rotation,omitempty"`

	// Verification says how and how often CleverTap is asked.
	// +optional
	Verification *Verification `json:"verification,omitempty"`

	// Rollout says which workloads are restarted after a rotation. Absent means none.
	// +optional
	Rollout *Rollout `json:"rollout,omitempty"`

	// Suspend true means hands off: nothing is written to the target or to workloads and CleverTap is not asked. The
	// end of what is published is still told. Absent means false.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
}

// Region is one of CleverTap's regions.
// +kubebuilder:validation:Enum=eu1;in1;sg1;us1;aps3;mec1
type Region string

// PasscodeType is one of CleverTap's two kinds of passcode.
// +kubebuilder:validation:Enum=Account;User
type PasscodeType string

// The kinds of passcode.
const (
	// PasscodeTypeAccount is made at Settings > Passcodes, up to 100 per account, several valid at the same time.
	PasscodeTypeAccount PasscodeType = "Account"
	// PasscodeTypeUser is granted at Settings > Users, one per user; a reset replaces it at once.
	PasscodeTypeUser PasscodeType = "User"
)

// Time is an RFC 3339 time. It is text, so that no object can break the decoding of a list.
// +kubebuilder:validation:MaxLength=35
// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$') && timestamp(self) > timestamp('1970-01-01T00:00:00Z')",message="must be an RFC 3339 time after 1970, such as 2026-10-01T09:00:00Z"
type Time string

// Duration is a length of time in hours, minutes and seconds, in this order.
// +kubebuilder:validation:MaxLength=26
// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,6}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$') && self.size() >= 2",message="must be a duration in h, m and s, such as 720h or 1h30m"
type Duration string

// Expiry is when a passcode ends: exactly one of its fields.
// +kubebuilder:validation:XValidation:rule="[has(self.days), has(self.forever), has(self.at)].filter(set, set).size() == 1",message="exactly one of days, forever and at must be set"
type Expiry struct {
	// Days is how many days the passcode lives from its beginning: the dashboard's "Set day(s)", or a user
	// passcode's Finite validity, which is 365 at most.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=36500
	Days *int32 `json:"days,omitempty"`

	// Forever true is the dashboard's "Forever". On a User passcode it is the dashboard's Infinite, which means ten
	// calendar years.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self",message="must be true, or left out"
	Forever *bool `json:"forever,omitempty"`

	// At is the very end.
	// +optional
	At *Time `json:"at,omitempty"`
}

// PasscodeEntry is a passcode that a person made on the dashboard and staged in a Secret.
type PasscodeEntry struct {
	// Name is the passcode's name on the dashboard.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="!self.matches(r'\\p{Cc}')",message="must not contain control characters"
	Name string `json:"name"`

	// SecretKeyRef is where the value was staged: a Secret of the same namespace with the label
	// clevertap.passcode-operator.io/role: source.
	SecretKeyRef SecretKeyRef `json:"secretKeyRef"`

	// CreatedAt is when the passcode was made on the dashboard. Absent means when the operator first saw its value.
	// +optional
	CreatedAt *Time `json:"createdAt,omitempty"`

	// Expiry replaces spec.expiry for this passcode. Absent means spec.expiry.
	// +optional
	Expiry *Expiry `json:"expiry,omitempty"`
}

// SecretKeyRef names one key of a Secret of the same namespace.
type SecretKeyRef struct {
	// Name of the Secret.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of a Secret: lower-case letters, digits, hyphens and dots"
	Name string `json:"name"`

	// Key in the Secret's data.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[-._a-zA-Z0-9]+$') && self != '.' && !self.startsWith('..')",message="must be a key of a Secret: letters, digits, hyphens, underscores and dots, not . and not beginning with .."
	Key string `json:"key"`
}

// Target is the Secret that the operator writes and workloads mount.
type Target struct {
	// Name of the Secret. Absent means the object's name.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of a Secret: lower-case letters, digits, hyphens and dots"
	Name string `json:"name,omitempty"`

	// Keys name the Secret's keys.
	// +optional
	Keys *TargetKeys `json:"keys,omitempty"`

	// Labels are set on the Secret beside the operator's own, and restored when somebody changes them.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.size() <= 317 && k.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$'))",message="every key must be a valid label key, such as team or example.com/team"
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.matches('^app[.]kubernetes[.]io/(name|component|part-of|version)$') || !k.matches('^([^/]*[.])?(clevertap[.]passcode-operator[.]io|kubernetes[.]io|k8s[.]io|argocd[.]argoproj[.]io|meta[.]helm[.]sh|toolkit[.]fluxcd[.]io)/'))",message="keys of the operator (clevertap.passcode-operator.io/), of Kubernetes (kubernetes.io/, k8s.io/) and of deployers (argocd.argoproj.io/, meta.helm.sh/, toolkit.fluxcd.io/) must not be set, but for app.kubernetes.io/name, component, part-of and version"
	Labels map[string]LabelValue `json:"labels,omitempty"`

	// Annotations are set on the Secret beside the operator's own, and restored when somebody changes them.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.size() <= 317 && k.matches('^([A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?([.][A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$'))",message="every key must be a valid annotation key, such as note or example.com/note"
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.lowerAscii().matches('^app[.]kubernetes[.]io/(name|component|part-of|version)$') || !k.lowerAscii().matches('^([^/]*[.])?(clevertap[.]passcode-operator[.]io|kubernetes[.]io|k8s[.]io|argocd[.]argoproj[.]io|meta[.]helm[.]sh|toolkit[.]fluxcd[.]io)/'))",message="keys of the operator (clevertap.passcode-operator.io/), of Kubernetes (kubernetes.io/, k8s.io/) and of deployers (argocd.argoproj.io/, meta.helm.sh/, toolkit.fluxcd.io/) must not be set, but for app.kubernetes.io/name, component, part-of and version"
	Annotations map[string]AnnotationValue `json:"annotations,omitempty"`

	// DeletionPolicy says what becomes of the Secret when the object is deleted. Absent means Retain.
	// +optional
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`
}

// LabelValue is a label's value.
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:XValidation:rule="self.matches('^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$')",message="must be a label value: letters, digits, hyphens, underscores and dots"
type LabelValue string

// AnnotationValue is an annotation's value.
// +kubebuilder:validation:MaxLength=1024
type AnnotationValue string

// DeletionPolicy says what becomes of a target when its object is deleted.
// +kubebuilder:validation:Enum=Retain;Delete
type DeletionPolicy string

// What becomes of the target.
const (
	// DeletionPolicyRetain leaves the Secret.
	DeletionPolicyRetain DeletionPolicy = "Retain"
	// DeletionPolicyDelete lets the garbage collector remove the Secret after the object.
	DeletionPolicyDelete DeletionPolicy = "Delete"
)

// TargetKeys name the keys of the target Secret.
//
// +kubebuilder:validation:XValidation:rule="[[has(self.accountID) ? self.accountID : 'accountId', has(self.passcode) ? self.passcode : 'passcode', has(self.region) ? self.region : 'region', has(self.endpoint) ? self.endpoint : 'endpoint'] + (has(self.previousPasscode) ? [self.previousPasscode] : [])].all(keys, keys.all(k, keys.filter(other, other == k).size() == 1))",message="the keys must differ from each other, those left out included: accountId, passcode, region, endpoint"
type TargetKeys struct {
	// AccountID is the key of the account id. Absent means accountId.
	// +optional
	AccountID TargetKey `json:"accountID,omitempty"`
	// Passcode is the key of the passcode. Absent means passcode.
	// +optional
	Passcode TargetKey `json:"passcode,omitempty"`
	// Region is the key of the region. Absent means region.
	// +optional
	Region TargetKey `json:"region,omitempty"`
	// Endpoint is the key of the region's API base URL. Absent means endpoint.
	// +optional
	Endpoint TargetKey `json:"endpoint,omitempty"`
	// PreviousPasscode is the key of the passcode that was replaced, for as long as something may still hold it.
	// Absent means that there is no such key.
	// +optional
	PreviousPasscode TargetKey `json:"previousPasscode,omitempty"`
}

// TargetKey is a key of a Secret.
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:XValidation:rule="self.matches('^[-._a-zA-Z0-9]+$') && self != '.' && !self.startsWith('..')",message="must be a key of a Secret: letters, digits, hyphens, underscores and dots, not . and not beginning with .."
type TargetKey string

// Rotation says when the next passcode takes over.
type Rotation struct {
	// Before is how long before a passcode's end the next one takes over. Absent means 720h, but never more than a
	// third of the passcode's life.
	// +optional
	Before *Duration `json:"before,omitempty"`

	// Pin is the name of a listed passcode to stay on. Absent or empty means none.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Pin string `json:"pin,omitempty"`

	// Windows are when a scheduled switch may happen; in the last 24 h before the end every moment is open. Absent means
	// at any time.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Windows []RotationWindow `json:"windows,omitempty"`
}

// RotationWindow is a time in which scheduled switches may happen, again and again.
type RotationWindow struct {
	// Schedule is when it opens: five cron fields, as a CronJob's. One that does not parse is told by Stalled.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="!self.trim().startsWith('@') && !self.contains('TZ=')",message="must be five cron fields, such as 0 2 * * 1-5; the zone is set by timeZone"
	Schedule string `json:"schedule"`

	// Duration is how long it stays open, 1m to 168h.
	// +kubebuilder:validation:XValidation:rule="!self.matches('^([0-9]{1,6}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$') || self.size() < 2 || (duration(self) >= duration('1m') && duration(self) <= duration('168h'))",message="must be 1m to 168h"
	Duration Duration `json:"duration"`

	// TimeZone is the IANA name of the zone whose clocks the schedule is read on. Absent means UTC.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`
}

// Rollout says which workloads are restarted after a rotation.
type Rollout struct {
	// Auto true restarts the Deployments, StatefulSets and DaemonSets that hold the target by env or subPath. Absent
	// means false.
	// +optional
	Auto bool `json:"auto,omitempty"`

	// Targets are restarted as well, however they hold the target.
	// +optional
	// +listType=map
	// +listMapKey=kind
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=100
	Targets []RolloutTarget `json:"targets,omitempty"`
}

// RolloutTarget names a workload of the same namespace.
type RolloutTarget struct {
	// Kind of the workload.
	// +kubebuilder:validation:Enum=Deployment;StatefulSet;DaemonSet;Rollout
	Kind string `json:"kind"`

	// Name of the workload.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of a workload: lower-case letters, digits, hyphens and dots"
	Name string `json:"name"`
}

// VerificationMode is how CleverTap is asked about a passcode.
// +kubebuilder:validation:Enum=Connect;Events;None
type VerificationMode string

// The ways of asking.
const (
	// VerificationConnect asks the endpoint that exists for it.
	VerificationConnect VerificationMode = "Connect"
	// VerificationEvents asks for events, for accounts where Connect does not answer.
	VerificationEvents VerificationMode = "Events"
	// VerificationNone does not ask: whatever is well-formed counts as accepted.
	VerificationNone VerificationMode = "None"
)

// Verification says how and how often CleverTap is asked.
type Verification struct {
	// Mode is how CleverTap is asked. Absent means Connect.
	// +optional
	Mode VerificationMode `json:"mode,omitempty"`

	// Interval is how often the published passcode is verified with CleverTap, 1m to 720h. Absent means 1h.
	// +optional
	// +kubebuilder:validation:XValidation:rule="!self.matches('^([0-9]{1,6}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$') || self.size() < 2 || (duration(self) >= duration('1m') && duration(self) <= duration('720h'))",message="must be 1m to 720h"
	Interval *Duration `json:"interval,omitempty"`
}

// Phase sums an object up for people. Programs read the conditions.
// +kubebuilder:validation:Enum=Pending;Active;ExpiringSoon;Expired;Rejected
type Phase string

// The phases.
const (
	// PhasePending: nothing is published yet.
	PhasePending Phase = "Pending"
	// PhaseActive: a passcode is published.
	PhaseActive Phase = "Active"
	// PhaseExpiringSoon: the published passcode has 30 days or less left.
	PhaseExpiringSoon Phase = "ExpiringSoon"
	// PhaseExpired: the published passcode is past its end.
	PhaseExpired Phase = "Expired"
	// PhaseRejected: CleverTap refuses the published passcode and there is no spare.
	PhaseRejected Phase = "Rejected"
)

// PasscodeState is what is known of a listed passcode.
// +kubebuilder:validation:Enum=Missing;Malformed;Unverified;Rejected;Duplicate;Staged;Active;Retiring;Retired;Expired
type PasscodeState string

// The states of a listed passcode.
const (
	// StateMissing: its Secret or key is not there, or the Secret is not labelled.
	StateMissing PasscodeState = "Missing"
	// StateMalformed: its value can't be a passcode.
	StateMalformed PasscodeState = "Malformed"
	// StateUnverified: CleverTap has not said yet whether it works.
	StateUnverified PasscodeState = "Unverified"
	// StateRejected: CleverTap refuses it.
	StateRejected PasscodeState = "Rejected"
	// StateDuplicate: an earlier entry has the same value.
	StateDuplicate PasscodeState = "Duplicate"
	// StateStaged: accepted, and waiting to be used.
	StateStaged PasscodeState = "Staged"
	// StateActive: it is the published one.
	StateActive PasscodeState = "Active"
	// StateRetiring: it was replaced, and something may still hold it.
	StateRetiring PasscodeState = "Retiring"
	// StateRetired: it was replaced and nothing holds it: safe to delete on the dashboard.
	StateRetired PasscodeState = "Retired"
	// StateExpired: it is past its end.
	StateExpired PasscodeState = "Expired"
)

// PasscodeStates lists every state there is.
func PasscodeStates() []PasscodeState {
	return []PasscodeState{
		StateMissing, StateMalformed, StateUnverified, StateRejected, StateDuplicate,
		StateStaged, StateActive, StateRetiring, StateRetired, StateExpired,
	}
}

// RotationReason is why a value was published.
// +kubebuilder:validation:Enum=Initial;Scheduled;Requested;Rejected;Expired;SourceChanged;Removed;Pinned
type RotationReason string

// Why a value was published.
const (
	// RotationInitial: nothing was published before.
	RotationInitial RotationReason = "Initial"
	// RotationScheduled: the rotation time of the one before had come.
	RotationScheduled RotationReason = "Scheduled"
	// RotationRequested: a person asked for it by annotation.
	RotationRequested RotationReason = "Requested"
	// RotationRejected: CleverTap refused the one before.
	RotationRejected RotationReason = "Rejected"
	// RotationExpired: CleverTap refused the one before, at or near its end.
	RotationExpired RotationReason = "Expired"
	// RotationSourceChanged: the value in the source changed, or account or region did.
	RotationSourceChanged RotationReason = "SourceChanged"
	// RotationRemoved: the one before was taken off the list.
	RotationRemoved RotationReason = "Removed"
	// RotationPinned: rotation.pin names it.
	RotationPinned RotationReason = "Pinned"
)

// CleverTapPasscodeStatus is what the operator reports.
type CleverTapPasscodeStatus struct {
	// ObservedGeneration is the generation that this status speaks of; -1 before the first.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// AccountID is the account that this status speaks of.
	// +optional
	AccountID string `json:"accountID,omitempty"`
	// Region is the region that this status speaks of.
	// +optional
	Region Region `json:"region,omitempty"`

	// Phase sums the object up for people. Programs read the conditions.
	// +optional
	Phase Phase `json:"phase,omitempty"`

	// ActivePasscode is the name of the published passcode. Absent means that nothing is published.
	// +optional
	ActivePasscode string `json:"activePasscode,omitempty"`

	// ExpiresAt is when the published passcode ends. Absent means never.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`

	// Target is the name of the Secret that workloads mount.
	// +optional
	Target string `json:"target,omitempty"`

	// Revision counts publications of a value, from 1. It never goes back while the target or this status remains.
	// +optional
	Revision int64 `json:"revision,omitempty"`

	// NextPasscode is the accepted passcode that takes over next. Absent means that there is none.
	// +optional
	NextPasscode string `json:"nextPasscode,omitempty"`

	// NextRotationTime is when it takes over.
	// +optional
	NextRotationTime *metav1.Time `json:"nextRotationTime,omitempty"`

	// RunwayUntil is when the last usable passcode ends. Absent means that one lasts forever, or nothing is published.
	// +optional
	RunwayUntil *metav1.Time `json:"runwayUntil,omitempty"`

	// Passcodes tell the state of each listed passcode.
	// +optional
	// +listType=map
	// +listMapKey=name
	Passcodes []PasscodeStatus `json:"passcodes,omitempty"`

	// History is the last 10 publications, newest first.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10
	History []Publication `json:"history,omitempty"`

	// StalePods are Pods that still hold a replaced value. Absent means none that the operator knows of.
	// +optional
	StalePods *StalePods `json:"stalePods,omitempty"`

	// LastHandledRotateAt echoes the rotate-requested-at annotation once it was handled.
	// +optional
	LastHandledRotateAt string `json:"lastHandledRotateAt,omitempty"`

	// LastHandledVerifyAt echoes the verify-requested-at annotation once every listed value was answered for or
	// could not be.
	// +optional
	LastHandledVerifyAt string `json:"lastHandledVerifyAt,omitempty"`

	// Conditions hold the truth for programs. Their types and reasons are documented in conditions.go.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// PasscodeStatus is what is known of a listed passcode.
type PasscodeStatus struct {
	// Name of the entry in spec.passcodes.
	Name string `json:"name"`

	// State is what is known of it.
	State PasscodeState `json:"state"`

	// BeginsAt is when its life began: createdAt, or when its value was first seen.
	// +optional
	BeginsAt *metav1.Time `json:"beginsAt,omitempty"`

	// ExpiresAt is when it ends. Absent means never, or that it has no value yet.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`

	// FirstSeenAt is when its present value was first seen.
	// +optional
	FirstSeenAt *metav1.Time `json:"firstSeenAt,omitempty"`

	// StaleCreatedAt is a createdAt in the spec that belongs to a value before the present one, and is not counted.
	// +optional
	StaleCreatedAt string `json:"staleCreatedAt,omitempty"`

	// VerifiedAt is when CleverTap last accepted or refused it.
	// +optional
	VerifiedAt *metav1.Time `json:"verifiedAt,omitempty"`

	// RetiredAt is since when it could have been deleted on the dashboard.
	// +optional
	RetiredAt *metav1.Time `json:"retiredAt,omitempty"`

	// Fingerprint tells one value from another and nothing else: a keyed digest, useless without the operator's key.
	// +optional
	Fingerprint string `json:"fingerprint,omitempty"`

	// Message says what a person should know or do.
	// +optional
	Message string `json:"message,omitempty"`
}

// Publication is one change of what is published.
type Publication struct {
	// Revision that this publication made.
	Revision int64 `json:"revision"`
	// Passcode that was published, by name.
	Passcode string `json:"passcode"`
	// Time of the publication.
	Time metav1.Time `json:"time"`
	// Reason for it.
	Reason RotationReason `json:"reason"`
}

// StalePods are Pods that still hold a replaced value.
type StalePods struct {
	// Count of them.
	Count int32 `json:"count"`
	// Names of up to 20 of them.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	Names []string `json:"names,omitempty"`
}

// CleverTapPasscode keeps a working CleverTap passcode in a Secret.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=ctp,categories=clevertap,path=clevertappasscodes
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=".status.phase"
// +kubebuilder:printcolumn:name="Passcode",type=string,JSONPath=".status.activePasscode"
// +kubebuilder:printcolumn:name="Expires",type=string,JSONPath=".status.expiresAt"
// +kubebuilder:printcolumn:name="Next",type=string,JSONPath=".status.nextPasscode"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="Account",type=string,JSONPath=".spec.accountID",priority=1
// +kubebuilder:printcolumn:name="Region",type=string,JSONPath=".spec.region",priority=1
// +kubebuilder:printcolumn:name="Secret",type=string,JSONPath=".status.target",priority=1
// +kubebuilder:printcolumn:name="Rotates",type=string,JSONPath=".status.nextRotationTime",priority=1
// +kubebuilder:printcolumn:name="Runway",type=string,JSONPath=".status.runwayUntil",priority=1
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=".status.conditions[?(@.type=='Ready')].message",priority=1
// +kubebuilder:validation:XValidation:rule="self.spec.passcodes.all(p, p.secretKeyRef.name != (has(self.spec.target) && has(self.spec.target.name) ? self.spec.target.name : self.metadata.name))",message="the target Secret (spec.target.name, or the object's own name where that is absent) must not be one that a passcode is staged in"
type CleverTapPasscode struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec CleverTapPasscodeSpec `json:"spec"`

	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status CleverTapPasscodeStatus `json:"status,omitempty"`
}

// CleverTapPasscodeList is a list of them.
// +kubebuilder:object:root=true
type CleverTapPasscodeList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []CleverTapPasscode `json:"items"`
}
