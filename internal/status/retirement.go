// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/retirement"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

// maxStaleNames is how many Pods the status names.
const maxStaleNames = 20

// stalePods are those that use a replaced value; nil once nothing is outstanding.
func (v Report) stalePods() *v1alpha1.StalePods {
	pending := slices.ContainsFunc(v.Retiring, func(r rotation.RetiringValue) bool { return !v.Unused(r) })
	if !pending {
		return nil
	}
	var names []string
	for _, r := range v.Retiring {
		names = append(names, r.Use.Pods...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return &v1alpha1.StalePods{Count: int32(len(names)), Names: names[:min(len(names), maxStaleNames)]}
}

// replacedState is Retiring or, once nothing uses it, Retired.
func (v Report) replacedState(e *rotation.Entry) v1alpha1.PasscodeState {
	if v.RetiredInStatus(e) || v.MarkedReported(e.Fingerprint) {
		return v1alpha1.StateRetired
	}
	if !slices.ContainsFunc(v.Retiring, func(r rotation.RetiringValue) bool { return r.Entry == e }) && e.Reported == nil && v.ActiveInTarget() != nil {
		return v1alpha1.StateRetired // it was listed before, and settled then
	}
	for _, r := range v.Retiring {
		if r.Entry == e && v.Unused(r) {
			return v1alpha1.StateRetired
		}
	}
	return v1alpha1.StateRetiring
}

// retiring says what still uses a replaced value, or why that is not known.
func (v Report) retiring(e *rotation.Entry) problem {
	for _, r := range v.Retiring {
		switch {
		case r.Entry != e:
		case v.Scan != nil && v.Scan.Problem != "":
			return problem{cause: "it was replaced; whether it is still in use is unknown: " + v.Scan.Problem}
		case len(r.Use.Pods) > 0:
			return problem{"it was replaced and is still in use by Pods: " + retirement.Listing(r.Use.Pods), "restart them; then it is safe to delete"}
		case r.UsedByOther.Object != "":
			return problem{cause: fmt.Sprintf("it was replaced here, and is still in use: it is the active passcode of CleverTapPasscode %q", r.UsedByOther.Object)}
		case r.UsedByOther.Secret != "":
			return problem{
				fmt.Sprintf("it was replaced here, and Secret %q, the target of a CleverTapPasscode that is deleted, still contains it", r.UsedByOther.Secret),
				"delete that Secret once no workload mounts it",
			}
		case r.MayComeBack:
			return problem{cause: "it was replaced, and may become active again once CleverTap accepts it"}
		case v.Now.Before(r.Use.Refreshed):
			return problem{cause: "it was replaced; volumes are being refreshed until " + r.Use.Refreshed.UTC().Format("15:04:05 UTC")}
		}
	}
	return problem{cause: "it was replaced; a scan for what still uses it is under way"}
}

// safeToDeleteEvents reports every entry that has become Retired. A reset ends a user's passcode, so there is nothing to
// delete.
func (v Report) safeToDeleteEvents(before, after v1alpha1.CleverTapPasscodeStatus) []rotation.Event {
	isRetired := func(s v1alpha1.PasscodeStatus) bool { return s.State == v1alpha1.StateRetired }
	if v.Spec.Type == v1alpha1.PasscodeTypeUser || !slices.ContainsFunc(after.Passcodes, isRetired) {
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
	var events []rotation.Event
	for _, s := range after.Passcodes {
		if s.State == v1alpha1.StateRetired && was[s.Fingerprint] == listed && v.seenBeforeReplaced(s) {
			events = append(events, v.SafeToDelete(s.Name, fmt.Sprintf("%q", s.Name)))
		}
	}
	return events
}

// seenBeforeReplaced reports whether the status goes back to before the value was replaced. If it was lost since, or the
// entry was removed and came back, or the record is from before there were marks, the event may have been sent.
func (v Report) seenBeforeReplaced(s v1alpha1.PasscodeStatus) bool {
	return slices.ContainsFunc(v.Active.Record.Replaced, func(old target.Replaced) bool {
		marked := len(old.Locations) > 0 || old.Reported
		return old.Fingerprint == s.Fingerprint && marked && s.FirstSeenAt != nil && !s.FirstSeenAt.After(old.At)
	})
}

// rolloutCondition is absent without spec.rollout; where nothing is outstanding, it stays as it was.
func (v Report) rolloutCondition(before *metav1.Condition) *metav1.Condition {
	if v.Spec.Rollout == nil || v.ActiveInTarget() == nil {
		return nil
	}
	if v.Scan == nil && before != nil && !v.RolloutUnfinished() {
		return &metav1.Condition{Status: before.Status, Reason: before.Reason, Message: before.Message}
	}
	if v.Scan == nil && before != nil && v.Spec.Suspend {
		return &metav1.Condition{Status: before.Status, Reason: before.Reason, Message: before.Message}
	}
	c := v.LastPublication.RolloutComplete(v.Restarts)
	return &c
}
