// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Conditions.
const (
	// ConditionReady is True while workloads have a passcode that works: reason PasscodePublished. It is False with
	// Expired, PasscodeRejected or TargetConflict, and while nothing is published with one of the source reasons.
	// It is Unknown while nothing is published and Verifying, VerificationUnavailable or Suspended.
	ConditionReady = "Ready"
	// ConditionVerified is what CleverTap last said of the published passcode: True Accepted, False Rejected, Unknown
	// with Unavailable, RateLimited or Disabled. Absent while nothing is published.
	ConditionVerified = "Verified"
	// ConditionExpiringSoon is True (WithinWindow) from 30 days before the end of the published passcode on, else
	// False with OutsideWindow or NeverExpires. True is the one to look at. Absent while nothing is published.
	ConditionExpiringSoon = "ExpiringSoon"
	// ConditionSuccessorReady is True (Staged) when an accepted passcode waits to take over, else False (NoSuccessor).
	ConditionSuccessorReady = "SuccessorReady"
	// ConditionSourcesReady is True (Found) when every listed value is there and well-formed, else False with a
	// source reason.
	ConditionSourcesReady = "SourcesReady"
	// ConditionRolloutComplete is there with spec.rollout only: True Complete, False InProgress or Failed.
	ConditionRolloutComplete = "RolloutComplete"
	// ConditionReconciling is present, True, only while what is published is not yet what the spec asks and work that
	// outlasts one pass is under way (kstatus).
	ConditionReconciling = "Reconciling"
	// ConditionStalled is present, True, only while a person must act before the spec can be met (kstatus).
	ConditionStalled = "Stalled"
)

// Reasons of conditions. Events and rotations of the same name mean the same.
const (
	// ReasonPasscodePublished of Ready: the target holds a passcode that works as far as CleverTap has said.
	ReasonPasscodePublished = "PasscodePublished"
	// ReasonExpired of Ready and Stalled: the published passcode is past its end and CleverTap does not accept it.
	ReasonExpired = "Expired"
	// ReasonPasscodeRejected of Ready and Stalled: CleverTap refuses the published passcode, or, while nothing is
	// published, every listed one.
	ReasonPasscodeRejected = "PasscodeRejected"
	// ReasonTargetConflict of Ready and Stalled: a Secret of the target's name is not this object's.
	ReasonTargetConflict = "TargetConflict"
	// ReasonSourceNotFound: the Secret that an entry names does not exist.
	ReasonSourceNotFound = "SourceNotFound"
	// ReasonSourceNotLabelled: the Secret exists without the label role=source, so it was not read.
	ReasonSourceNotLabelled = "SourceNotLabelled"
	// ReasonKeyNotFound: the Secret has no such key.
	ReasonKeyNotFound = "KeyNotFound"
	// ReasonPasscodeMalformed: the value can't be a passcode.
	ReasonPasscodeMalformed = "PasscodeMalformed"
	// ReasonVerifying of Ready: CleverTap is being asked.
	ReasonVerifying = "Verifying"
	// ReasonVerificationUnavailable of Ready: CleverTap was asked and did not answer.
	ReasonVerificationUnavailable = "VerificationUnavailable"
	// ReasonSuspended of Ready: nothing is published and spec.suspend is true.
	ReasonSuspended = "Suspended"
	// ReasonAccepted of Verified.
	ReasonAccepted = "Accepted"
	// ReasonRejected of Verified.
	ReasonRejected = "Rejected"
	// ReasonUnavailable of Verified: the last answer is older than two intervals.
	ReasonUnavailable = "Unavailable"
	// ReasonRateLimited of Verified: as Unavailable, because CleverTap takes no more calls of this account.
	ReasonRateLimited = "RateLimited"
	// ReasonDisabled of Verified: spec.verification.mode is None.
	ReasonDisabled = "Disabled"
	// ReasonWithinWindow of ExpiringSoon: 30 days or less are left.
	ReasonWithinWindow = "WithinWindow"
	// ReasonOutsideWindow of ExpiringSoon: more than 30 days are left.
	ReasonOutsideWindow = "OutsideWindow"
	// ReasonNeverExpires of ExpiringSoon.
	ReasonNeverExpires = "NeverExpires"
	// ReasonStaged of SuccessorReady.
	ReasonStaged = "Staged"
	// ReasonNoSuccessor of SuccessorReady.
	ReasonNoSuccessor = "NoSuccessor"
	// ReasonTargetAnnotationForbidden of Stalled: an annotation that the object names for its target would have it
	// copied, and was left out, because the operator's flags do not allow it.
	ReasonTargetAnnotationForbidden = "TargetAnnotationForbidden"
	// ReasonWindowInvalid of Stalled: one of rotation.windows does not parse, so scheduled switches wait for the last
	// 24 h before the end.
	ReasonWindowInvalid = "WindowInvalid"
	// ReasonTargetNotWritten of Reconciling: the API server did not let the operator write the target; it is tried
	// again.
	ReasonTargetNotWritten = "TargetNotWritten"
	// ReasonEffectFailed of Reconciling: a former target or a workload could not be written; the message names each, and
	// what to do. It is tried again.
	ReasonEffectFailed = "EffectFailed"
	// ReasonComplete of RolloutComplete: nothing holds an old value by environment variable or subPath, and what was
	// restarted is there.
	ReasonComplete = "Complete"
	// ReasonInProgress of RolloutComplete.
	ReasonInProgress = "InProgress"
	// ReasonFailed of RolloutComplete: a workload will not get there by itself, or could not be looked at.
	ReasonFailed = "Failed"
	// ReasonFound of SourcesReady.
	ReasonFound = "Found"
)

// Reasons of events that no condition or rotation has.
const (
	// EventRotated: another passcode was published, for the reason in its message.
	EventRotated = "Rotated"
	// EventExpiringSoon: the 30-day window of the published passcode began.
	EventExpiringSoon = "ExpiringSoon"
	// EventExpiryMismatch: CleverTap still accepts, or already refuses, what the declared expiry says otherwise of.
	EventExpiryMismatch = "ExpiryMismatch"
	// EventCreatedAtInFuture: the createdAt of an accepted passcode is more than 10 minutes later than when its value was
	// first seen, so it is ignored.
	EventCreatedAtInFuture = "CreatedAtInFuture"
	// EventRequestRefused: a request by annotation was not obeyed, for the reason in its message.
	EventRequestRefused = "RequestRefused"
	// EventRolloutRestarted: a workload was restarted.
	EventRolloutRestarted = "RolloutRestarted"
	// EventSafeToDelete: nothing that the operator can see holds a replaced passcode any more.
	EventSafeToDelete = "SafeToDelete"
	// EventTargetReleased: target.name changed, and the Secret of the former name was left behind.
	EventTargetReleased = "TargetReleased"
	// EventTargetRestored: a deleted or edited target was put back.
	EventTargetRestored = "TargetRestored"
)

// Labels and annotations.
const (
	// Prefix begins every label and annotation of the operator.
	Prefix = "clevertap.passcode-operator.io/"

	// RoleLabel on a Secret lets the operator see it: its owner's consent on a source, the operator's mark on a target.
	RoleLabel = Prefix + "role"
	// RoleSource is the RoleLabel of a Secret that passcodes are staged in.
	RoleSource = "source"
	// RoleTarget is the RoleLabel of a Secret that the operator writes.
	RoleTarget = "target"

	// ManagedByLabel is Kubernetes' own, with the value ManagedBy on every target.
	ManagedByLabel = "app.kubernetes.io/managed-by"
	// ManagedBy is the operator's name.
	ManagedBy = "clevertap-passcode-operator"

	// OwnerAnnotation on a target is the name of the object that writes it.
	OwnerAnnotation = Prefix + "owner"
	// PasscodeAnnotation on a target is the name of the published passcode.
	PasscodeAnnotation = Prefix + "passcode"
	// RevisionAnnotation on a target is the revision.
	RevisionAnnotation = Prefix + "revision"
	// ExpiresAtAnnotation on a target is when the published passcode ends, RFC 3339; absent when never.
	ExpiresAtAnnotation = Prefix + "expires-at"
	// ReleasedAtAnnotation on a former target is when the object left it behind for another name, RFC 3339.
	ReleasedAtAnnotation = Prefix + "released-at"
	// RotateRequestedAtAnnotation on an object asks to switch to the successor now: any new value of up to 64
	// characters, a time by custom.
	RotateRequestedAtAnnotation = Prefix + "rotate-requested-at"
	// VerifyRequestedAtAnnotation on an object asks to ask CleverTap about every listed value now.
	VerifyRequestedAtAnnotation = Prefix + "verify-requested-at"
	// RecordAnnotation on a target is the operator's own memory, not for others.
	RecordAnnotation = Prefix + "record"
)
