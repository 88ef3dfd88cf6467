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

// activePasscode is what the target contains or, if somebody edited it, what its record says it contained.
type activePasscode struct {
	record      Record
	fingerprint string
	// tuple is what to put back or leave; its passcode is zero where nothing here proves to be it.
	tuple Tuple
	// entry is the listed one of this value; nil where the list has none.
	entry *entry
	// namesake is, where entry is nil, the listed one that it was published from: its source has changed or is lost,
	// or the object went to another account.
	formerEntry *entry
	validity    schedule.Validity
	// moved reports whether the object has gone to another account or region since.
	accountChanged bool
	result         clevertap.Result
	resultAt       time.Time
	verification   clevertap.Verification
}

// name is the listed one's where there is one: a renamed entry is the same passcode.
func (p *activePasscode) name() string {
	if p.entry != nil {
		return p.entry.spec.Name
	}
	return p.record.Passcode
}

// sourceChanged reports whether its source contains another value now.
func (p *activePasscode) sourceChanged() bool {
	return p.formerEntry != nil && p.formerEntry.hasValue()
}

// removed reports whether it was taken off the list, or can be had from nowhere.
func (p *activePasscode) removed() bool {
	return p.entry == nil && (p.formerEntry == nil || !p.formerEntry.hasValue() && p.tuple.Passcode.IsZero())
}

func (v *snapshot) findActive() *activePasscode {
	if v.lastPublished == nil {
		return nil
	}
	p := &activePasscode{record: v.recordOrMarks(), accountChanged: v.accountChanged()}
	p.fingerprint = p.record.Fingerprint
	if !fingerprint.SameKey(p.fingerprint, v.lastPublished.Fingerprint) && v.lastPublished.Fingerprint != "" {
		p.fingerprint = v.lastPublished.Fingerprint
	}
	v.findEntry(p)
	v.findTuple(p)
	p.validity = v.validityOfActive(p)
	v.setResult(p)
	return p
}

// recordOrMarks goes by the annotations for people where the record can't be read. The entry that has the value gives the
// rest.
func (v *snapshot) recordOrMarks() Record {
	if v.lastPublished.Record != nil {
		return *v.lastPublished.Record
	}
	return Record{
		Revision: max(v.lastPublished.revision(), v.Object.Status.Revision, 1),
		Passcode: firstCharacters(v.lastPublished.Annotations[v1alpha1.PasscodeAnnotation], maxPasscodeName),
	}
}

// firstCharacters is the text, cut between characters where it has more than n.
func firstCharacters(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n])
}

func (v *snapshot) findEntry(p *activePasscode) {
	for _, e := range v.entries {
		switch {
		case !e.hasValue() || e.duplicateOf != nil:
		case !p.accountChanged && e.Fingerprint == p.fingerprint:
			p.entry = e
			return
		case p.accountChanged && e.Passcode.Equal(v.lastPublished.Tuple.Passcode):
			p.formerEntry = e
			return
		}
	}
	for _, e := range v.entries {
		if e.spec.Name == p.record.Passcode {
			p.formerEntry = canonical(e)
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
	p.tuple = v.lastPublished.Tuple
	switch {
	case v.lastPublished.Fingerprint == p.fingerprint:
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

// setResult takes the result of the entry or, if there is none, that of the target's own value.
func (v *snapshot) setResult(p *activePasscode) {
	switch {
	case p.entry != nil:
		p.verification, p.result, p.resultAt = p.entry.Verification, p.entry.result, p.entry.resultAt
		return
	case v.lastPublished.Verification.Result != clevertap.Unknown:
		p.verification, p.result, p.resultAt = v.lastPublished.Verification, v.lastPublished.Verification.Result, schedule.WholeSecond(v.lastPublished.Verification.At)
		return
	}
	p.verification = v.lastPublished.Verification
	if v.Object.Status.Target == "" { // it describes what was observed, which is another value perhaps
		return
	}
	switch verified := meta.FindStatusCondition(v.Object.Status.Conditions, v1alpha1.ConditionVerified); {
	case verified == nil:
	case verified.Status == "True":
		p.result = clevertap.Accepted
	case verified.Status == "False":
		p.result = clevertap.Rejected
	}
}
