// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/fingerprint"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/retirement"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
)

const (
	// The waits between scans while something uses an old value.
	firstScanWait, lastScanWait = 2 * time.Second, time.Minute
	// maxStaleNames is how many Pods the status names.
	maxStaleNames = 20
)

// retiring is a replaced value of which it is not known yet that nothing uses it.
type retiring struct {
	Replaced
	entry *entry // nil if no entry has this value
	use   retirement.Use
	// usedByOther names another object that has it active.
	usedByOther string
}

// inUse reports whether something that a scan can see uses it.
func (r retiring) inUse() bool {
	return len(r.use.Pods) > 0 || r.usedByOther != ""
}

// replacedValues is what still uses the values that were replaced, and which workloads are to be restarted.
type replacedValues struct {
	*snapshot
	lastPublication retirement.Publication // of the active passcode; zero if there is none
	retiring        []retiring
	restarts        []retirement.Restart
}

func newReplacedValues(v *snapshot) *replacedValues {
	r := &replacedValues{snapshot: v}
	if v.activeInTarget() == nil {
		return r
	}
	r.lastPublication = v.publicationOf(v.active.record)
	r.retiring = r.findRetiring()
	if !v.paused() {
		r.restarts = r.lastPublication.Restarts()
	}
	return r
}

// publicationOf has what package retirement needs of the snapshot.
func (v *snapshot) publicationOf(record Record) retirement.Publication {
	p := retirement.Publication{
		Now: v.now, Namespace: v.Object.Namespace, Target: v.Object.TargetName(),
		Revision: record.Revision, PublishedAt: record.PublishedAt, Initial: len(record.Replaced) == 0,
		PreviousKey: record.Keys.PreviousPasscode, User: v.spec.Type == v1alpha1.PasscodeTypeUser,
		Rollout: v.spec.Rollout, Scan: v.Scan, Restarted: v.Restarted, VolumeRefresh: v.VolumeRefresh,
		OtherTargets: v.OtherTargets, LocationValues: v.LocationValues,
	}
	if v.Scan == nil || p.Initial {
		return p // nothing is compared with the sources then
	}
	for _, e := range v.entries {
		ref := e.spec.SecretKeyRef
		source := retirement.Source{
			Passcode: e.spec.Name, SecretKey: retirement.SecretKey{Secret: ref.Name, Key: ref.Key},
			SecretGone: e.Problem == v1alpha1.ReasonSourceNotFound || e.Problem == v1alpha1.ReasonSourceNotLabelled,
		}
		if e.hasValue() {
			source.Fingerprint, source.FirstSeen = e.Fingerprint, e.firstSeen
		}
		p.Sources = append(p.Sources, source)
	}
	return p
}

// findRetiring lists what is outstanding, and what uses it as far as the last scan has shown.
func (v *replacedValues) findRetiring() []retiring {
	var list []retiring
	for _, old := range v.active.record.Replaced {
		r := retiring{Replaced: old, entry: v.entryOfReplaced(old)}
		unknown := r.entry == nil || r.entry.reported == nil // to the status
		if old.Reported || r.entry != nil && v.retiredInStatus(r.entry) || unknown && !v.unsettled(old) {
			continue
		}
		r.usedByOther = v.UsedByOthers[old.Fingerprint]
		r.use = v.lastPublication.Use(retirement.Value{Passcode: old.Passcode, Fingerprint: old.Fingerprint, At: old.At, Locations: old.Locations})
		list = append(list, r)
	}
	return list
}

// unsettled reports whether it is not known yet that nothing uses a value that is no longer listed: there was no scan since it
// was replaced, or it was seen in use.
func (v *replacedValues) unsettled(old Replaced) bool {
	unseen := v.active.record.Revision != v.Object.Status.Revision || v.Object.Status.StalePods != nil
	return len(old.Locations) > 0 && (old.InUse || unseen)
}

// locations are the Secrets that contain the active value: the target, the source that it came from, and those that were
// either since it was published.
func (v *replacedValues) locations() []retirement.Location {
	list := slices.Clone(v.active.record.Locations)
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
	for i := range v.FormerTargets {
		if f := &v.FormerTargets[i]; f.Record != nil && f.Fingerprint == v.active.fingerprint {
			for _, key := range f.Record.Keys.WithPasscode() {
				add(f.Name, key)
			}
		}
	}
	keys := v.active.record.Keys
	if keys.Passcode == "" {
		keys = EffectiveKeys(v.Object)
	}
	for _, key := range keys.WithPasscode() {
		add(v.Object.TargetName(), key)
	}
	if e := v.active.entry; e != nil {
		add(e.spec.SecretKeyRef.Name, e.spec.SecretKeyRef.Key)
	}
	return list
}

// knownReplaced are the values replaced so far. If another object wrote the record, those that the status calls replaced are
// among them, so that they do not come back later.
func (v *replacedValues) knownReplaced() []Replaced {
	record := v.active.record
	if v.record() == nil || v.writtenByOther(v.lastPublished) {
		return Record{Replaced: record.Replaced}.replaced(v.inStatus(false), v.active.fingerprint)
	}
	return slices.Clone(record.Replaced)
}

// inStatus are the values that were replaced, as far as the status says, and, if wanted, the one that was active.
func (v *replacedValues) inStatus(active bool) []Replaced {
	var list []Replaced
	for _, s := range v.Object.Status.Passcodes {
		switch {
		case s.Fingerprint == "":
		case s.State == v1alpha1.StateActive && active, s.State == v1alpha1.StateRetiring, s.State == v1alpha1.StateRetired, s.RetiredAt != nil:
			old := Replaced{Passcode: s.Name, Fingerprint: s.Fingerprint, At: schedule.WholeSecond(v.now)}
			if s.State == v1alpha1.StateActive {
				old.Locations = v.locationsOf(s.Name)
			}
			list = append(list, old)
		}
	}
	return list
}

// locationsOf are the Secrets that contain the value of an entry that was active: the target, and its source if it is listed.
func (v *replacedValues) locationsOf(name string) []retirement.Location {
	list := []retirement.Location{{Secret: v.Object.TargetName(), Keys: EffectiveKeys(v.Object).WithPasscode()}}
	if e := v.firstOf(func(e *entry) bool { return e.spec.Name == name }); e != nil {
		list = append(list, retirement.Location{Secret: e.spec.SecretKeyRef.Name, Keys: []string{e.spec.SecretKeyRef.Key}})
	}
	return list
}

// settledReplaced are the values replaced so far, without what is remembered only until it is known that nothing uses
// them.
func (v *replacedValues) settledReplaced() []Replaced {
	list := v.knownReplaced()
	for i := range list {
		outstanding := slices.ContainsFunc(v.retiring, func(r retiring) bool { return r.Fingerprint == list[i].Fingerprint })
		if !outstanding {
			list[i].Locations = nil
		}
	}
	return list
}

// markedReplaced are the values replaced so far, with what is known of their use, and the events that report it for those that
// are no longer listed. What is not in use from the start needs no mark, and so no write.
func (v *replacedValues) markedReplaced() ([]Replaced, []Event) {
	list := v.knownReplaced()
	var events []Event
	for i := range list {
		old := &list[i]
		at := slices.IndexFunc(v.retiring, func(r retiring) bool { return r.Fingerprint == old.Fingerprint })
		switch {
		case at < 0 || len(old.Locations) == 0:
		case v.retiring[at].inUse():
			old.InUse = true
		case old.InUse && v.unused(v.retiring[at]):
			old.Reported, old.Locations = true, nil
			if v.retiring[at].entry == nil && v.spec.Type != v1alpha1.PasscodeTypeUser {
				events = append(events, v.safeToDelete(v.describeUnlisted(*old)))
			}
		}
	}
	return list, events
}

// describeUnlisted describes a replaced value that no entry has. Its name may be that of a passcode which is listed now, and
// must not be deleted.
func (v *replacedValues) describeUnlisted(old Replaced) (passcode, what string) {
	listed := old.Passcode == v.active.name() || v.firstOf(func(e *entry) bool { return e.spec.Name == old.Passcode }) != nil
	if !listed {
		return old.Passcode, fmt.Sprintf("%q", old.Passcode)
	}
	return "", fmt.Sprintf("the value that %q had until %s (not its present value)", old.Passcode, stamp(old.At))
}

func (v *replacedValues) entryOfReplaced(old Replaced) *entry {
	return v.firstOf(func(e *entry) bool {
		return e.replaced && e.duplicateOf == nil && (e.Fingerprint == old.Fingerprint || !fingerprint.SameKey(e.Fingerprint, old.Fingerprint) && e.spec.Name == old.Passcode)
	})
}

// retiredInStatus goes by the status: once nothing used it, that is final.
func (v *replacedValues) retiredInStatus(e *entry) bool {
	return e.reported != nil && e.reported.RetiredAt != nil && e.reported.Fingerprint == e.Fingerprint
}

// markedReported goes by the record, which outlives the status.
func (v *replacedValues) markedReported(fingerprint string) bool {
	record := v.record()
	return record != nil && slices.ContainsFunc(record.Replaced, func(old Replaced) bool {
		return old.Reported && old.Fingerprint == fingerprint
	})
}

// unused reports whether nothing uses the value, as far as the operator can see.
func (v *replacedValues) unused(r retiring) bool {
	return v.Scan != nil && v.Scan.Problem == "" && !r.inUse() && !v.now.Before(r.use.Refreshed) && v.lastPublication.UnfinishedRestart() == ""
}

// outstanding reports whether a scan may show something new.
func (v *replacedValues) outstanding() bool {
	return v.activeInTarget() != nil && (len(v.retiring) > 0 || v.rolloutUnfinished())
}

// scanDue reports whether to scan now, and when otherwise; zero for never. A scan shows nothing of a volume's refresh, which
// only time brings.
func (v *replacedValues) scanDue() (now bool, next time.Time) {
	switch {
	case v.paused() || !v.ScanRequestedAt.IsZero() || !v.outstanding():
		return false, time.Time{}
	case v.Scan == nil:
		return true, time.Time{}
	case v.Scan.Problem == "" && !v.rolloutUnfinished() && !slices.ContainsFunc(v.retiring, retiring.inUse):
		return false, time.Time{}
	}
	due := v.Scan.At.Add(doubling(firstScanWait, lastScanWait, v.Scans))
	return !due.After(v.now), due
}

// stalePods are those that use a replaced value; nil once nothing is outstanding.
func (v *replacedValues) stalePods() *v1alpha1.StalePods {
	pending := slices.ContainsFunc(v.retiring, func(r retiring) bool { return !v.unused(r) })
	if !pending {
		return nil
	}
	var names []string
	for _, r := range v.retiring {
		names = append(names, r.use.Pods...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return &v1alpha1.StalePods{Count: int32(len(names)), Names: names[:min(len(names), maxStaleNames)]}
}

// replacedState is Retiring or, once nothing uses it, Retired.
func (v *replacedValues) replacedState(e *entry) v1alpha1.PasscodeState {
	if v.retiredInStatus(e) || v.markedReported(e.Fingerprint) {
		return v1alpha1.StateRetired
	}
	if !slices.ContainsFunc(v.retiring, func(r retiring) bool { return r.entry == e }) && e.reported == nil && v.activeInTarget() != nil {
		return v1alpha1.StateRetired // it was listed before, and settled then
	}
	for _, r := range v.retiring {
		if r.entry == e && v.unused(r) {
			return v1alpha1.StateRetired
		}
	}
	return v1alpha1.StateRetiring
}

// retiringMessage says what still uses it, or why that is not known.
func (v *replacedValues) retiringMessage(e *entry) string {
	for _, r := range v.retiring {
		switch {
		case r.entry != e:
		case v.Scan != nil && v.Scan.Problem != "":
			return "it was replaced; whether it is still in use is unknown: " + v.Scan.Problem
		case len(r.use.Pods) > 0:
			return fmt.Sprintf("it was replaced and is still in use by Pods: %s. Restart them; then it is safe to delete", retirement.Listing(r.use.Pods))
		case r.usedByOther != "":
			return fmt.Sprintf("it was replaced here, and is still in use: it is the active passcode of CleverTapPasscode %q", r.usedByOther)
		case v.now.Before(r.use.Refreshed):
			return "it was replaced; volumes are being refreshed until " + r.use.Refreshed.UTC().Format("15:04:05 UTC")
		}
	}
	return "it was replaced; a scan for what still uses it is under way"
}

// safeToDeleteEvents reports every entry that has become Retired. A reset ends a user's passcode, so there is nothing to
// delete.
func (v *replacedValues) safeToDeleteEvents(before, after v1alpha1.CleverTapPasscodeStatus) []Event {
	isRetired := func(s v1alpha1.PasscodeStatus) bool { return s.State == v1alpha1.StateRetired }
	if v.spec.Type == v1alpha1.PasscodeTypeUser || !slices.ContainsFunc(after.Passcodes, isRetired) {
		return nil
	}
	const listed, retired = 1, 2
	was := map[string]int{} // by fingerprint: a renamed one is the same
	for _, s := range before.Passcodes {
		was[s.Fingerprint] = max(was[s.Fingerprint], listed)
		if s.RetiredAt != nil {
			was[s.Fingerprint] = retired
		}
	}
	var events []Event
	for _, s := range after.Passcodes {
		if s.State == v1alpha1.StateRetired && was[s.Fingerprint] == listed && v.seenBeforeReplaced(s) {
			events = append(events, v.safeToDelete(s.Name, fmt.Sprintf("%q", s.Name)))
		}
	}
	return events
}

// seenBeforeReplaced reports whether the status goes back to before the value was replaced. If it was lost since, or the
// entry was removed and came back, or the record is from before there were marks, the event may have been sent.
func (v *replacedValues) seenBeforeReplaced(s v1alpha1.PasscodeStatus) bool {
	return slices.ContainsFunc(v.active.record.Replaced, func(old Replaced) bool {
		marked := len(old.Locations) > 0 || old.Reported
		return old.Fingerprint == s.Fingerprint && marked && s.FirstSeenAt != nil && !s.FirstSeenAt.After(old.At)
	})
}

// safeToDelete says that a passcode can be deleted, and how far the operator can see.
func (v *replacedValues) safeToDelete(passcode, what string) Event {
	var text strings.Builder
	fmt.Fprintf(&text, "Nothing in namespace %s uses %s any more: delete it at %s. Callers and objects outside this namespace are not seen",
		v.Object.Namespace, what, v.dashboardPage())
	for key := range v.Target.Annotations {
		if beginsWithAny(key, copyTriggers()) {
			text.WriteString(", nor are the copies that a replicator made of the Secret")
			break
		}
	}
	return Event{Reason: v1alpha1.EventSafeToDelete, Passcode: passcode, Message: text.String()}
}

// rolloutUnfinished goes by the status, and scans once for a rollout that is new in the spec.
func (v *replacedValues) rolloutUnfinished() bool {
	if v.spec.Rollout == nil {
		return false
	}
	c := meta.FindStatusCondition(v.Object.Status.Conditions, v1alpha1.ConditionRolloutComplete)
	switch {
	case v.Scan != nil:
		return v.lastPublication.RolloutComplete(v.restarts).Reason != v1alpha1.ReasonComplete
	case c == nil || c.ObservedGeneration != v.Object.Generation:
		return true
	}
	return c.Reason != v1alpha1.ReasonComplete || v.active.record.Revision != v.Object.Status.Revision
}

// rolloutCondition is absent without spec.rollout; where nothing is outstanding, it stays as it was.
func (v *replacedValues) rolloutCondition(before *metav1.Condition) *metav1.Condition {
	if v.spec.Rollout == nil || v.activeInTarget() == nil {
		return nil
	}
	if v.Scan == nil && before != nil && !v.rolloutUnfinished() {
		return &metav1.Condition{Status: before.Status, Reason: before.Reason, Message: before.Message}
	}
	if v.Scan == nil && before != nil && v.spec.Suspend {
		return &metav1.Condition{Status: before.Status, Reason: before.Reason, Message: before.Message}
	}
	c := v.lastPublication.RolloutComplete(v.restarts)
	return &c
}
