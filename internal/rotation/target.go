// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
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
	// Unused are the replaced values that no entry has, and that this marks as no longer in use.
	Unused []target.Replaced
}

// publication is the next revision.
func (p *Pass) publication(c Candidate) *Want {
	record := target.Record{
		Revision:    p.highestRevision() + 1,
		Fingerprint: c.Entry.Fingerprint,
		PublishedAt: schedule.WholeSecond(p.Now),
		Reason:      c.Reason,
	}
	if active := p.Active; active == nil {
		record.Replaced = target.AppendReplaced(nil, p.inStatus(true), c.Entry.Fingerprint)
	} else {
		record.Revision = max(p.highestRevision(), active.Record.Revision) + 1
		old := target.Replaced{Passcode: active.Name(), Fingerprint: active.Fingerprint, At: record.PublishedAt, Locations: p.locations()}
		if active.Tuple.AccountID == p.Spec.AccountID && active.Tuple.Passcode.Equal(c.Entry.Passcode) {
			old.Reported, old.Locations = true, nil // the same passcode, for another region: there is nothing to delete
		}
		record.Replaced = target.AppendReplaced(p.settledReplaced(), []target.Replaced{old}, c.Entry.Fingerprint)
	}
	record.HandledRotates = p.handledRotates(c.Reason)
	record.SpentPin = p.spentPin(c.Reason)
	describe(&record, c.Entry)
	record.Locations = p.locationsOf(c.Entry.Spec.Name)
	return p.withMetadata(Want{Tuple: p.tuple(c.Entry), Record: record, Previous: p.previousFor(c), Publishes: true})
}

// previousFor is the value that a publication replaces, if the object wants it in the target: not a user's, which
// does not work any more, and none of another account.
func (p *Pass) previousFor(c Candidate) clevertap.Passcode {
	active := p.Active
	if active == nil || active.AccountChanged || !p.wantsPrevious() || active.Tuple.Passcode.Equal(c.Entry.Passcode) {
		return clevertap.Passcode{}
	}
	return active.Tuple.Passcode
}

// previous is the value that the active passcode replaced, until nothing uses it any more or CleverTap rejects it.
func (p *Pass) previous() clevertap.Passcode {
	active := p.Active
	if len(active.Record.Replaced) == 0 || active.AccountChanged || !p.wantsPrevious() {
		return clevertap.Passcode{}
	}
	last := active.Record.Replaced[len(active.Record.Replaced)-1].Fingerprint
	for _, r := range p.Retiring {
		switch {
		case r.Fingerprint != last || p.Unused(r) || (r.Entry != nil && r.Entry.Result == clevertap.Rejected):
		case p.LastPublished.PreviousFingerprint == last:
			return p.LastPublished.Previous
		case r.Entry != nil && r.Entry.Fingerprint == last:
			return r.Entry.Passcode
		}
	}
	return clevertap.Passcode{}
}

func (p *Pass) wantsPrevious() bool {
	return target.EffectiveKeys(p.Object).PreviousPasscode != "" && p.Spec.Type != v1alpha1.PasscodeTypeUser
}

// handledRotates are the requests that no publication handles from now on.
func (p *Pass) handledRotates(reason v1alpha1.RotationReason) []string {
	var handled []string
	if record := p.record(); record != nil {
		handled = record.HandledRotates
	}
	r := p.Rotate
	if r.Value == "" || slices.Contains(handled, r.Value) || (r.pending() && reason != v1alpha1.RotationRequested) {
		return handled
	}
	handled = append(slices.Clone(handled), r.Value)
	return handled[max(0, len(handled)-maxHandled):]
}

// upkeep is the target of the active passcode as it should be: its value, with the names, dates and marks that the object
// requires.
func (p *Pass) upkeep() *Want {
	active := p.Active
	record := active.Record
	record.Fingerprint = active.Fingerprint
	record.SpentPin = p.spentPin("")
	if active.Entry != nil {
		describe(&record, active.Entry)
	}
	if record.PublishedAt.IsZero() {
		record.PublishedAt = schedule.WholeSecond(p.Now)
	}
	tuple := active.Tuple
	tuple.Endpoint = target.Endpoint(tuple.Region)
	w := Want{Tuple: tuple, Previous: p.previous(), Restores: p.restores()}
	record.Replaced, w.Unused = p.markedReplaced()
	record.Locations = p.locations()
	w.Record = record
	return p.withMetadata(w)
}

// restores reports whether what someone else did to the target is undone. A new target.name is nothing to undo, and neither is a
// Secret without a record, which was handed over.
func (p *Pass) restores() bool {
	return p.LastPublished.Record != nil && p.edited() && (p.LastPublished == &p.Target || p.LastPublished == p.LastTarget)
}

// edited reports whether another writer deleted the target or changed its data.
func (p *Pass) edited() bool {
	return p.LastPublished != &p.Target || p.Target.Fingerprint != p.Active.Fingerprint || !p.Target.Exact
}

// describe copies name and dates from the entry.
func describe(r *target.Record, e *Entry) {
	r.Passcode = e.Spec.Name
	r.FirstSeenAt, r.BeginsAt, r.ExpiresAt = e.FirstSeen, e.Validity.From, e.Validity.Until
	r.StaleCreatedAt = e.StaleCreatedAt
}

// withMetadata adds what does not depend on which passcode it is.
func (p *Pass) withMetadata(w Want) *Want {
	spec := p.Spec.Target
	if spec == nil {
		spec = &v1alpha1.Target{}
	}
	w.Owned = spec.DeletionPolicy == v1alpha1.DeletionPolicyDelete
	w.Record.OwnerUID, w.Record.Generation = p.Object.UID, p.Object.Generation
	w.Record.AccountID, w.Record.Region = w.Tuple.AccountID, w.Tuple.Region
	w.Record.Keys = target.EffectiveKeys(p.Object)
	w.Labels = plain(spec.Labels)
	w.Annotations, _ = p.TargetAnnotations()
	if before := p.Target.Record; before != nil {
		w.DropLabels = without(before.Labels, w.Labels)
		w.DropAnnotations = without(before.Annotations, w.Annotations)
	}
	w.Record.Labels = slices.Sorted(maps.Keys(w.Labels))
	w.Record.Annotations = slices.Sorted(maps.Keys(w.Annotations))
	w.Labels[v1alpha1.RoleLabel], w.Labels[v1alpha1.ManagedByLabel] = v1alpha1.RoleTarget, v1alpha1.ManagedBy
	w.Record.Mark(w.Annotations, p.Object.Name)
	w.DropAnnotations = append(w.DropAnnotations, v1alpha1.ReleasedAtAnnotation)
	if w.Record.ExpiresAt.IsZero() {
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
func (s *Snapshot) TargetAnnotations() (allowed map[string]string, forbidden []string) {
	if s.Spec.Target == nil {
		return map[string]string{}, nil
	}
	return target.Annotations(plain(s.Spec.Target.Annotations), s.AllowedAnnotations)
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

// upToDate reports whether the target is as wanted. That it was written for an older generation is by itself no reason to write.
func (p *Pass) upToDate(w *Want) bool {
	if p.edited() || p.Target.Record == nil || p.Target.Owned != w.Owned || !p.Target.Previous.Equal(w.Previous) {
		return false
	}
	was, is := *p.Target.Record, w.Record
	was.Generation, is.Generation = 0, 0
	if was.Locations == nil { // a record from before there was this: nothing is written to add it
		is.Locations = nil
	}
	same := reflect.DeepEqual(was, is) || was.Encode() == is.Encode() // which differ in what is absent and what is empty
	return same &&
		containsAll(p.Target.Labels, w.Labels, w.DropLabels) &&
		containsAll(p.Target.Annotations, w.Annotations, w.DropAnnotations)
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
