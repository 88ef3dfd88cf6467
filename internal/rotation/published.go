// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"strconv"
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// published is what the target holds or, where somebody edited it, what its record says it held.
type published struct {
	record      Record
	fingerprint string
	// tuple is what to put back or leave; its passcode is zero where nothing here proves to be it.
	tuple Tuple
	// entry is the listed one of this value; nil where the list has none.
	entry *entry
	// namesake is, where entry is nil, the listed one that it was published from: its source has changed or is lost,
	// or the object went to another account.
	namesake *entry
	life     life
	// moved is whether the object has gone to another account or region since.
	moved     bool
	verdict   Verdict
	verdictAt time.Time
	answer    Answer
}

// name is the listed one's where there is one: a renamed entry is the same passcode.
func (p *published) name() string {
	if p.entry != nil {
		return p.entry.spec.Name
	}
	return p.record.Passcode
}

// sourceChanged is whether its source holds another value now.
func (p *published) sourceChanged() bool {
	return p.namesake != nil && p.namesake.hasValue()
}

// removed is whether it was taken off the list, or can be had from nowhere.
func (p *published) removed() bool {
	return p.entry == nil && (p.namesake == nil || !p.namesake.hasValue() && p.tuple.Passcode.IsZero())
}

func (v *view) examinePublished() *published {
	if v.base == nil {
		return nil
	}
	p := &published{record: v.recordOrMarks(), moved: v.moved()}
	p.fingerprint = p.record.Fingerprint
	if !sameKey(p.fingerprint, v.base.Fingerprint) && v.base.Fingerprint != "" {
		p.fingerprint = v.base.Fingerprint
	}
	v.findListed(p)
	v.findTuple(p)
	p.life = v.lifeOfPublished(p)
	v.judge(p)
	return p
}

// recordOrMarks goes by the annotations for people where the record can't be read.
func (v *view) recordOrMarks() Record {
	if v.base.Record != nil {
		return *v.base.Record
	}
	marks := v.base.Annotations
	revision, err := strconv.ParseInt(marks[v1alpha1.RevisionAnnotation], 10, 64)
	if err != nil || revision > maxRevision {
		revision = 0
	}
	return Record{
		Revision: max(revision, v.Object.Status.Revision, 1),
		Passcode: firstCharacters(marks[v1alpha1.PasscodeAnnotation], maxPasscodeName),
		EndsAt:   parseTime(v1alpha1.Time(marks[v1alpha1.ExpiresAtAnnotation])),
	}
}

// firstCharacters is the text, cut between characters where it has more than n.
func firstCharacters(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n])
}

func (v *view) findListed(p *published) {
	for _, e := range v.entries {
		switch {
		case !e.hasValue() || e.sameAs != nil:
		case !p.moved && e.Fingerprint == p.fingerprint:
			p.entry = e
			return
		case p.moved && e.Passcode.Equal(v.base.Tuple.Passcode):
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
	if e.sameAs != nil {
		return e.sameAs
	}
	return e
}

// findTuple takes what the record's fingerprint proves: the target's own, the source's, or what is remembered.
func (v *view) findTuple(p *published) {
	p.tuple = v.base.Tuple
	switch {
	case v.base.Fingerprint == p.fingerprint:
	case p.entry != nil:
		p.tuple.Passcode = p.entry.Passcode
		p.tuple.AccountID, p.tuple.Region = v.spec.AccountID, v.spec.Region
	case v.Remembered != nil && v.Remembered.Fingerprint == p.fingerprint:
		p.tuple = v.Remembered.Tuple
	default:
		p.tuple = Tuple{}
	}
}

func (v *view) lifeOfPublished(p *published) life {
	if p.entry != nil {
		return p.entry.life
	}
	return withEnd(v.spec, p.record.BeginsAt, p.record.EndsAt)
}

// judge takes CleverTap's word from the listed one or, where there is none, from what was asked of the target's.
func (v *view) judge(p *published) {
	switch {
	case p.entry != nil:
		p.answer, p.verdict, p.verdictAt = p.entry.Answer, p.entry.verdict, p.entry.verdictAt
		return
	case v.base.Answer.Verdict != Unknown:
		p.answer, p.verdict, p.verdictAt = v.base.Answer, v.base.Answer.Verdict, wholeSecond(v.base.Answer.At)
		return
	}
	p.answer = v.base.Answer
	switch verified := meta.FindStatusCondition(v.Object.Status.Conditions, v1alpha1.ConditionVerified); {
	case verified == nil:
	case verified.Status == "True":
		p.verdict = Accepted
	case verified.Status == "False":
		p.verdict = Refused
	}
}
