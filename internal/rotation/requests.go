// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"slices"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/managedfields"
)

const (
	// maxRequest is how many characters a request's value may have.
	maxRequest = 64
	// maxHandled is how many handled requests the record remembers, so that an object restored from a backup brings
	// none of them back.
	maxHandled = 10
)

// Request is a value of an annotation that requests something once.
type Request struct {
	// Value is "" if nothing is requested.
	Value string
	// Handled reports whether it was handled before, or is only echoed.
	Handled bool
	// Denied says why it is denied; "" if it is not, or still may be handled. NoSuccessor reports whether that is for lack of a
	// successor.
	Denied      string
	NoSuccessor bool
	// Requester is who set the annotation.
	Requester managedfields.Requester
}

// pending reports whether it is to be handled, now or as soon as that is possible.
func (r Request) pending() bool {
	return r.Value != "" && !r.Handled && r.Denied == "" && !r.NoSuccessor
}

// Echo is what the status says was handled.
func (r Request) Echo(before string) string {
	if r.Value == "" || r.pending() {
		return before
	}
	return r.Value
}

// requested reads an annotation. That of a new object without a record is echoed and not executed.
func (s *Snapshot) requested(annotation, echoed string, handled []string) Request {
	r := Request{Value: s.Object.Annotations[annotation], Requester: managedfields.RequesterOf(s.Object.ManagedFields, annotation)}
	if cut := firstCharacters(r.Value, maxRequest); cut != r.Value {
		r.Value = cut
		r.Denied = "annotation " + annotation + " is longer than 64 characters: set a shorter one, such as the time"
	}
	unseen := s.Object.Status.ObservedGeneration == -1 && s.record() == nil
	r.Handled = unseen || r.Value == echoed || slices.Contains(handled, r.Value)
	if s.Spec.Suspend && r.Denied == "" {
		r.Denied = "spec.suspend is true: set it to false and request it again"
	}
	return r
}

// rotateRequest is a request to rotate to the successor now. If there is none that may yet be accepted, it counts as
// handled.
func (s *Snapshot) rotateRequest() Request {
	var handled []string
	if record := s.record(); record != nil {
		handled = record.HandledRotates
	}
	r := s.requested(v1alpha1.RotateRequestedAtAnnotation, s.Object.Status.LastHandledRotateAt, handled)
	switch {
	case !r.pending():
	case s.Observing:
		r.Denied = "spec.mode is Observe: the operator writes nothing. Set it to Manage, with a target, to rotate"
	case s.Active == nil:
		r.Denied = "nothing is published yet: request it again once Ready is True"
	case s.PinInEffect():
		r.Denied = "spec.rotation.pin is set: remove it and request it again"
	case !slices.ContainsFunc(s.Successors(), func(e *Entry) bool { return e.Result != clevertap.Rejected }):
		r.NoSuccessor = true
	}
	return r
}

// verifyRequest is a request to verify every entry now. It is handled once each has had a result, or could have none, since
// it was first seen.
func (s *Snapshot) verifyRequest() Request {
	r := s.requested(v1alpha1.VerifyRequestedAtAnnotation, s.Object.Status.LastHandledVerifyAt, nil)
	r.Handled = r.Handled || s.Object.Status.ObservedGeneration == -1
	if r.pending() && !s.verifying() {
		r.Handled = true
	}
	return r
}

func (s *Snapshot) verifying() bool {
	if s.Spec.VerificationMode() == v1alpha1.VerificationNone || s.Paused() {
		return false
	}
	return slices.ContainsFunc(s.Entries, func(e *Entry) bool {
		return e.HasValue() && e.DuplicateOf == nil && e.Verification.Ended().Before(s.VerifySeenAt)
	})
}
