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
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

// ActivePasscode is what the target contains or, if another writer edited it, what its record says it contained.
type ActivePasscode struct {
	Record      target.Record
	Fingerprint string
	// Tuple is what to put back or leave; its passcode is zero if nothing here proves to be it.
	Tuple target.Tuple
	// Entry is the entry of this value; nil if there is none.
	Entry *Entry
	// FormerEntry is, if Entry is nil, the entry that it was published from: its source has changed or is lost,
	// or the object went to another account.
	FormerEntry *Entry
	Validity    schedule.Validity
	// AccountChanged reports whether the object has gone to another account or region since.
	AccountChanged bool
	Result         clevertap.Result
	ResultAt       time.Time
	Verification   clevertap.Verification
}

// Name is the entry's if there is one: a renamed entry is the same passcode.
func (p *ActivePasscode) Name() string {
	if p.Entry != nil {
		return p.Entry.Spec.Name
	}
	return p.Record.Passcode
}

// SourceChanged reports whether its source contains another value now.
func (p *ActivePasscode) SourceChanged() bool {
	return p.FormerEntry != nil && p.FormerEntry.HasValue()
}

// Removed reports whether it was taken off the list, or nothing has its value any more.
func (p *ActivePasscode) Removed() bool {
	return p.Entry == nil && (p.FormerEntry == nil || (!p.FormerEntry.HasValue() && p.Tuple.Passcode.IsZero()))
}

func (s *Snapshot) findActive() *ActivePasscode {
	if s.LastPublished == nil {
		return nil
	}
	p := &ActivePasscode{Record: s.recordOrMarks(), AccountChanged: s.accountChanged()}
	p.Fingerprint = p.Record.Fingerprint
	if !fingerprint.SameKey(p.Fingerprint, s.LastPublished.Fingerprint) && s.LastPublished.Fingerprint != "" {
		p.Fingerprint = s.LastPublished.Fingerprint
	}
	s.findEntry(p)
	s.findTuple(p)
	p.Validity = s.validityOfActive(p)
	s.setResult(p)
	return p
}

// recordOrMarks reads the annotations for people if the record can't be read. The entry that has the value gives the
// rest.
func (s *Snapshot) recordOrMarks() target.Record {
	if s.LastPublished.Record != nil {
		return *s.LastPublished.Record
	}
	return target.Record{
		Revision: max(s.LastPublished.revision(), s.Object.Status.Revision, 1),
		Passcode: firstCharacters(s.LastPublished.Annotations[v1alpha1.PasscodeAnnotation], target.MaxPasscodeName),
	}
}

// firstCharacters is the text, cut between characters if it has more than n.
func firstCharacters(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n])
}

func (s *Snapshot) findEntry(p *ActivePasscode) {
	for _, e := range s.Entries {
		switch {
		case !e.HasValue() || e.DuplicateOf != nil:
		case !p.AccountChanged && e.Fingerprint == p.Fingerprint:
			p.Entry = e
			return
		case p.AccountChanged && e.Passcode.Equal(s.LastPublished.Tuple.Passcode):
			p.FormerEntry = e
			return
		}
	}
	for _, e := range s.Entries {
		if e.Spec.Name == p.Record.Passcode {
			p.FormerEntry = canonical(e)
			return
		}
	}
}

func canonical(e *Entry) *Entry {
	if e.DuplicateOf != nil {
		return e.DuplicateOf
	}
	return e
}

// findTuple takes what the record's fingerprint proves: the target's own, the source's, or what this process wrote last; with
// its verification, unless that is the entry's. An edited target's value is not the active passcode, and neither is its
// verification.
func (s *Snapshot) findTuple(p *ActivePasscode) {
	p.Tuple = s.LastPublished.Tuple
	switch {
	case s.LastPublished.Fingerprint == p.Fingerprint:
		p.Verification = s.LastPublished.Verification
	case p.Entry != nil:
		p.Tuple.Passcode = p.Entry.Passcode
		p.Tuple.AccountID, p.Tuple.Region = s.Spec.AccountID, s.Spec.Region
	case s.LastTarget != nil && s.LastTarget.Fingerprint == p.Fingerprint:
		p.Tuple, p.Verification = s.LastTarget.Tuple, s.LastTarget.Verification
	default:
		p.Tuple = target.Tuple{}
	}
}

func (s *Snapshot) validityOfActive(p *ActivePasscode) schedule.Validity {
	if p.Entry != nil {
		return p.Entry.Validity
	}
	return schedule.Between(s.Spec, p.Record.BeginsAt, p.Record.ExpiresAt)
}

// setResult takes the result of the entry or, if there is none, that of the target's own value.
func (s *Snapshot) setResult(p *ActivePasscode) {
	switch {
	case p.Entry != nil:
		p.Verification, p.Result, p.ResultAt = p.Entry.Verification, p.Entry.Result, p.Entry.ResultAt
		return
	case p.Verification.Result != clevertap.Unknown:
		p.Result, p.ResultAt = p.Verification.Result, schedule.WholeSecond(p.Verification.At)
		return
	}
	if s.Object.Status.Target == "" { // it describes what was observed, which is another value perhaps
		return
	}
	switch verified := meta.FindStatusCondition(s.Object.Status.Conditions, v1alpha1.ConditionVerified); {
	case verified == nil:
	case verified.Status == "True":
		p.Result = clevertap.Accepted
	case verified.Status == "False":
		p.Result = clevertap.Rejected
	}
}
