// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package invariants says what must hold in every state that an API server ever had, whatever happens. Each is a function
// of plain values, so that the model check, the faults, the integration tests and the tests on a node check
// the same. It returns nil if it holds, and a *ViolationError if it does not.
package invariants

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

// ViolationError names an invariant that does not hold.
type ViolationError struct {
	Invariant string
	// What shows it.
	What string
}

// Error implements error.
func (v *ViolationError) Error() string { return fmt.Sprintf("violates %q: %s", v.Invariant, v.What) }

func violated(invariant, format string, args ...any) error {
	return &ViolationError{invariant, fmt.Sprintf(format, args...)}
}

// Target is one state of a target.
type Target struct {
	// Name is the Secret's.
	Name string
	// Writer is the uid of the object that wrote it; "" if its record can't be read.
	Writer types.UID
	Place  Place
	Value  string
	// Passcode is the name of the entry that it has the value of.
	Passcode string
	// Revision is -1 if the annotation has no number.
	Revision int64
	// Reason is why this revision was published; "" if the record can't be read.
	Reason v1alpha1.RotationReason
	// PublishedAt is when this revision was published; zero if the record can't be read.
	PublishedAt time.Time
	// Unexplained are the keys that the object did not name, and the files that the value is not in.
	Unexplained []string
}

// Place is where a passcode belongs.
type Place struct{ AccountID, Region, Endpoint string }

// TargetOf reads a target as it was.
func TargetOf(secret *corev1.Secret) Target {
	record, err := target.ParseRecord(secret.Annotations[v1alpha1.RecordAnnotation])
	if err != nil {
		record = target.Record{Keys: target.EffectiveKeys(&v1alpha1.CleverTapPasscode{})}
	}
	t := Target{
		Name: secret.Name, Writer: record.OwnerUID, Reason: record.Reason, PublishedAt: record.PublishedAt, Revision: -1,
		Passcode: secret.Annotations[v1alpha1.PasscodeAnnotation],
		Value:    string(secret.Data[record.Keys.Passcode]),
		Place: Place{
			AccountID: string(secret.Data[record.Keys.AccountID]),
			Region:    string(secret.Data[record.Keys.Region]),
			Endpoint:  string(secret.Data[record.Keys.Endpoint]),
		},
	}
	if revision, err := strconv.ParseInt(secret.Annotations[v1alpha1.RevisionAnnotation], 10, 64); err == nil {
		t.Revision = revision
	}
	t.Unexplained = unexplained(secret.Data, record.Keys, t.Value)
	return t
}

// unexplained are the keys that have no name of the object's, and the files that do not have the value among others.
func unexplained(data map[string][]byte, keys target.Keys, value string) (unexplained []string) {
	named := []string{keys.AccountID, keys.Passcode, keys.Region, keys.Endpoint, keys.PreviousPasscode}
	for key, content := range data {
		isFile := slices.ContainsFunc(keys.Files, func(f target.File) bool { return f.Key == key })
		hasValue := value != "" && string(content) != value && strings.Contains(string(content), value)
		if slices.Contains(named, key) || (isFile && hasValue) {
			continue
		}
		unexplained = append(unexplained, key)
	}
	return unexplained
}

// Publication is a state of a target in the light of what else is known: where its value belongs, and whether CleverTap had
// accepted it by then.
type Publication struct {
	Target
	Expected Place
	Accepted bool
}

// Publications judges the states of targets, oldest first, each in the light of those before. What one object writes into one
// Secret belongs together: an object and its target that are both made anew have nothing to do with those before, and a former
// target keeps what it contains. mayGoBack reports whether a pin, or the lack of any other value, could bring an older one back.
func Publications(states []Publication, mayGoBack bool) (found []error) {
	last, values := map[string]Target{}, map[string][]string{}
	for _, p := range states {
		t, by := p.Target, p.Name+"/"+string(p.Writer)
		found = append(found, Whole(t, p.Expected), Accepted(t, p.Accepted), RevisionNeverGoesBack(last[by], t),
			RevisionIsPublishedOnce(last[by], t), OlderValueNeverComesBack(values[by], t, mayGoBack))
		if before := values[by]; len(before) == 0 || before[len(before)-1] != t.Value {
			values[by] = append(before, t.Value)
		}
		last[by] = t
	}
	return found
}

// Whole is: a target has a value, and with it where the value belongs, and nothing that nobody named.
func Whole(t Target, place Place) error {
	if t.Value == "" || t.Place != place || len(t.Unexplained) > 0 {
		return violated("a target is whole", "%q of %v, unexplained keys %q", t.Value, t.Place, t.Unexplained)
	}
	return nil
}

// Accepted is: a value is published only after CleverTap has accepted it.
func Accepted(t Target, accepted bool) error {
	if !accepted {
		return violated("published is what CleverTap has accepted", "%q in revision %d", t.Value, t.Revision)
	}
	return nil
}

// RevisionNeverGoesBack is: what one object writes into one Secret has revisions that grow.
func RevisionNeverGoesBack(before, after Target) error {
	if after.Revision < before.Revision || after.Revision < 0 {
		return violated("a revision never goes back", "%d after %d", after.Revision, before.Revision)
	}
	return nil
}

// RevisionIsPublishedOnce is: one revision has one value and one time of publication.
func RevisionIsPublishedOnce(before, after Target) error {
	switch {
	case after.Revision != before.Revision:
		return nil
	case after.Value != before.Value:
		return violated("a revision is published once", "%d with %q and with %q", after.Revision, before.Value, after.Value)
	case !before.PublishedAt.IsZero() && !after.PublishedAt.IsZero() && !after.PublishedAt.Equal(before.PublishedAt):
		return violated("a revision is published once", "%d at %s and at %s", after.Revision, before.PublishedAt, after.PublishedAt)
	}
	return nil
}

// OlderValueNeverComesBack is: no value that was replaced is published again by the calendar or at someone's request to
// rotate, and by no other reason than a pin or the lack of any other value. before are the values that were published before
// this one, oldest first; mayGoBack reports whether such a reason was given.
func OlderValueNeverComesBack(before []string, t Target, mayGoBack bool) error {
	if len(before) == 0 || before[len(before)-1] == t.Value || !slices.Contains(before, t.Value) {
		return nil
	}
	if unasked := t.Reason == v1alpha1.RotationScheduled || t.Reason == v1alpha1.RotationRequested; unasked || !mayGoBack {
		return violated("an older value never comes back", "%q after %q, %s", t.Value, before, t.Reason)
	}
	return nil
}
