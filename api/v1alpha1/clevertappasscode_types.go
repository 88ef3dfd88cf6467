// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// CleverTapPasscodeSpec is the desired state: which account's passcodes are published, in which order, and when.
//
// No field has a default in the schema, because a schema default is drift to a GitOps tool. Each description says what
// applies if the field is absent.
//
// +kubebuilder:validation:XValidation:rule="!has(self.type) || self.type != 'User' || ((!has(self.expiry.days) || self.expiry.days <= 365) && self.passcodes.all(p, !has(p.expiry) || !has(p.expiry.days) || p.expiry.days <= 365))",message="expiry.days must be 365 or less if type is User: CleverTap allows no more; use forever for what the dashboard calls Infinite, which is ten years"
// +kubebuilder:validation:XValidation:rule="!has(self.rotation) || !has(self.rotation.pin) || self.rotation.pin == \"\" || self.passcodes.exists(p, p.name == self.rotation.pin)",message="rotation.pin must be the name of an entry of spec.passcodes"
// +kubebuilder:validation:XValidation:rule="!has(self.mode) || self.mode != 'Observe' || (!has(self.target) && !has(self.rotation) && !has(self.rollout))",message="target, rotation and rollout must be absent if mode is Observe: the operator writes nothing then"
type CleverTapPasscodeSpec struct {
	// mode is what the operator does. Manage: it publishes the active passcode in the target and rotates. Observe: it
	// verifies, reports and warns about a Secret that someone else maintains and workloads mount directly; it writes nothing
	// but status and events. The first entry is the active passcode then, and target, rotation and rollout must be absent.
	// Defaults to Manage.
	// +optional
	Mode Mode `json:"mode,omitempty"`

	// accountID is the id of the CleverTap account (project), as the dashboard shows it under Settings > Project.
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9-]{3,64}$')",message="must be 3 to 64 letters, digits and hyphens, such as TEST-5RW-K78-985Z"
	// +required
	AccountID string `json:"accountID"`

	// region is the region of the account, the first part of the dashboard's address: eu1 (Europe), in1 (India), sg1
	// (Singapore), us1 (United States), aps3 (Indonesia) or mec1 (Middle East).
	// +required
	Region Region `json:"region"`

	// type is the kind of passcode. Account: made under Settings > Passcodes; several work at the same time. User:
	// granted under Settings > Users; a reset ends the old one at once. Defaults to Account.
	// +optional
	Type PasscodeType `json:"type,omitempty"`

	// expiry is the validity that was chosen on the dashboard. It applies to every entry of passcodes that has none of
	// its own.
	// +required
	Expiry Expiry `json:"expiry"`

	// passcodes lists the passcodes that a person created and staged in Secrets, in the order of use: 1 to 100
	// entries.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=100
	// +required
	Passcodes []PasscodeEntry `json:"passcodes"`

	// target is the Secret that the operator writes and workloads mount. Defaults to a Secret with the name of the
	// object and the default keys.
	// +optional
	Target *Target `json:"target,omitempty"`

	// rotation controls when the successor becomes active. Defaults to 720h before expiry, but at most a third of the
	// validity.
	// +optional
	Rotation *Rotation `json:"rotation,omitempty"`

	// verification controls how, and how often, passcodes are verified with CleverTap. Defaults to mode Connect, every
	// 1h.
	// +optional
	Verification *Verification `json:"verification,omitempty"`

	// rollout selects the workloads that are restarted after a rotation. Defaults to none.
	// +optional
	Rollout *Rollout `json:"rollout,omitempty"`

	// suspend stops all writes to the target and to workloads, and all verification. Expiry is still reported. A
	// request made meanwhile is denied, which an event reports, and counts as handled. Defaults to false.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
}

// Mode is what the operator does. Manage: it publishes and rotates. Observe: it verifies, reports and warns.
// +kubebuilder:validation:Enum=Manage;Observe
type Mode string

// The modes.
const (
	// ModeManage publishes the active passcode in the target and rotates.
	ModeManage Mode = "Manage"
	// ModeObserve writes nothing but status and events.
	ModeObserve Mode = "Observe"
)

// Region is a region of CleverTap: eu1 (Europe), in1 (India), sg1 (Singapore), us1 (United States), aps3 (Indonesia)
// or mec1 (Middle East).
// +kubebuilder:validation:Enum=eu1;in1;sg1;us1;aps3;mec1
type Region string

// PasscodeType is a kind of passcode of CleverTap: Account or User.
// +kubebuilder:validation:Enum=Account;User
type PasscodeType string

// The kinds of passcode.
const (
	// PasscodeTypeAccount is created under Settings > Passcodes: up to 100 per account, several work at the same time.
	PasscodeTypeAccount PasscodeType = "Account"
	// PasscodeTypeUser is granted at Settings > Users, one per user; a reset replaces it at once.
	PasscodeTypeUser PasscodeType = "User"
)

// Time is a time in RFC 3339, such as 2026-10-01T09:00:00Z. It is a string, so that no object can break the decoding
// of a list.
// +kubebuilder:validation:MaxLength=35
// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$') && timestamp(self) > timestamp('1970-01-01T00:00:00Z')",message="must be an RFC 3339 time after 1970, such as 2026-10-01T09:00:00Z"
type Time string

// Duration is a length of time in hours, minutes and seconds, in this order, such as 720h or 1h30m.
// +kubebuilder:validation:MaxLength=26
// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,6}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$') && self.size() >= 2",message="must be a duration in h, m and s, such as 720h or 1h30m"
type Duration string

// Expiry is when a passcode expires. Exactly one of days, forever and at is set.
// +kubebuilder:validation:XValidation:rule="[has(self.days), has(self.forever), has(self.at)].filter(set, set).size() == 1",message="exactly one of days, forever and at must be set"
type Expiry struct {
	// days is the validity in days, counted from createdAt: "Set day(s)" on the dashboard, or the Finite validity of a
	// user's passcode. 1 to 36500; at most 365 if type is User.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=36500
	Days *int32 `json:"days,omitempty"`

	// forever means that the passcode never expires: "Forever" on the dashboard. If type is User it is the dashboard's
	// Infinite, which is ten calendar years. It can only be true.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self",message="must be true, or left out"
	Forever *bool `json:"forever,omitempty"`

	// at is the time of expiry, in RFC 3339.
	// +optional
	At *Time `json:"at,omitempty"`
}

// PasscodeEntry is a passcode that a person created on the dashboard and staged in a Secret.
type PasscodeEntry struct {
	// name is the name of the passcode on the dashboard: 1 to 128 characters.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="!self.matches(r'\\p{Cc}')",message="must not contain control characters"
	// +required
	Name string `json:"name"`

	// secretKeyRef names the key of the Secret that contains the value. The Secret is in the same namespace and has
	// the label clevertap.passcode-operator.io/role: source.
	// +required
	SecretKeyRef SecretKeyRef `json:"secretKeyRef"`

	// createdAt is when the passcode was created on the dashboard, in RFC 3339. Validity is counted from then.
	// Defaults to the time at which the operator first saw the value.
	// +optional
	CreatedAt *Time `json:"createdAt,omitempty"`

	// expiry overrides spec.expiry for this passcode. Defaults to spec.expiry.
	// +optional
	Expiry *Expiry `json:"expiry,omitempty"`
}

// SecretKeyRef names a key of a Secret in the same namespace.
type SecretKeyRef struct {
	// name is the name of the Secret.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of a Secret: lower-case letters, digits, hyphens and dots"
	// +required
	Name string `json:"name"`

	// key is the key in the Secret's data.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[-._a-zA-Z0-9]+$') && self != '.' && !self.startsWith('..')",message="must be a key of a Secret: letters, digits, hyphens, underscores and dots, not . and not beginning with .."
	// +required
	Key string `json:"key"`
}

// Target is the Secret that the operator writes and workloads mount.
//
// +kubebuilder:validation:XValidation:rule="!has(self.files) || self.files.all(f, !(f.key in [has(self.keys) && has(self.keys.accountID) ? self.keys.accountID : 'accountId', has(self.keys) && has(self.keys.passcode) ? self.keys.passcode : 'passcode', has(self.keys) && has(self.keys.region) ? self.keys.region : 'region', has(self.keys) && has(self.keys.endpoint) ? self.keys.endpoint : 'endpoint', has(self.keys) && has(self.keys.previousPasscode) ? self.keys.previousPasscode : '/']))",message="the keys of files must differ from the other keys, those that are left out included: accountId, passcode, region, endpoint"
type Target struct {
	// name is the name of the Secret. Defaults to the name of the object.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of a Secret: lower-case letters, digits, hyphens and dots"
	Name string `json:"name,omitempty"`

	// keys are the names of the Secret's keys. Defaults to accountId, passcode, region and endpoint.
	// +optional
	Keys *TargetKeys `json:"keys,omitempty"`

	// files are more keys of the Secret, each a file with several values: at most 4. Env: lines for a POSIX shell's dot
	// command. JSON: one object on one line. Headers: lines for curl -H @file. Defaults to none.
	// +optional
	// +listType=map
	// +listMapKey=key
	// +kubebuilder:validation:MaxItems=4
	Files []TargetFile `json:"files,omitempty"`

	// labels are set on the Secret beside the operator's own, and restored if they are changed. Defaults to none.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.size() <= 317 && k.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$'))",message="every key must be a valid label key, such as team or example.com/team"
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.matches('^app[.]kubernetes[.]io/(name|component|part-of|version)$') || !k.matches('^([^/]*[.])?(clevertap[.]passcode-operator[.]io|kubernetes[.]io|k8s[.]io|argocd[.]argoproj[.]io|meta[.]helm[.]sh|toolkit[.]fluxcd[.]io)/'))",message="keys of the operator (clevertap.passcode-operator.io/), of Kubernetes (kubernetes.io/, k8s.io/) and of deployers (argocd.argoproj.io/, meta.helm.sh/, toolkit.fluxcd.io/) must not be set, except app.kubernetes.io/name, component, part-of and version"
	Labels map[string]LabelValue `json:"labels,omitempty"`

	// annotations are set on the Secret beside the operator's own, and restored if they are changed. Defaults to none.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.size() <= 317 && k.matches('^([A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?([.][A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$'))",message="every key must be a valid annotation key, such as note or example.com/note"
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.lowerAscii().matches('^app[.]kubernetes[.]io/(name|component|part-of|version)$') || !k.lowerAscii().matches('^([^/]*[.])?(clevertap[.]passcode-operator[.]io|kubernetes[.]io|k8s[.]io|argocd[.]argoproj[.]io|meta[.]helm[.]sh|toolkit[.]fluxcd[.]io)/'))",message="keys of the operator (clevertap.passcode-operator.io/), of Kubernetes (kubernetes.io/, k8s.io/) and of deployers (argocd.argoproj.io/, meta.helm.sh/, toolkit.fluxcd.io/) must not be set, except app.kubernetes.io/name, component, part-of and version"
	Annotations map[string]AnnotationValue `json:"annotations,omitempty"`

	// deletionPolicy is what happens to the Secret when the object is deleted. Retain: it stays. Delete: the garbage
	// collector deletes it. Defaults to Retain.
	// +optional
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`
}

// TargetFile is a key of the target Secret that has several values in one file.
type TargetFile struct {
	// key is the key of the file.
	// +required
	Key TargetKey `json:"key"`

	// format is how the values are written. Env: CLEVERTAP_ACCOUNT_ID, CLEVERTAP_PASSCODE, CLEVERTAP_REGION and
	// CLEVERTAP_ENDPOINT, a line each. JSON: an object with accountId, passcode, region and endpoint. Headers: the HTTP
	// headers X-CleverTap-Account-Id, X-CleverTap-Passcode and Content-Type, a line each; region and endpoint are not in it.
	// +required
	Format FileFormat `json:"format"`
}

// FileFormat is how a file of the target is written: Env, JSON or Headers.
// +kubebuilder:validation:Enum=Env;JSON;Headers
type FileFormat string

// The formats.
const (
	// FileFormatEnv has a line for each value, for a POSIX shell.
	FileFormatEnv FileFormat = "Env"
	// FileFormatJSON is one JSON object on one line.
	FileFormatJSON FileFormat = "JSON"
	// FileFormatHeaders has the HTTP headers of CleverTap's API, a line each, for curl -H @file.
	FileFormatHeaders FileFormat = "Headers"
)

// LabelValue is the value of a label.
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:XValidation:rule="self.matches('^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$')",message="must be a label value: letters, digits, hyphens, underscores and dots"
type LabelValue string

// AnnotationValue is the value of an annotation.
// +kubebuilder:validation:MaxLength=1024
type AnnotationValue string

// DeletionPolicy is what happens to a target when its object is deleted. Retain: it stays. Delete: it is deleted.
// +kubebuilder:validation:Enum=Retain;Delete
type DeletionPolicy string

// The deletion policies.
const (
	// DeletionPolicyRetain keeps the Secret.
	DeletionPolicyRetain DeletionPolicy = "Retain"
	// DeletionPolicyDelete has the garbage collector delete the Secret after the object.
	DeletionPolicyDelete DeletionPolicy = "Delete"
)

// TargetKeys are the names of the target Secret's keys.
//
// +kubebuilder:validation:XValidation:rule="[[has(self.accountID) ? self.accountID : 'accountId', has(self.passcode) ? self.passcode : 'passcode', has(self.region) ? self.region : 'region', has(self.endpoint) ? self.endpoint : 'endpoint'] + (has(self.previousPasscode) ? [self.previousPasscode] : [])].all(keys, keys.all(k, keys.filter(other, other == k).size() == 1))",message="the keys must differ from each other, those left out included: accountId, passcode, region, endpoint"
type TargetKeys struct {
	// accountID is the key of the account id. Defaults to accountId.
	// +optional
	AccountID TargetKey `json:"accountID,omitempty"`
	// passcode is the key of the active passcode. Defaults to passcode.
	// +optional
	Passcode TargetKey `json:"passcode,omitempty"`
	// region is the key of the region. Defaults to region.
	// +optional
	Region TargetKey `json:"region,omitempty"`
	// endpoint is the key of the base URL of the region's API. Defaults to endpoint.
	// +optional
	Endpoint TargetKey `json:"endpoint,omitempty"`
	// previousPasscode is the key of the passcode that the active one replaced, written while it may still be in use.
	// Defaults to no such key.
	// +optional
	PreviousPasscode TargetKey `json:"previousPasscode,omitempty"`
}

// TargetKey is the name of a key of a Secret.
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:XValidation:rule="self.matches('^[-._a-zA-Z0-9]+$') && self != '.' && !self.startsWith('..')",message="must be a key of a Secret: letters, digits, hyphens, underscores and dots, not . and not beginning with .."
type TargetKey string

// Rotation controls when the successor becomes active.
type Rotation struct {
	// before is how long before expiry the successor becomes active. Defaults to 720h, but at most a third of the
	// validity.
	// +optional
	Before *Duration `json:"before,omitempty"`

	// pin is the name of an entry of passcodes that becomes active and stays active until CleverTap rejects it. Defaults to
	// none.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Pin string `json:"pin,omitempty"`

	// windows are the times in which scheduled rotations may happen, at most 16. In the last 24h before expiry they do
	// not apply. Defaults to any time.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Windows []RotationWindow `json:"windows,omitempty"`
}

// RotationWindow is a recurring time in which scheduled rotations may happen.
type RotationWindow struct {
	// schedule is when the window opens: five cron fields, as in a CronJob, such as 0 2 * * 1-5. If it does not parse,
	// the condition Stalled says so (WindowInvalid).
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="!self.trim().startsWith('@') && !self.contains('TZ=')",message="must be five cron fields, such as 0 2 * * 1-5; the zone is set by timeZone"
	// +required
	Schedule string `json:"schedule"`

	// duration is how long the window stays open: 1m to 168h.
	// +kubebuilder:validation:XValidation:rule="!self.matches('^([0-9]{1,6}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$') || self.size() < 2 || (duration(self) >= duration('1m') && duration(self) <= duration('168h'))",message="must be 1m to 168h"
	// +required
	Duration Duration `json:"duration"`

	// timeZone is the time zone of schedule, an IANA name such as Europe/Paris. Defaults to UTC.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`
}

// Rollout selects the workloads that are restarted after a rotation.
type Rollout struct {
	// auto restarts the Deployments, StatefulSets and DaemonSets that use the target by environment variable or
	// subPath mount, which a running container never rereads. Argo Rollouts are restarted only if targets names them.
	// Defaults to false.
	// +optional
	Auto bool `json:"auto,omitempty"`

	// targets are restarted as well, however they use the target: at most 100. Defaults to none.
	// +optional
	// +listType=map
	// +listMapKey=kind
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=100
	Targets []RolloutTarget `json:"targets,omitempty"`
}

// RolloutTarget names a workload in the same namespace.
type RolloutTarget struct {
	// kind is the kind of the workload: Deployment, StatefulSet, DaemonSet, or Rollout (of Argo Rollouts).
	// +kubebuilder:validation:Enum=Deployment;StatefulSet;DaemonSet;Rollout
	// +required
	Kind string `json:"kind"`

	// name is the name of the workload.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of a workload: lower-case letters, digits, hyphens and dots"
	// +required
	Name string `json:"name"`
}

// VerificationMode is how a passcode is verified with CleverTap. Connect: by the API that CleverTap has for it.
// Events: by a request for events, for accounts that may not use Connect. None: not at all.
// +kubebuilder:validation:Enum=Connect;Events;None
type VerificationMode string

// The verification modes.
const (
	// VerificationConnect calls GET /v1/connect.
	VerificationConnect VerificationMode = "Connect"
	// VerificationEvents calls GET /1/events.json, for accounts that may not use Connect.
	VerificationEvents VerificationMode = "Events"
	// VerificationNone verifies nothing: every well-formed value counts as accepted.
	VerificationNone VerificationMode = "None"
)

// Verification controls how, and how often, passcodes are verified with CleverTap.
type Verification struct {
	// mode is how a passcode is verified. Connect: GET /v1/connect, which CleverTap has for partners. Events: GET
	// /1/events.json?cursor=none, for accounts that may not use Connect; a 400 with a JSON body of status fail counts as
	// accepted, because it is about the cursor. In both, 401 and 403 mean rejected, but a 403 of Connect only if the Events
	// call is rejected as well, because the account may not be permitted to use Connect. Everything else means that there is
	// no result. None: no calls; every well-formed value counts as accepted. Defaults to Connect.
	// +optional
	Mode VerificationMode `json:"mode,omitempty"`

	// interval is how often the active passcode is verified: 1m to 720h. Defaults to 1h.
	// +optional
	// +kubebuilder:validation:XValidation:rule="!self.matches('^([0-9]{1,6}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$') || self.size() < 2 || (duration(self) >= duration('1m') && duration(self) <= duration('720h'))",message="must be 1m to 720h"
	Interval *Duration `json:"interval,omitempty"`
}

// Phase sums up the object for people; programs read the conditions. Pending: nothing is published yet. Active: a
// passcode is published. ExpiringSoon: 30 days or less are left. Expired: it has expired. Rejected: CleverTap rejects
// it and there is no successor.
// +kubebuilder:validation:Enum=Pending;Active;ExpiringSoon;Expired;Rejected
type Phase string

// The phases.
const (
	// PhasePending: nothing is published yet.
	PhasePending Phase = "Pending"
	// PhaseActive: a passcode is active.
	PhaseActive Phase = "Active"
	// PhaseExpiringSoon: the active passcode expires in 30 days or less.
	PhaseExpiringSoon Phase = "ExpiringSoon"
	// PhaseExpired: the active passcode has expired.
	PhaseExpired Phase = "Expired"
	// PhaseRejected: CleverTap rejects the active passcode and there is no successor.
	PhaseRejected Phase = "Rejected"
)

// PasscodeState is the state of an entry. Missing: no value. Malformed: the value cannot be a passcode. Unverified: no
// result yet. Rejected: CleverTap rejects it. Duplicate: the same value as an earlier entry. Staged: accepted and
// unused. Active: in the target. Retiring: replaced, still in use. Retired: replaced, safe to delete on the dashboard.
// Expired: it has expired.
// +kubebuilder:validation:Enum=Missing;Malformed;Unverified;Rejected;Duplicate;Staged;Active;Retiring;Retired;Expired
type PasscodeState string

// The states of an entry.
const (
	// StateMissing: its Secret or key does not exist, or the Secret has no label.
	StateMissing PasscodeState = "Missing"
	// StateMalformed: its value cannot be a passcode.
	StateMalformed PasscodeState = "Malformed"
	// StateUnverified: there is no result of a verification yet.
	StateUnverified PasscodeState = "Unverified"
	// StateRejected: CleverTap rejects it.
	StateRejected PasscodeState = "Rejected"
	// StateDuplicate: an earlier entry has the same value.
	StateDuplicate PasscodeState = "Duplicate"
	// StateStaged: CleverTap accepts it, and it is unused.
	StateStaged PasscodeState = "Staged"
	// StateActive: it is in the target.
	StateActive PasscodeState = "Active"
	// StateRetiring: it was replaced, and may still be in use.
	StateRetiring PasscodeState = "Retiring"
	// StateRetired: it was replaced and is not in use: safe to delete on the dashboard.
	StateRetired PasscodeState = "Retired"
	// StateExpired: it has expired.
	StateExpired PasscodeState = "Expired"
)

// PasscodeStates lists every state there is.
func PasscodeStates() []PasscodeState {
	return []PasscodeState{
		StateMissing, StateMalformed, StateUnverified, StateRejected, StateDuplicate,
		StateStaged, StateActive, StateRetiring, StateRetired, StateExpired,
	}
}

// RotationReason is why a value was published. Initial: the first one. Scheduled: the rotation time had come.
// Requested: by annotation. Rejected: CleverTap rejected the one before. Expired: it did so at or near expiry.
// SourceChanged: the value, account or region was changed. Removed: the entry was removed. Pinned: spec.rotation.pin
// names it.
// +kubebuilder:validation:Enum=Initial;Scheduled;Requested;Rejected;Expired;SourceChanged;Removed;Pinned
type RotationReason string

// The reasons.
const (
	// RotationInitial: nothing was published before.
	RotationInitial RotationReason = "Initial"
	// RotationScheduled: the rotation time of the passcode before had come.
	RotationScheduled RotationReason = "Scheduled"
	// RotationRequested: a person requested it by annotation.
	RotationRequested RotationReason = "Requested"
	// RotationRejected: CleverTap rejected the passcode before.
	RotationRejected RotationReason = "Rejected"
	// RotationExpired: CleverTap rejected the passcode before, at or near its expiry.
	RotationExpired RotationReason = "Expired"
	// RotationSourceChanged: the value in the source changed, or account or region did.
	RotationSourceChanged RotationReason = "SourceChanged"
	// RotationRemoved: the passcode before was removed from the list.
	RotationRemoved RotationReason = "Removed"
	// RotationPinned: spec.rotation.pin names it.
	RotationPinned RotationReason = "Pinned"
)

// CleverTapPasscodeStatus is the observed state.
type CleverTapPasscodeStatus struct {
	// observedGeneration is the generation that this status describes; -1 before the first.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// accountID is the account that this status describes.
	// +optional
	AccountID string `json:"accountID,omitempty"`
	// region is the region that this status describes.
	// +optional
	Region Region `json:"region,omitempty"`

	// phase sums up the object for people; programs read the conditions. Pending: nothing is published yet. Active: a
	// passcode is published. ExpiringSoon: 30 days or less are left. Expired: it has expired. Rejected: CleverTap
	// rejects it and there is no successor.
	// +optional
	Phase Phase `json:"phase,omitempty"`

	// activePasscode is the name of the entry whose value is in the target. Absent if nothing is published.
	// +optional
	ActivePasscode string `json:"activePasscode,omitempty"`

	// expiresAt is when the active passcode expires. Absent if it never does.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`

	// target is the name of the Secret that workloads mount.
	// +optional
	Target string `json:"target,omitempty"`

	// revision counts publications of a value, from 1. It never decreases while the target or this status remains.
	// +optional
	Revision int64 `json:"revision,omitempty"`

	// nextPasscode is the name of the verified successor. Absent without one, pinned or suspended.
	// +optional
	NextPasscode string `json:"nextPasscode,omitempty"`

	// nextRotationTime is when the successor becomes active. Absent without one, pinned or suspended, or if the active
	// passcode never expires.
	// +optional
	NextRotationTime *metav1.Time `json:"nextRotationTime,omitempty"`

	// runwayUntil is when the last passcode that will become active by itself expires. Absent if one never expires, or
	// nothing is published.
	// +optional
	RunwayUntil *metav1.Time `json:"runwayUntil,omitempty"`

	// lastReminderDays is the smallest number of days left, of 30, 14, 7, 3 and 1, that was reached for the active passcode.
	// Absent if more are left.
	// +optional
	LastReminderDays int32 `json:"lastReminderDays,omitempty"`

	// passcodes is the state of each entry of spec.passcodes.
	// +optional
	// +listType=map
	// +listMapKey=name
	Passcodes []PasscodeStatus `json:"passcodes,omitempty"`

	// history is the last 10 publications, newest first.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10
	History []Publication `json:"history,omitempty"`

	// stalePods are the Pods that still use a replaced value. Absent if there are none.
	// +optional
	StalePods *StalePods `json:"stalePods,omitempty"`

	// lastHandledRotateAt is the value of the annotation rotate-requested-at that was handled last.
	// +optional
	LastHandledRotateAt string `json:"lastHandledRotateAt,omitempty"`

	// lastHandledVerifyAt is the value of the annotation verify-requested-at that was handled last: every entry had a
	// result by then, or could not have one.
	// +optional
	LastHandledVerifyAt string `json:"lastHandledVerifyAt,omitempty"`

	// conditions are Ready, Verified, ExpiringSoon, SuccessorReady, SourcesReady, RolloutComplete, and for kstatus
	// Reconciling and Stalled. docs/reference.md explains each reason.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// PasscodeStatus is the state of an entry.
type PasscodeStatus struct {
	// name is the name of the entry in spec.passcodes.
	// +required
	Name string `json:"name"`

	// state is Missing (no value), Malformed (cannot be a passcode), Unverified (no result yet), Rejected (by
	// CleverTap), Duplicate (same value as an earlier entry), Staged (accepted and unused), Active (in the target),
	// Retiring (replaced, still in use), Retired (replaced, safe to delete on the dashboard) or Expired.
	// +required
	State PasscodeState `json:"state"`

	// beginsAt is from when the passcode is valid: createdAt, or when its value was first seen.
	// +optional
	BeginsAt *metav1.Time `json:"beginsAt,omitempty"`

	// expiresAt is when the passcode expires. Absent if it never does, or has no value yet.
	// +optional
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`

	// firstSeenAt is when the operator first saw the present value.
	// +optional
	FirstSeenAt *metav1.Time `json:"firstSeenAt,omitempty"`

	// staleCreatedAt is a createdAt in spec that belongs to an earlier value, and is ignored.
	// +optional
	StaleCreatedAt string `json:"staleCreatedAt,omitempty"`

	// verifiedAt is when CleverTap last accepted or rejected the passcode.
	// +optional
	VerifiedAt *metav1.Time `json:"verifiedAt,omitempty"`

	// retiredAt is since when the passcode can be deleted on the dashboard.
	// +optional
	RetiredAt *metav1.Time `json:"retiredAt,omitempty"`

	// fingerprint distinguishes values and reveals nothing of them: a keyed digest, useless without the operator's key.
	// +optional
	Fingerprint string `json:"fingerprint,omitempty"`

	// message says what is wrong, or worth knowing, and what to do.
	// +optional
	Message string `json:"message,omitempty"`
}

// Publication is one publication of a value.
type Publication struct {
	// revision is the revision that it made.
	// +required
	Revision int64 `json:"revision"`
	// passcode is the name of the entry that was published.
	// +required
	Passcode string `json:"passcode"`
	// time is when it was published.
	// +required
	Time metav1.Time `json:"time"`
	// reason is why it was published. Initial: nothing was published before. Scheduled: the rotation time had come. Requested: by
	// the annotation rotate-requested-at. Rejected: CleverTap rejected the passcode before. Expired: CleverTap rejected it in its
	// last 24 hours or later. SourceChanged: the value in the source, the account or the region changed. Removed: the entry was
	// removed from the spec. Pinned: spec.rotation.pin names it.
	// +required
	Reason RotationReason `json:"reason"`
}

// StalePods are Pods that still use a replaced value.
type StalePods struct {
	// count is how many there are.
	// +required
	Count int32 `json:"count"`
	// names are the names of up to 20 of them.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	Names []string `json:"names,omitempty"`
}

// CleverTapPasscode keeps a working CleverTap passcode in a Secret that workloads mount.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=ctp,categories=clevertap,path=clevertappasscodes
// +kubebuilder:selectablefield:JSONPath=".spec.accountID"
// +kubebuilder:selectablefield:JSONPath=".spec.region"
// +kubebuilder:selectablefield:JSONPath=".status.phase"
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
// +kubebuilder:validation:XValidation:rule="(has(self.spec.mode) && self.spec.mode == 'Observe') || self.spec.passcodes.all(p, p.secretKeyRef.name != (has(self.spec.target) && has(self.spec.target.name) ? self.spec.target.name : self.metadata.name))",message="the target Secret (spec.target.name, or else the object's own name) must not be the secretKeyRef of an entry"
type CleverTapPasscode struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object's metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the desired state.
	// +required
	Spec CleverTapPasscodeSpec `json:"spec"`

	// status is the observed state, written by the operator.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status CleverTapPasscodeStatus `json:"status,omitempty"`
}

// CleverTapPasscodeList is a list of CleverTapPasscodes.
// +kubebuilder:object:root=true
type CleverTapPasscodeList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// +required
	Items []CleverTapPasscode `json:"items"`
}
