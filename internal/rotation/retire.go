// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/fingerprint"
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
	// pods use it; usedByOther names another object that has it active; refreshed is until when volumes may contain it.
	pods        []string
	usedByOther string
	refreshed   time.Time
}

// inUse reports whether something that a scan can see uses it.
func (r retiring) inUse() bool {
	return len(r.pods) > 0 || r.usedByOther != ""
}

// retirement is what still uses the values that were replaced, as far as the last scan has shown, and which workloads are
// to be restarted.
type retirement struct {
	*snapshot
	retiring []retiring
	restarts []restart
}

func newRetirement(v *snapshot) *retirement {
	r := &retirement{snapshot: v}
	r.retiring = r.findRetiring()
	r.restarts = r.findRestarts()
	return r
}

// findRetiring lists what is outstanding, and what uses it as far as the last scan has shown.
func (v *retirement) findRetiring() []retiring {
	p := v.activeInTarget()
	if p == nil {
		return nil
	}
	var list []retiring
	for _, old := range p.record.Replaced {
		r := retiring{Replaced: old, entry: v.entryOfReplaced(old)}
		unknown := r.entry == nil || r.entry.reported == nil // to the status
		if old.Reported || r.entry != nil && v.retiredInStatus(r.entry) || unknown && !v.unsettled(old) {
			continue
		}
		v.findConsumers(&r)
		list = append(list, r)
	}
	return list
}

// unsettled reports whether it is not known yet that nothing uses a value that is no longer listed: there was no scan since it
// was replaced, or it was seen in use.
func (v *retirement) unsettled(old Replaced) bool {
	unseen := v.active.record.Revision != v.Object.Status.Revision || v.Object.Status.StalePods != nil
	return len(old.Locations) > 0 && (old.InUse || unseen)
}

// locations are the Secrets that contain the active value: the target, the source that it came from, and those that were
// either since it was published.
func (v *retirement) locations() []Location {
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
		list = append(list, Location{Secret: secret, Keys: []string{key}})
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
func (v *retirement) knownReplaced() []Replaced {
	record := v.active.record
	if v.record() == nil || v.writtenByOther(v.lastPublished) {
		return Record{Replaced: record.Replaced}.replaced(v.inStatus(false), v.active.fingerprint)
	}
	return slices.Clone(record.Replaced)
}

// inStatus are the values that were replaced, as far as the status says, and, if wanted, the one that was active.
func (v *retirement) inStatus(active bool) []Replaced {
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
func (v *retirement) locationsOf(name string) []Location {
	list := []Location{{Secret: v.Object.TargetName(), Keys: EffectiveKeys(v.Object).WithPasscode()}}
	if e := v.firstOf(func(e *entry) bool { return e.spec.Name == name }); e != nil {
		list = append(list, Location{Secret: e.spec.SecretKeyRef.Name, Keys: []string{e.spec.SecretKeyRef.Key}})
	}
	return list
}

// settledReplaced are the values replaced so far, without what is remembered only until it is known that nothing uses
// them.
func (v *retirement) settledReplaced() []Replaced {
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
func (v *retirement) markedReplaced() ([]Replaced, []Event) {
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
func (v *retirement) describeUnlisted(old Replaced) (passcode, what string) {
	listed := old.Passcode == v.active.name() || v.firstOf(func(e *entry) bool { return e.spec.Name == old.Passcode }) != nil
	if !listed {
		return old.Passcode, fmt.Sprintf("%q", old.Passcode)
	}
	return "", fmt.Sprintf("the value that %q had until %s (not its present value)", old.Passcode, stamp(old.At))
}

func (v *retirement) entryOfReplaced(old Replaced) *entry {
	return v.firstOf(func(e *entry) bool {
		return e.replaced && e.duplicateOf == nil && (e.Fingerprint == old.Fingerprint || !fingerprint.SameKey(e.Fingerprint, old.Fingerprint) && e.spec.Name == old.Passcode)
	})
}

// retiredInStatus goes by the status: once nothing used it, that is final.
func (v *retirement) retiredInStatus(e *entry) bool {
	return e.reported != nil && e.reported.RetiredAt != nil && e.reported.Fingerprint == e.Fingerprint
}

// markedReported goes by the record, which outlives the status.
func (v *retirement) markedReported(fingerprint string) bool {
	record := v.record()
	return record != nil && slices.ContainsFunc(record.Replaced, func(old Replaced) bool {
		return old.Reported && old.Fingerprint == fingerprint
	})
}

func (v *retirement) findConsumers(r *retiring) {
	r.usedByOther = v.UsedByOthers[r.Fingerprint]
	if v.Scan == nil {
		return
	}
	for i := range v.Scan.Pods {
		pod := &v.Scan.Pods[i]
		for _, c := range pod.Containers {
			if v.usesOld(r, pod, c) {
				r.pods = append(r.pods, pod.Name)
				break
			}
		}
	}
}

// usesOld reports whether the container has the value for as long as it runs. If it has it only until its volume is refreshed,
// that time is noted.
func (v *retirement) usesOld(r *retiring, pod *consumers.Pod, c consumers.Container) bool {
	for _, use := range c.Uses {
		h := v.usageOf(r, use)
		switch {
		case !h.has || c.Waiting && !h.still:
		case h.still, use.Way == consumers.Frozen && (h.unknown || v.startedBefore(pod, c.StartedAt, schedule.Later(r.At, h.until))):
			return true
		case use.Way == consumers.Refreshed:
			r.refreshed = schedule.Later(r.refreshed, schedule.Later(r.At, h.until).Add(v.VolumeRefresh))
		}
	}
	return false
}

// usage is what is known of a Secret that a container uses: whether it ever contained a value, and whether it still does, or
// may. until is when it ceased to; zero for when the value was replaced. unknown reports whether that can't be said.
type usage struct {
	has, still, unknown bool
	until               time.Time
}

// usageOf finds a use among the target, former targets, and sources. A volume of a former target or a source that is gone
// keeps what it had.
func (v *retirement) usageOf(r *retiring, use consumers.Use) usage {
	previous := v.active.record.Keys.PreviousPasscode
	if use.Of(v.Object.TargetName(), previous) {
		return usage{has: true}
	}
	if held, ours := v.OtherTargets[use.Secret]; ours && use.Of(use.Secret, previous) {
		return usage{has: true, still: held == r.Fingerprint}
	}
	for _, e := range v.entries {
		ref := e.spec.SecretKeyRef
		if e.spec.Name == r.Passcode && use.OfKey(ref.Name, ref.Key) {
			// Of a Secret that is gone a volume keeps what it had; a key that is gone it drops.
			gone := e.Problem == v1alpha1.ReasonSourceNotFound || e.Problem == v1alpha1.ReasonSourceNotLabelled
			return usage{has: true, still: e.Fingerprint == r.Fingerprint || gone, unknown: !e.hasValue(), until: e.firstSeen}
		}
	}
	for _, h := range r.Locations {
		if h.Secret == v.Object.TargetName() {
			continue
		}
		for _, key := range h.Keys {
			if use.OfKey(h.Secret, key) {
				held, known := v.LocationValues[SecretKey{h.Secret, key}]
				return usage{has: true, still: !known || held == r.Fingerprint, unknown: true}
			}
		}
	}
	return usage{}
}

// clockSkew is how much the clocks of nodes may differ from the operator's.
const clockSkew = 5 * time.Second

// startedBefore reports whether a container may have started before a value was replaced. It started by the clock of its node,
// so there is a margin. A Pod was created by the API server's, so one of a later second did start later; and so did one
// that was made by the restart for this revision, or a later one.
func (v *retirement) startedBefore(pod *consumers.Pod, started, replaced time.Time) bool {
	if pod.CreatedAt.After(replaced) || v.restartedFor(pod.Restarts) {
		return false
	}
	return started.Before(replaced.Add(clockSkew))
}

// unused reports whether nothing uses the value, as far as the operator can see.
func (v *retirement) unused(r retiring) bool {
	return v.Scan != nil && v.Scan.Problem == "" && !r.inUse() && !v.now.Before(r.refreshed) && v.unfinishedRestart() == ""
}

// outstanding reports whether a scan may show something new.
func (v *retirement) outstanding() bool {
	return v.activeInTarget() != nil && (len(v.retiring) > 0 || v.rolloutUnfinished())
}

// scanDue reports whether to scan now, and when otherwise; zero for never. A scan shows nothing of a volume's refresh, which
// only time brings.
func (v *retirement) scanDue() (now bool, next time.Time) {
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
func (v *retirement) stalePods() *v1alpha1.StalePods {
	pending := slices.ContainsFunc(v.retiring, func(r retiring) bool { return !v.unused(r) })
	if !pending {
		return nil
	}
	var names []string
	for _, r := range v.retiring {
		names = append(names, r.pods...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return &v1alpha1.StalePods{Count: int32(len(names)), Names: names[:min(len(names), maxStaleNames)]}
}

// replacedState is Retiring or, once nothing uses it, Retired.
func (v *retirement) replacedState(e *entry) v1alpha1.PasscodeState {
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
func (v *retirement) retiringMessage(e *entry) string {
	for _, r := range v.retiring {
		switch {
		case r.entry != e:
		case v.Scan != nil && v.Scan.Problem != "":
			return "it was replaced; whether it is still in use is unknown: " + v.Scan.Problem
		case len(r.pods) > 0:
			return fmt.Sprintf("it was replaced and is still in use by Pods: %s. Restart them; then it is safe to delete", listing(r.pods))
		case r.usedByOther != "":
			return fmt.Sprintf("it was replaced here, and is still in use: it is the active passcode of CleverTapPasscode %q", r.usedByOther)
		case v.now.Before(r.refreshed):
			return "it was replaced; volumes are being refreshed until " + r.refreshed.UTC().Format("15:04:05 UTC")
		}
	}
	return "it was replaced; a scan for what still uses it is under way"
}

func listing(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// safeToDeleteEvents reports every entry that has become Retired. A reset ends a user's passcode, so there is nothing to
// delete.
func (v *retirement) safeToDeleteEvents(before, after v1alpha1.CleverTapPasscodeStatus) []Event {
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
func (v *retirement) seenBeforeReplaced(s v1alpha1.PasscodeStatus) bool {
	return slices.ContainsFunc(v.active.record.Replaced, func(old Replaced) bool {
		marked := len(old.Locations) > 0 || old.Reported
		return old.Fingerprint == s.Fingerprint && marked && s.FirstSeenAt != nil && !s.FirstSeenAt.After(old.At)
	})
}

// safeToDelete says that a passcode can be deleted, and how far the operator can see.
func (v *retirement) safeToDelete(passcode, what string) Event {
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
func (v *retirement) rolloutUnfinished() bool {
	if v.spec.Rollout == nil {
		return false
	}
	c := meta.FindStatusCondition(v.Object.Status.Conditions, v1alpha1.ConditionRolloutComplete)
	switch {
	case v.Scan != nil:
		return v.rolloutComplete().Reason != v1alpha1.ReasonComplete
	case c == nil || c.ObservedGeneration != v.Object.Generation:
		return true
	}
	return c.Reason != v1alpha1.ReasonComplete || v.active.record.Revision != v.Object.Status.Revision
}
