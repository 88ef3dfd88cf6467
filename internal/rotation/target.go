// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

// Want is what a target should be. Everything in it goes into one write.
type Want struct {
	Tuple  target.Tuple
	Record target.Record
	// Previous is the value that was replaced; zero for none.
	Previous clevertap.Passcode
	// Labels and Annotations are those to set, the operator's included.
	Labels, Annotations map[string]string
	// DropLabels and DropAnnotations are keys that the object named once and names no more.
	DropLabels, DropAnnotations []string
	// Owned reports whether the object owns the Secret, so that it is deleted with it.
	Owned bool
	// Publishes reports whether this makes a revision.
	Publishes bool
	// Restores reports whether a deleted or edited target is put back.
	Restores bool
	// Events are to be sent once this is written.
	Events []Event
}

// publication is the next revision.
func (v *Pass) publication(c Candidate) *Want {
	record := target.Record{
		Revision:    v.highestRevision() + 1,
		Fingerprint: c.Entry.Fingerprint,
		PublishedAt: schedule.WholeSecond(v.Now),
		Reason:      c.Reason,
	}
	if p := v.Active; p == nil {
		record.Replaced = target.AppendReplaced(nil, v.inStatus(true), c.Entry.Fingerprint)
	} else {
		record.Revision = max(v.highestRevision(), p.Record.Revision) + 1
		old := target.Replaced{Passcode: p.Name(), Fingerprint: p.Fingerprint, At: record.PublishedAt, Locations: v.locations()}
		if p.Tuple.AccountID == v.Spec.AccountID && p.Tuple.Passcode.Equal(c.Entry.Passcode) {
			old.Reported, old.Locations = true, nil // the same passcode, for another region: there is nothing to delete
		}
		record.Replaced = target.AppendReplaced(v.settledReplaced(), []target.Replaced{old}, c.Entry.Fingerprint)
	}
	record.HandledRotates = v.handledRotates(c.Reason)
	record.SpentPin = v.spentPin(c.Reason)
	describe(&record, c.Entry)
	record.Locations = v.locationsOf(c.Entry.Spec.Name)
	return v.withMetadata(Want{Tuple: v.tuple(c.Entry), Record: record, Previous: v.previousFor(c), Publishes: true})
}

// previousFor is the value that a publication replaces, if the object wants it in the target: not a user's, which
// does not work any more, and none of another account.
func (v *Pass) previousFor(c Candidate) clevertap.Passcode {
	p := v.Active
	if p == nil || p.AccountChanged || !v.wantsPrevious() || p.Tuple.Passcode.Equal(c.Entry.Passcode) {
		return clevertap.Passcode{}
	}
	return p.Tuple.Passcode
}

// previous is the value that the active passcode replaced, until nothing uses it any more or CleverTap rejects it.
func (v *Pass) previous() clevertap.Passcode {
	p := v.Active
	if len(p.Record.Replaced) == 0 || p.AccountChanged || !v.wantsPrevious() {
		return clevertap.Passcode{}
	}
	last := p.Record.Replaced[len(p.Record.Replaced)-1].Fingerprint
	for _, r := range v.Retiring {
		switch {
		case r.Fingerprint != last || v.Unused(r) || (r.Entry != nil && r.Entry.Result == clevertap.Rejected):
		case v.LastPublished.PreviousFingerprint == last:
			return v.LastPublished.Previous
		case r.Entry != nil && r.Entry.Fingerprint == last:
			return r.Entry.Passcode
		}
	}
	return clevertap.Passcode{}
}

func (v *Pass) wantsPrevious() bool {
	return target.EffectiveKeys(v.Object).PreviousPasscode != "" && v.Spec.Type != v1alpha1.PasscodeTypeUser
}

// handledRotates are the requests that no publication handles from now on.
func (v *Pass) handledRotates(reason v1alpha1.RotationReason) []string {
	var handled []string
	if record := v.record(); record != nil {
		handled = record.HandledRotates
	}
	r := v.Rotate
	if r.Value == "" || slices.Contains(handled, r.Value) || (r.pending() && reason != v1alpha1.RotationRequested) {
		return handled
	}
	handled = append(slices.Clone(handled), r.Value)
	return handled[max(0, len(handled)-maxHandled):]
}

// upkeep is the target of the active passcode as it should be: its value, with the names, dates and marks that the object
// requires.
func (v *Pass) upkeep() *Want {
	p := v.Active
	record := p.Record
	record.Fingerprint = p.Fingerprint
	record.SpentPin = v.spentPin("")
	if p.Entry != nil {
		describe(&record, p.Entry)
	}
	if record.PublishedAt.IsZero() {
		record.PublishedAt = schedule.WholeSecond(v.Now)
	}
	tuple := p.Tuple
	tuple.Endpoint = target.Endpoint(tuple.Region)
	w := Want{Tuple: tuple, Previous: v.previous(), Restores: v.restores()}
	record.Replaced, w.Events = v.markedReplaced()
	record.Locations = v.locations()
	w.Record = record
	if w.Restores {
		w.Events = append(w.Events, Event{
			Reason: v1alpha1.EventTargetRestored, Passcode: record.Passcode,
			Message: fmt.Sprintf("Secret %q was changed or deleted by someone else, and is restored", v.Object.TargetName()),
		})
	}
	return v.withMetadata(w)
}

// restores reports whether what someone else did to the target is undone. A new target.name is nothing to undo, and neither is a
// Secret without a record, which was handed over.
func (v *Pass) restores() bool {
	return v.LastPublished.Record != nil && v.edited() && (v.LastPublished == &v.Target || v.LastPublished == v.LastKnown)
}

// edited reports whether another writer deleted the target or changed its data.
func (v *Pass) edited() bool {
	return v.LastPublished != &v.Target || v.Target.Fingerprint != v.Active.Fingerprint || !v.Target.Exact
}

// describe copies name and dates from the entry.
func describe(r *target.Record, e *Entry) {
	r.Passcode = e.Spec.Name
	r.FirstSeenAt, r.BeginsAt, r.EndsAt = e.FirstSeen, e.Validity.From, e.Validity.Until
	r.StaleCreatedAt = e.StaleCreatedAt
}

// withMetadata adds what does not depend on which passcode it is.
func (v *Pass) withMetadata(w Want) *Want {
	spec := v.Spec.Target
	if spec == nil {
		spec = &v1alpha1.Target{}
	}
	w.Owned = spec.DeletionPolicy == v1alpha1.DeletionPolicyDelete
	w.Record.OwnerUID, w.Record.Generation = v.Object.UID, v.Object.Generation
	w.Record.AccountID, w.Record.Region = w.Tuple.AccountID, w.Tuple.Region
	w.Record.Keys = target.EffectiveKeys(v.Object)
	w.Labels = plain(spec.Labels)
	w.Annotations, _ = v.TargetAnnotations()
	if before := v.Target.Record; before != nil {
		w.DropLabels = without(before.Labels, w.Labels)
		w.DropAnnotations = without(before.Annotations, w.Annotations)
	}
	w.Record.Labels = slices.Sorted(maps.Keys(w.Labels))
	w.Record.Annotations = slices.Sorted(maps.Keys(w.Annotations))
	w.Labels[v1alpha1.RoleLabel], w.Labels[v1alpha1.ManagedByLabel] = v1alpha1.RoleTarget, v1alpha1.ManagedBy
	w.Record.Mark(w.Annotations, v.Object.Name)
	w.DropAnnotations = append(w.DropAnnotations, v1alpha1.ReleasedAtAnnotation)
	if w.Record.EndsAt.IsZero() {
		w.DropAnnotations = append(w.DropAnnotations, v1alpha1.ExpiresAtAnnotation)
	}
	return &w
}

// Written returns the target as it is once this is written. Fingerprint is that of a passcode in an account and region.
func (w *Want) Written(before Target, fingerprint func(region v1alpha1.Region, accountID string, passcode clevertap.Passcode) string) Target {
	record := w.Record
	after := Target{
		Exists: true, Record: &record, Tuple: w.Tuple, Exact: true, Owned: w.Owned, Previous: w.Previous,
		Fingerprint: fingerprint(w.Tuple.Region, w.Tuple.AccountID, w.Tuple.Passcode),
		Labels:      changed(before.Labels, w.Labels, w.DropLabels), Annotations: changed(before.Annotations, w.Annotations, w.DropAnnotations),
	}
	if !w.Previous.IsZero() {
		after.PreviousFingerprint = fingerprint(w.Tuple.Region, w.Tuple.AccountID, w.Previous)
	}
	return after
}

// changed is a map with what is set and without what is dropped.
func changed(has, set map[string]string, drop []string) map[string]string {
	after := maps.Clone(has)
	if after == nil {
		after = map[string]string{}
	}
	maps.Copy(after, set)
	for _, key := range drop {
		delete(after, key)
	}
	return after
}

// TargetAnnotations are those that the object names, less the forbidden ones, which are returned by key.
func (v *Snapshot) TargetAnnotations() (allowed map[string]string, forbidden []string) {
	if v.Spec.Target == nil {
		return map[string]string{}, nil
	}
	return target.Annotations(plain(v.Spec.Target.Annotations), v.AllowedAnnotations)
}

func plain[V ~string](values map[string]V) map[string]string {
	texts := make(map[string]string, len(values))
	for key, value := range values {
		texts[key] = string(value)
	}
	return texts
}

// without are the keys that the map has not.
func without(keys []string, kept map[string]string) []string {
	var gone []string
	for _, key := range keys {
		if _, stays := kept[key]; !stays {
			gone = append(gone, key)
		}
	}
	return gone
}

// upToDate reports whether the target is as wanted. That it was written for an older generation alone is no reason to write.
func (v *Pass) upToDate(w *Want) bool {
	if v.edited() || v.Target.Record == nil || v.Target.Owned != w.Owned || !v.Target.Previous.Equal(w.Previous) {
		return false
	}
	was, is := *v.Target.Record, w.Record
	was.Generation, is.Generation = 0, 0
	if was.Locations == nil { // a record from before there was this: nothing is written to add it
		is.Locations = nil
	}
	same := reflect.DeepEqual(was, is) || was.Encode() == is.Encode() // which differ in what is absent and what is empty
	return same &&
		containsAll(v.Target.Labels, w.Labels, w.DropLabels) &&
		containsAll(v.Target.Annotations, w.Annotations, w.DropAnnotations)
}

func containsAll(has, set map[string]string, drop []string) bool {
	for key, value := range set {
		if got, there := has[key]; !there || got != value {
			return false
		}
	}
	return !slices.ContainsFunc(drop, func(key string) bool {
		_, there := has[key]
		return there
	})
}
