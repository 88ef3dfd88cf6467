// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Messages.
const (
	// ActionRequired separates what is wrong from what to do, in the message of a condition, an entry or an event. A message
	// that requires nothing of a person does not have it.
	ActionRequired = ". Action required: "
)

// Conditions.
const (
	// ConditionReady is True while workloads have a passcode that works: reason PasscodePublished, or in mode Observe
	// PasscodeVerified or PasscodeFound. It is False with
	// Expired, PasscodeRejected or TargetConflict, and with a source reason while nothing is published. It is Unknown with
	// Verifying, VerificationUnavailable or Suspended while nothing is published.
	ConditionReady = "Ready"
	// ConditionVerified is the last result for the active passcode: True Accepted, False Rejected, Unknown with Unavailable,
	// RateLimited, Verifying, Suspended or Disabled. Absent while nothing is published.
	ConditionVerified = "Verified"
	// ConditionExpiringSoon is True (WithinWindow) from 30 days before the active passcode expires, else False with
	// OutsideWindow or NeverExpires. Negative polarity: True requires attention. Absent while nothing is published.
	ConditionExpiringSoon = "ExpiringSoon"
	// ConditionSuccessorReady is True (Staged) if a verified successor is staged, else False (NoSuccessor, or Suspended). Its
	// message has the command that stages the next passcode.
	ConditionSuccessorReady = "SuccessorReady"
	// ConditionSourcesReady is True (Found) if every entry has a well-formed value, else False with a source reason.
	ConditionSourcesReady = "SourcesReady"
	// ConditionRolloutComplete is present only with spec.rollout: True Complete, False InProgress or Failed.
	ConditionRolloutComplete = "RolloutComplete"
	// ConditionReconciling is present, True, only while the active passcode is not yet what the spec requires and work that
	// takes more than one pass is under way (kstatus).
	ConditionReconciling = "Reconciling"
	// ConditionStalled is present, True, only while a person must act before the spec can be met (kstatus).
	ConditionStalled = "Stalled"
)

// Reasons of conditions. Events and rotations of the same name mean the same.
const (
	// ReasonPasscodePublished of Ready: the target contains a passcode that CleverTap accepted.
	ReasonPasscodePublished = "PasscodePublished"
	// ReasonPasscodeVerified of Ready in mode Observe: CleverTap accepted the observed passcode.
	ReasonPasscodeVerified = "PasscodeVerified"
	// ReasonPasscodeFound of Ready in mode Observe with verification mode None: the observed passcode is well-formed.
	ReasonPasscodeFound = "PasscodeFound"
	// ReasonExpired of Ready and Stalled: the active passcode has expired, and CleverTap does not accept it.
	ReasonExpired = "Expired"
	// ReasonPasscodeRejected of Ready and Stalled: CleverTap rejects the active passcode, or, while nothing is
	// published, every entry.
	ReasonPasscodeRejected = "PasscodeRejected"
	// ReasonTargetConflict of Ready and Stalled: a Secret with the target's name does not belong to this object.
	ReasonTargetConflict = "TargetConflict"
	// ReasonSourceNotFound: the Secret that an entry names does not exist.
	ReasonSourceNotFound = "SourceNotFound"
	// ReasonSourceNotLabelled: the Secret exists without the label role=source, so it is not read.
	ReasonSourceNotLabelled = "SourceNotLabelled"
	// ReasonKeyNotFound: the Secret has no such key.
	ReasonKeyNotFound = "KeyNotFound"
	// ReasonPasscodeMalformed: the value cannot be a passcode.
	ReasonPasscodeMalformed = "PasscodeMalformed"
	// ReasonVerifying of Ready, Verified and Reconciling: a verification is under way.
	ReasonVerifying = "Verifying"
	// ReasonVerificationUnavailable of Ready and Reconciling: a verification brought no result.
	ReasonVerificationUnavailable = "VerificationUnavailable"
	// ReasonSuspended of Ready, Verified and SuccessorReady: spec.suspend is true, so nothing is verified or written.
	ReasonSuspended = "Suspended"
	// ReasonAccepted of Verified: CleverTap accepted the active passcode at its last verification.
	ReasonAccepted = "Accepted"
	// ReasonRejected of Verified: CleverTap rejected the active passcode at its last verification.
	ReasonRejected = "Rejected"
	// ReasonUnavailable of Verified: the last result is older than two intervals, and a verification since brought none.
	ReasonUnavailable = "Unavailable"
	// ReasonRateLimited of Verified: as Unavailable, because CleverTap limits the calls of this account.
	ReasonRateLimited = "RateLimited"
	// ReasonDisabled of Verified: spec.verification.mode is None.
	ReasonDisabled = "Disabled"
	// ReasonWithinWindow of ExpiringSoon: 30 days or less are left.
	ReasonWithinWindow = "WithinWindow"
	// ReasonOutsideWindow of ExpiringSoon: more than 30 days are left.
	ReasonOutsideWindow = "OutsideWindow"
	// ReasonNeverExpires of ExpiringSoon: expiry.forever is true for the active passcode.
	ReasonNeverExpires = "NeverExpires"
	// ReasonStaged of SuccessorReady: an accepted entry becomes active next, or could on request if the active one never expires.
	ReasonStaged = "Staged"
	// ReasonNoSuccessor of SuccessorReady: no entry can become active next. The message says why, and how to stage one.
	ReasonNoSuccessor = "NoSuccessor"
	// ReasonTargetAnnotationForbidden of Stalled: an annotation of spec.target makes other controllers copy the
	// Secret. It is not set, because the operator's flags do not allow it.
	ReasonTargetAnnotationForbidden = "TargetAnnotationForbidden"
	// ReasonWindowInvalid of Stalled: one of rotation.windows does not parse, so scheduled rotations wait for the last
	// 24 h before expiry.
	ReasonWindowInvalid = "WindowInvalid"
	// ReasonTargetNotWritten of Reconciling: the API server denied or failed the write of the target. The operator
	// tries again.
	ReasonTargetNotWritten = "TargetNotWritten"
	// ReasonEffectFailed of Reconciling: a former target or a workload could not be written. The message names each, and
	// what to do. The operator tries again.
	ReasonEffectFailed = "EffectFailed"
	// ReasonComplete of RolloutComplete: nothing uses an old value by environment variable or subPath mount, and every
	// restart has finished.
	ReasonComplete = "Complete"
	// ReasonInProgress of RolloutComplete: restarts or the scan for what uses an old value are under way.
	ReasonInProgress = "InProgress"
	// ReasonFailed of RolloutComplete: a rollout failed or requires action, or the scan failed.
	ReasonFailed = "Failed"
	// ReasonFound of SourcesReady: every entry has a well-formed value in its source Secret.
	ReasonFound = "Found"
)

// Reasons of events that no condition or rotation has.
const (
	// EventRotated: another passcode became active, for the reason in its message.
	EventRotated = "Rotated"
	// EventExpiringSoon: 30 days or less are left; again at 14, 7, 3 and 1 days while there is no successor.
	EventExpiringSoon = "ExpiringSoon"
	// EventExpiryMismatch: CleverTap accepts the active passcode past its declared expiry.
	EventExpiryMismatch = "ExpiryMismatch"
	// EventCreatedAtInFuture: the createdAt of an accepted passcode is more than 10 minutes later than when its value was
	// first seen, so it is ignored.
	EventCreatedAtInFuture = "CreatedAtInFuture"
	// EventRequestRefused: a request by annotation was denied, for the reason in its message.
	EventRequestRefused = "RequestRefused"
	// EventRolloutRestarted: a workload was restarted.
	EventRolloutRestarted = "RolloutRestarted"
	// EventSafeToDelete: a replaced passcode is not in use any more, as far as the operator can see.
	EventSafeToDelete = "SafeToDelete"
	// EventTargetReleased: target.name changed or spec.mode became Observe, and the former target is no longer written.
	EventTargetReleased = "TargetReleased"
	// EventTargetRestored: a deleted or edited target was restored.
	EventTargetRestored = "TargetRestored"
)

// Labels and annotations.
const (
	// Prefix begins every label and annotation of the operator.
	Prefix = "clevertap.passcode-operator.io/"

	// RoleLabel on a Secret lets the operator read it: its owner's consent on a source, the operator's mark on a target.
	RoleLabel = Prefix + "role"
	// RoleSource is the RoleLabel of a source Secret.
	RoleSource = "source"
	// RoleTarget is the RoleLabel of a target Secret.
	RoleTarget = "target"

	// ManagedByLabel is Kubernetes' own, with the value ManagedBy on every target.
	ManagedByLabel = "app.kubernetes.io/managed-by"
	// ManagedBy is the operator's name.
	ManagedBy = "clevertap-passcode-operator"

	// OwnerAnnotation on a target is the name of the object that writes it.
	OwnerAnnotation = Prefix + "owner"
	// PasscodeAnnotation on a target is the name of the active passcode.
	PasscodeAnnotation = Prefix + "passcode"
	// RevisionAnnotation on a target is the revision.
	RevisionAnnotation = Prefix + "revision"
	// ExpiresAtAnnotation on a target is when the active passcode expires, RFC 3339; absent if it never does.
	ExpiresAtAnnotation = Prefix + "expires-at"
	// ReleasedAtAnnotation on a former target is when the object stopped writing it, RFC 3339.
	ReleasedAtAnnotation = Prefix + "released-at"
	// RotateRequestedAtAnnotation on an object requests a rotation to the successor now: any new value of up to 64
	// characters, customarily a time.
	RotateRequestedAtAnnotation = Prefix + "rotate-requested-at"
	// VerifyRequestedAtAnnotation on an object requests a verification of every entry now.
	VerifyRequestedAtAnnotation = Prefix + "verify-requested-at"
	// RecordAnnotation on a target is what the operator must know after a crash or a lost status: JSON, for the operator only.
	RecordAnnotation = Prefix + "record"
)
