// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/fingerprint"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
)

// activePasscode is what the target holds or, where somebody edited it, what its record says it held.
type activePasscode struct {
	record      Record
	fingerprint string
	// tuple is what to put back or leave; its passcode is zero where nothing here proves to be it.
	tuple Tuple
	// entry is the listed one of this value; nil where the list has none.
	entry *entry
	// namesake is, where entry is nil, the listed one that it was published from: its source has changed or is lost,
	// or the object went to another account.
	namesake *entry
	validity schedule.Validity
	// moved is whether the object has gone to another account or region since.
	moved        bool
	result       clevertap.Result
	resultAt     time.Time
	verification clevertap.Verification
}

// name is the listed one's where there is one: a renamed entry is the same passcode.
func (p *activePasscode) name() string {
	if p.entry != nil {
		return p.entry.spec.Name
	}
	return p.record.Passcode
}

// sourceChanged is whether its source holds another value now.
func (p *activePasscode) sourceChanged() bool {
	return p.namesake != nil && p.namesake.hasValue()
}

// removed is whether it was taken off the list, or can be had from nowhere.
func (p *activePasscode) removed() bool {
	return p.entry == nil && (p.namesake == nil || !p.namesake.hasValue() && p.tuple.Passcode.IsZero())
}

func (v *snapshot) findActive() *activePasscode {
	if v.authority == nil {
		return nil
	}
	p := &activePasscode{record: v.recordOrMarks(), moved: v.moved()}
	p.fingerprint = p.record.Fingerprint
	if !fingerprint.SameKey(p.fingerprint, v.authority.Fingerprint) && v.authority.Fingerprint != "" {
		p.fingerprint = v.authority.Fingerprint
	}
	v.findListed(p)
	v.findTuple(p)
	p.validity = v.validityOfActive(p)
	v.setResult(p)
	return p
}

// recordOrMarks goes by the annotations for people where the record can't be read. The entry that has the value gives the
// rest.
func (v *snapshot) recordOrMarks() Record {
	if v.authority.Record != nil {
		return *v.authority.Record
	}
	return Record{
		Revision: max(v.authority.revision(), v.Object.Status.Revision, 1),
		Passcode: firstCharacters(v.authority.Annotations[v1alpha1.PasscodeAnnotation], maxPasscodeName),
	}
}

// firstCharacters is the text, cut between characters where it has more than n.
func firstCharacters(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n])
}

func (v *snapshot) findListed(p *activePasscode) {
	for _, e := range v.entries {
		switch {
		case !e.hasValue() || e.duplicateOf != nil:
		case !p.moved && e.Fingerprint == p.fingerprint:
			p.entry = e
			return
		case p.moved && e.Passcode.Equal(v.authority.Tuple.Passcode):
			p.namesake = e
			return
		}
	}
	for _, e := range v.entries {
		if e.spec.Name == p.record.Passcode {
			p.namesake = canonical(e)
			return
		}
	}
}

func canonical(e *entry) *entry {
	if e.duplicateOf != nil {
		return e.duplicateOf
	}
	return e
}

// findTuple takes what the record's fingerprint proves: the target's own, the source's, or what is remembered.
func (v *snapshot) findTuple(p *activePasscode) {
	p.tuple = v.authority.Tuple
	switch {
	case v.authority.Fingerprint == p.fingerprint:
	case p.entry != nil:
		p.tuple.Passcode = p.entry.Passcode
		p.tuple.AccountID, p.tuple.Region = v.spec.AccountID, v.spec.Region
	case v.LastKnown != nil && v.LastKnown.Fingerprint == p.fingerprint:
		p.tuple = v.LastKnown.Tuple
	default:
		p.tuple = Tuple{}
	}
}

func (v *snapshot) validityOfActive(p *activePasscode) schedule.Validity {
	if p.entry != nil {
		return p.entry.validity
	}
	return schedule.Between(v.spec, p.record.BeginsAt, p.record.EndsAt)
}

// setResult takes CleverTap's word from the listed one or, where there is none, from what was asked of the target's.
func (v *snapshot) setResult(p *activePasscode) {
	switch {
	case p.entry != nil:
		p.verification, p.result, p.resultAt = p.entry.Verification, p.entry.result, p.entry.resultAt
		return
	case v.authority.Verification.Result != clevertap.Unknown:
		p.verification, p.result, p.resultAt = v.authority.Verification, v.authority.Verification.Result, schedule.WholeSecond(v.authority.Verification.At)
		return
	}
	p.verification = v.authority.Verification
	switch verified := meta.FindStatusCondition(v.Object.Status.Conditions, v1alpha1.ConditionVerified); {
	case verified == nil:
	case verified.Status == "True":
		p.result = clevertap.Accepted
	case verified.Status == "False":
		p.result = clevertap.Rejected
	}
}
