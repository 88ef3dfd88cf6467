// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/fingerprint"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/retirement"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

const (
	// The waits between scans while something uses an old value.
	firstScanWait, lastScanWait = 2 * time.Second, time.Minute
)

// RetiringValue is a replaced value of which it is not known yet that nothing uses it.
type RetiringValue struct {
	target.Replaced
	Entry *Entry // nil if no entry has this value
	Use   retirement.Use
	// UsedByOther is what else in the namespace has it.
	UsedByOther OtherUse
	// MayComeBack reports whether a rule may publish it again: the pin names it, or the active entry has it again or was removed.
	MayComeBack bool
}

// inUse reports whether something that a scan can see uses it.
func (r RetiringValue) inUse() bool {
	return len(r.Use.Pods) > 0 || r.UsedByOther != (OtherUse{})
}

// ReplacedValues is what still uses the values that were replaced, and which workloads are to be restarted.
type ReplacedValues struct {
	*Snapshot
	LastPublication retirement.Publication // of the active passcode; zero if there is none
	Retiring        []RetiringValue
	Restarts        []retirement.Restart
}

func newReplacedValues(s *Snapshot) *ReplacedValues {
	r := &ReplacedValues{Snapshot: s}
	if s.ActiveInTarget() == nil {
		return r
	}
	r.LastPublication = s.publicationOf(s.Active.Record)
	r.Retiring = r.findRetiring()
	if !s.Paused() {
		r.Restarts = r.LastPublication.Restarts()
	}
	return r
}

// publicationOf has what package retirement needs of the snapshot.
func (s *Snapshot) publicationOf(record target.Record) retirement.Publication {
	p := retirement.Publication{
		Now: s.Now, Namespace: s.Object.Namespace, Target: s.Object.TargetName(),
		Revision: record.Revision, PublishedAt: record.PublishedAt, Initial: len(record.Replaced) == 0,
		PreviousKey: record.Keys.PreviousPasscode, User: s.Spec.Type == v1alpha1.PasscodeTypeUser,
		Rollout: s.Spec.Rollout, Scan: s.Scan, Restarted: s.Restarted, VolumeRefresh: s.VolumeRefresh,
		OtherTargets: s.OtherTargets, LocationValues: s.LocationValues,
	}
	if s.Scan == nil || p.Initial {
		return p // nothing is compared with the sources then
	}
	for _, e := range s.Entries {
		ref := e.Spec.SecretKeyRef
		source := retirement.Source{
			Passcode: e.Spec.Name, SecretKey: retirement.SecretKey{Secret: ref.Name, Key: ref.Key},
			SecretGone: e.Problem == v1alpha1.ReasonSourceNotFound || e.Problem == v1alpha1.ReasonSourceNotLabelled,
		}
		if e.HasValue() {
			source.Fingerprint, source.FirstSeen = e.Fingerprint, e.FirstSeen
		}
		p.Sources = append(p.Sources, source)
	}
	return p
}

// findRetiring lists what is outstanding, and what uses it as far as the last scan has shown.
func (r *ReplacedValues) findRetiring() []RetiringValue {
	var list []RetiringValue
	for _, old := range r.Active.Record.Replaced {
		retiring := RetiringValue{Replaced: old, Entry: r.entryOfReplaced(old)}
		unknown := retiring.Entry == nil || retiring.Entry.Reported == nil // to the status
		if old.Reported || (retiring.Entry != nil && r.RetiredInStatus(retiring.Entry)) || (unknown && !r.unsettled(old)) {
			continue
		}
		retiring.UsedByOther = r.UsedByOthers[old.Fingerprint]
		retiring.MayComeBack = retiring.Entry != nil && retiring.Entry.Result != clevertap.Rejected &&
			slices.ContainsFunc(r.Candidates(), func(c Candidate) bool { return c.Entry == retiring.Entry })
		retiring.Use = r.LastPublication.Use(retirement.Value{Passcode: old.Passcode, Fingerprint: old.Fingerprint, At: old.At, Locations: old.Locations})
		list = append(list, retiring)
	}
	return list
}

// unsettled reports whether it is not known yet that nothing uses a value that is no longer listed: there was no scan since it
// was replaced, or it was seen in use.
func (r *ReplacedValues) unsettled(old target.Replaced) bool {
	unseen := r.Active.Record.Revision != r.Object.Status.Revision || r.Object.Status.StalePods != nil
	return len(old.Locations) > 0 && (old.InUse || unseen)
}

// locations are the Secrets that contain the active value: the target, the source that it came from, and those that were
// either since it was published.
func (r *ReplacedValues) locations() []retirement.Location {
	list := slices.Clone(r.Active.Record.Locations)
	add := func(secret, key string) {
		for i := range list {
			if list[i].Secret == secret {
				if !slices.Contains(list[i].Keys, key) {
					list[i].Keys = append(slices.Clone(list[i].Keys), key)
				}
				return
			}
		}
		list = append(list, retirement.Location{Secret: secret, Keys: []string{key}})
	}
	for i := range r.FormerTargets {
		if f := &r.FormerTargets[i]; f.Record != nil && f.Fingerprint == r.Active.Fingerprint {
			for _, key := range f.Record.Keys.WithPasscode() {
				add(f.Name, key)
			}
		}
	}
	keys := r.Active.Record.Keys
	if keys.Passcode == "" {
		keys = target.EffectiveKeys(r.Object)
	}
	for _, key := range keys.WithPasscode() {
		add(r.Object.TargetName(), key)
	}
	if e := r.Active.Entry; e != nil {
		add(e.Spec.SecretKeyRef.Name, e.Spec.SecretKeyRef.Key)
	}
	return list
}

// knownReplaced are the values replaced so far. If another object wrote the record, those that the status calls replaced are
// among them, so that they do not come back later.
func (r *ReplacedValues) knownReplaced() []target.Replaced {
	record := r.Active.Record
	if r.record() == nil || r.writtenByOther(r.LastPublished) {
		return target.AppendReplaced(record.Replaced, r.inStatus(false), r.Active.Fingerprint)
	}
	return slices.Clone(record.Replaced)
}

// inStatus are the values that were replaced, as far as the status says, and, if wanted, the one that was active.
func (r *ReplacedValues) inStatus(active bool) []target.Replaced {
	var list []target.Replaced
	for _, s := range r.Object.Status.Passcodes {
		switch {
		case s.Fingerprint == "":
		case s.State == v1alpha1.StateActive && active, s.State == v1alpha1.StateRetiring, s.State == v1alpha1.StateRetired, s.RetiredAt != nil:
			old := target.Replaced{Passcode: s.Name, Fingerprint: s.Fingerprint, At: schedule.WholeSecond(r.Now)}
			if s.State == v1alpha1.StateActive {
				old.Locations = r.locationsOf(s.Name)
			}
			list = append(list, old)
		}
	}
	return list
}

// locationsOf are the Secrets that contain the value of an entry that was active: the target, and its source if it is listed.
func (r *ReplacedValues) locationsOf(name string) []retirement.Location {
	list := []retirement.Location{{Secret: r.Object.TargetName(), Keys: target.EffectiveKeys(r.Object).WithPasscode()}}
	if e := r.FirstOf(func(e *Entry) bool { return e.Spec.Name == name }); e != nil {
		list = append(list, retirement.Location{Secret: e.Spec.SecretKeyRef.Name, Keys: []string{e.Spec.SecretKeyRef.Key}})
	}
	return list
}

// settledReplaced are the values replaced so far, without what is remembered only until it is known that nothing uses
// them.
func (r *ReplacedValues) settledReplaced() []target.Replaced {
	list := r.knownReplaced()
	for i := range list {
		outstanding := slices.ContainsFunc(r.Retiring, func(retiring RetiringValue) bool { return retiring.Fingerprint == list[i].Fingerprint })
		if !outstanding {
			list[i].Locations = nil
		}
	}
	return list
}

// markedReplaced are the values replaced so far, with what is known of their use, and those of them that are no longer listed
// and, as the marks say first now, not in use. What is not in use from the start needs no mark, and so no write.
func (r *ReplacedValues) markedReplaced() (list, unused []target.Replaced) {
	list = r.knownReplaced()
	for i := range list {
		old := &list[i]
		at := slices.IndexFunc(r.Retiring, func(retiring RetiringValue) bool { return retiring.Fingerprint == old.Fingerprint })
		switch {
		case at < 0 || len(old.Locations) == 0:
		case r.Retiring[at].inUse():
			old.InUse = true
		case old.InUse && r.Unused(r.Retiring[at]):
			old.Reported, old.Locations = true, nil
			if r.Retiring[at].Entry == nil {
				unused = append(unused, *old)
			}
		}
	}
	return list, unused
}

func (r *ReplacedValues) entryOfReplaced(old target.Replaced) *Entry {
	return r.FirstOf(func(e *Entry) bool {
		return e.Replaced && e.DuplicateOf == nil &&
			(e.Fingerprint == old.Fingerprint || (!fingerprint.SameKey(e.Fingerprint, old.Fingerprint) && e.Spec.Name == old.Passcode))
	})
}

// RetiredInStatus reports whether the status has the entry as retired: once nothing used its value, that is final.
func (r *ReplacedValues) RetiredInStatus(e *Entry) bool {
	return e.Reported != nil && e.Reported.RetiredAt != nil && e.Reported.Fingerprint == e.Fingerprint
}

// MarkedReported reports whether the record, which outlives the status, has the value's end of use as reported.
func (r *ReplacedValues) MarkedReported(fingerprint string) bool {
	record := r.record()
	return record != nil && slices.ContainsFunc(record.Replaced, func(old target.Replaced) bool {
		return old.Reported && old.Fingerprint == fingerprint
	})
}

// Unused reports whether nothing uses the value, as far as the operator can see, and nothing is about to.
func (r *ReplacedValues) Unused(retiring RetiringValue) bool {
	scanned := r.Scan != nil && r.Scan.Problem == ""
	return scanned && !retiring.MayComeBack && !retiring.inUse() && !r.Now.Before(retiring.Use.Refreshed) &&
		r.LastPublication.UnfinishedRestart() == ""
}

// outstanding reports whether a scan may show something new.
func (r *ReplacedValues) outstanding() bool {
	return r.ActiveInTarget() != nil && (len(r.Retiring) > 0 || r.RolloutUnfinished())
}

// ScanDue reports whether to scan now, and when otherwise; zero for never. A scan shows nothing of a volume's refresh, which
// only time brings.
func (r *ReplacedValues) ScanDue() (now bool, next time.Time) {
	switch {
	case r.Paused() || !r.ScanRequestedAt.IsZero() || !r.outstanding():
		return false, time.Time{}
	case r.Scan == nil:
		return true, time.Time{}
	case r.Scan.Problem == "" && !r.RolloutUnfinished() && !slices.ContainsFunc(r.Retiring, RetiringValue.inUse):
		return false, time.Time{}
	}
	due := r.Scan.At.Add(doubling(firstScanWait, lastScanWait, r.Scans))
	return !due.After(r.Now), due
}

// RolloutUnfinished reports whether a rollout is to be observed: one that the last scan or, without a scan, the status shows
// unfinished, or one that is new in the spec.
func (r *ReplacedValues) RolloutUnfinished() bool {
	if r.Spec.Rollout == nil {
		return false
	}
	c := meta.FindStatusCondition(r.Object.Status.Conditions, v1alpha1.ConditionRolloutComplete)
	switch {
	case r.Scan != nil:
		return r.LastPublication.RolloutComplete(r.Restarts).Reason != v1alpha1.ReasonComplete
	case c == nil || c.ObservedGeneration != r.Object.Generation:
		return true
	}
	return c.Reason != v1alpha1.ReasonComplete || r.Active.Record.Revision != r.Object.Status.Revision
}
