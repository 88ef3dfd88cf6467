// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/types"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/retirement"
)

// Record is what must outlive the status and a crash. It is an annotation of the target, written by the same write as
// the value that it describes.
type Record struct {
	// OwnerUID and Generation are those of the object that was reconciled.
	OwnerUID   types.UID `json:"ownerUID"`
	Generation int64     `json:"generation"`
	// Revision counts publications of a value, from 1.
	Revision int64 `json:"revision"`
	// Passcode is the active passcode's name.
	Passcode string `json:"passcode"`
	// AccountID, Region and Fingerprint are the published tuple's.
	AccountID   string          `json:"accountID"`
	Region      v1alpha1.Region `json:"region"`
	Fingerprint string          `json:"fingerprint"`
	// FirstSeenAt is when the published value was first seen, BeginsAt the start of its validity; ExpiresAt is
	// zero for never. JSON names stay what they were, so that every version reads the records of every other.
	FirstSeenAt time.Time `json:"firstSeenAt,omitzero"`
	BeginsAt    time.Time `json:"beginsAt,omitzero"`
	ExpiresAt   time.Time `json:"endsAt,omitzero"`
	// StaleCreatedAt is a createdAt of the entry that belongs to a value before this one.
	StaleCreatedAt v1alpha1.Time `json:"staleCreatedAt,omitempty"`
	// PublishedAt is when this revision was made, and Reason why.
	PublishedAt time.Time               `json:"publishedAt,omitzero"`
	Reason      v1alpha1.RotationReason `json:"reason,omitempty"`
	// HandledRotates are the rotate-requested-at values that were handled up to this publication, the last 10.
	HandledRotates []string `json:"handledRotates,omitempty"`
	// SpentPin is the pinned entry that was rejected while active: the pin is without effect until it, or the value,
	// changes.
	SpentPin *Replaced `json:"spentPin,omitempty"`
	// Locations are the Secrets that contain or contained the active value since it was published. None in a record from before
	// this field was there.
	Locations []retirement.Location `json:"heldIn,omitempty"`
	// Replaced are those published before, oldest first, the last 100.
	Replaced []Replaced `json:"replaced,omitempty"`
	// Keys are the data's key names.
	Keys Keys `json:"keys"`
	// Labels and Annotations are the keys of those that the object named.
	Labels      []string `json:"labels,omitempty"`
	Annotations []string `json:"annotations,omitempty"`
}

// Replaced is a value that was published before.
type Replaced struct {
	Passcode    string `json:"passcode"`
	Fingerprint string `json:"fingerprint"`
	// At is when it was replaced.
	At time.Time `json:"at,omitzero"`
	// Locations are the Secrets that contained it, until it is known that nothing uses it. None on a value of a record from before
	// this field was there: such a value counts as reported.
	Locations []retirement.Location `json:"heldIn,omitempty"`
	// InUse reports whether it was seen in use after it was replaced, and Reported whether its end of use was reported then.
	InUse    bool `json:"inUse,omitempty"`
	Reported bool `json:"reported,omitempty"`
}

// maxReplaced is how many are remembered.
const maxReplaced = 100

// Keys are the effective names of the target's keys.
type Keys struct {
	AccountID string `json:"accountID"`
	Passcode  string `json:"passcode"`
	Region    string `json:"region"`
	Endpoint  string `json:"endpoint"`
	// PreviousPasscode is "" if there is no such key.
	PreviousPasscode string `json:"previousPasscode,omitempty"`
	// Files are keys with the whole tuple; none in a record from before there were any.
	Files []File `json:"files,omitempty"`
}

// Names are those of the keys; "" for each that there is not.
func (k Keys) Names() []string {
	names := []string{k.AccountID, k.Passcode, k.Region, k.Endpoint, k.PreviousPasscode}
	for _, f := range k.Files {
		names = append(names, f.Key)
	}
	return names
}

// WithPasscode are the keys that contain the active passcode.
func (k Keys) WithPasscode() []string {
	names := []string{k.Passcode}
	for _, f := range k.Files {
		names = append(names, f.Key)
	}
	return names
}

// EffectiveKeys are the target's keys and files. Keys that are alike, which the schema denies, cannot be distinguished in
// a Secret: they count as none.
func EffectiveKeys(object *v1alpha1.CleverTapPasscode) Keys {
	keys := keysOf(object.Spec.TargetKeys())
	if object.Spec.Target != nil {
		for _, f := range object.Spec.Target.Files {
			keys.Files = append(keys.Files, File{Key: string(f.Key), Format: f.Format})
		}
	}
	if !keys.distinct() {
		return keysOf((&v1alpha1.CleverTapPasscodeSpec{}).TargetKeys())
	}
	return keys
}

func keysOf(named v1alpha1.TargetKeys) Keys {
	return Keys{
		AccountID: string(named.AccountID), Passcode: string(named.Passcode), Region: string(named.Region), Endpoint: string(named.Endpoint),
		PreviousPasscode: string(named.PreviousPasscode),
	}
}

func (k Keys) distinct() bool {
	seen := map[string]bool{}
	for _, key := range k.Names() {
		if key != "" && seen[key] {
			return false
		}
		seen[key] = true
	}
	return true
}

// Encode is the record as the annotation contains it.
func (r Record) Encode() string {
	text, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("encoding a record of plain fields: %v", err)) // can't be
	}
	return string(text)
}

// Mark adds the annotations that say for people what the record says.
func (r Record) Mark(annotations map[string]string, owner string) {
	annotations[v1alpha1.OwnerAnnotation] = owner
	annotations[v1alpha1.PasscodeAnnotation] = r.Passcode
	annotations[v1alpha1.RevisionAnnotation] = strconv.FormatInt(r.Revision, 10)
	if !r.ExpiresAt.IsZero() {
		annotations[v1alpha1.ExpiresAtAnnotation] = r.ExpiresAt.Format(time.RFC3339)
	}
}

// MaxRevision bounds what a record may say: a higher one was not written by this operator, and counting on from it would
// overflow.
const MaxRevision = 1 << 52

// ParseRecord reads what Encode wrote. One without owner, fingerprint and distinct keys is none.
func ParseRecord(text string) (Record, error) {
	var r Record
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return Record{}, fmt.Errorf("reading the target's record: %w", err)
	}
	switch {
	case r.OwnerUID == "":
		return Record{}, errors.New("reading the target's record: it names no owner")
	case r.Fingerprint == "":
		return Record{}, errors.New("reading the target's record: it has no fingerprint")
	case r.Revision < 1 || r.Revision > MaxRevision:
		return Record{}, errors.New("reading the target's record: its revision is none")
	case !r.quotable():
		return Record{}, errors.New("reading the target's record: a name in it is none")
	case !r.Keys.complete() || !r.Keys.distinct():
		return Record{}, errors.New("reading the target's record: its keys are not distinct")
	}
	return r, nil
}

// quotable reports whether what messages quote is no longer than the schema admits: anybody who may write the Secret can
// write its record.
func (r Record) quotable() bool {
	names := append([]Replaced{{Passcode: r.Passcode}}, r.Replaced...)
	for _, named := range names {
		if utf8.RuneCountInString(named.Passcode) > MaxPasscodeName {
			return false
		}
	}
	return len(r.AccountID) <= maxAccountID && len(r.Region) <= maxRegion
}

// MaxPasscodeName is how many characters the schema admits in the name of an entry.
const MaxPasscodeName = 128

// What else the schema admits, in characters.
const maxAccountID, maxRegion = 64, 8

func (k Keys) complete() bool {
	return k.AccountID != "" && k.Passcode != "" && k.Region != "" && k.Endpoint != ""
}

// AppendReplaced returns the list with more at its end, the last 100, without what it knew of the value that is published in their
// place.
func AppendReplaced(list, more []Replaced, published string) []Replaced {
	var all []Replaced
	for _, old := range slices.Concat(list, more) {
		known := slices.ContainsFunc(all, func(o Replaced) bool { return o.Fingerprint == old.Fingerprint })
		if old.Fingerprint != published && !known {
			all = append(all, old)
		}
	}
	return all[max(0, len(all)-maxReplaced):]
}
