// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"slices"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

const (
	// maxRequest is how many characters a request's value may have.
	maxRequest = 64
	// maxHandled is how many handled requests the record remembers, so that an object restored from a backup brings
	// none of them back.
	maxHandled = 10
)

// request is a value of an annotation that requests something once.
type request struct {
	// value is "" if nothing is requested.
	value string
	// handled reports whether it was handled before, or is only echoed.
	handled bool
	// denied says why it is denied; "" if it is not, or still may be handled. noSuccessor reports whether that is for lack of a
	// successor.
	denied      string
	noSuccessor bool
	// requester is who set the annotation.
	requester Requester
}

// pending reports whether it is to be handled, now or as soon as that is possible.
func (r request) pending() bool {
	return r.value != "" && !r.handled && r.denied == "" && !r.noSuccessor
}

// echo is what the status says was handled.
func (r request) echo(before string) string {
	if r.value == "" || r.pending() {
		return before
	}
	return r.value
}

// requested reads an annotation. That of a new object without a record is echoed and not executed.
func (v *snapshot) requested(annotation, echoed string, handled []string) request {
	r := request{value: v.Object.Annotations[annotation], requester: RequesterOf(v.Object.ManagedFields, annotation)}
	if cut := firstCharacters(r.value, maxRequest); cut != r.value {
		r.value = cut
		r.denied = "annotation " + annotation + " is longer than 64 characters: set a shorter one, such as the time"
	}
	unseen := v.Object.Status.ObservedGeneration == -1 && v.record() == nil
	r.handled = unseen || r.value == echoed || slices.Contains(handled, r.value)
	if v.spec.Suspend && r.denied == "" {
		r.denied = "spec.suspend is true: set it to false and request it again"
	}
	return r
}

// rotateRequest is a request to rotate to the successor now. If there is none that may yet be accepted, it counts as
// handled.
func (v *snapshot) rotateRequest() request {
	var handled []string
	if record := v.record(); record != nil {
		handled = record.HandledRotates
	}
	r := v.requested(v1alpha1.RotateRequestedAtAnnotation, v.Object.Status.LastHandledRotateAt, handled)
	switch {
	case !r.pending():
	case v.observing:
		r.denied = "spec.mode is Observe: the operator writes nothing. Set it to Manage, with a target, to rotate"
	case v.active == nil:
		r.denied = "nothing is published yet"
	case v.pinHolds():
		r.denied = "spec.rotation.pin is set: remove it and request it again"
	case !slices.ContainsFunc(v.successors(), func(e *entry) bool { return e.result != clevertap.Rejected }):
		r.noSuccessor = true
	}
	return r
}

// verifyRequest is a request to verify every entry now. It is handled once each has had a result, or could have none, since
// it was first seen.
func (v *snapshot) verifyRequest() request {
	r := v.requested(v1alpha1.VerifyRequestedAtAnnotation, v.Object.Status.LastHandledVerifyAt, nil)
	r.handled = r.handled || v.Object.Status.ObservedGeneration == -1
	if r.pending() && !v.verifying() {
		r.handled = true
	}
	return r
}

func (v *snapshot) verifying() bool {
	if v.spec.VerificationMode() == v1alpha1.VerificationNone || v.paused() {
		return false
	}
	return slices.ContainsFunc(v.entries, func(e *entry) bool {
		return e.hasValue() && e.duplicateOf == nil && e.Verification.Ended().Before(v.VerifySeenAt)
	})
}
