// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/retirement"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

// maxStaleNames is how many Pods the status names.
const maxStaleNames = 20

// stalePods are those that use a replaced value; nil once nothing is outstanding.
func (r Report) stalePods() *v1alpha1.StalePods {
	pending := slices.ContainsFunc(r.Retiring, func(value rotation.RetiringValue) bool { return !r.Unused(value) })
	if !pending {
		return nil
	}
	var names []string
	for _, value := range r.Retiring {
		names = append(names, value.Use.Pods...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return &v1alpha1.StalePods{Count: int32(len(names)), Names: names[:min(len(names), maxStaleNames)]}
}

// replacedState is Retiring or, once nothing uses it, Retired.
func (r Report) replacedState(e *rotation.Entry) v1alpha1.PasscodeState {
	if r.RetiredInStatus(e) || r.MarkedReported(e.Fingerprint) {
		return v1alpha1.StateRetired
	}
	if !slices.ContainsFunc(r.Retiring, func(value rotation.RetiringValue) bool { return value.Entry == e }) && e.Reported == nil && r.ActiveInTarget() != nil {
		return v1alpha1.StateRetired // it was listed before, and settled then
	}
	for _, value := range r.Retiring {
		if value.Entry == e && r.Unused(value) {
			return v1alpha1.StateRetired
		}
	}
	return v1alpha1.StateRetiring
}

// retiring says what still uses a replaced value, or why that is not known.
func (r Report) retiring(e *rotation.Entry) problem {
	for _, value := range r.Retiring {
		switch {
		case value.Entry != e:
		case r.Scan != nil && r.Scan.Problem != "":
			return problem{cause: "it was replaced; whether it is still in use is unknown: " + r.Scan.Problem}
		case len(value.Use.Pods) > 0:
			return problem{"it was replaced and is still in use by Pods: " + retirement.Listing(value.Use.Pods), "restart them; then it is safe to delete"}
		case value.UsedByOther.Object != "":
			return problem{cause: fmt.Sprintf("it was replaced here, and is still in use: it is the active passcode of CleverTapPasscode %q", value.UsedByOther.Object)}
		case value.UsedByOther.Secret != "":
			return problem{
				fmt.Sprintf("it was replaced here, and Secret %q, the target of a CleverTapPasscode that is deleted, still contains it", value.UsedByOther.Secret),
				"delete that Secret once no workload mounts it",
			}
		case value.MayComeBack:
			return problem{cause: "it was replaced, and may become active again once CleverTap accepts it"}
		case r.Now.Before(value.Use.Refreshed):
			return problem{cause: "it was replaced; volumes are being refreshed until " + value.Use.Refreshed.UTC().Format("15:04:05 UTC")}
		}
	}
	return problem{cause: "it was replaced; a scan for what still uses it is under way"}
}

// safeToDeleteEvents reports every entry that has become Retired. A reset ends a user's passcode, so there is nothing to
// delete.
func (r Report) safeToDeleteEvents(before, after v1alpha1.CleverTapPasscodeStatus) []Event {
	isRetired := func(s v1alpha1.PasscodeStatus) bool { return s.State == v1alpha1.StateRetired }
	if r.Spec.Type == v1alpha1.PasscodeTypeUser || !slices.ContainsFunc(after.Passcodes, isRetired) {
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
		if s.State == v1alpha1.StateRetired && was[s.Fingerprint] == listed && r.seenBeforeReplaced(s) {
			events = append(events, r.safeToDelete(s.Name, fmt.Sprintf("%q", s.Name)))
		}
	}
	return events
}

// seenBeforeReplaced reports whether the status goes back to before the value was replaced. If it was lost since, or the
// entry was removed and came back, or the record is from before there were marks, the event may have been sent.
func (r Report) seenBeforeReplaced(s v1alpha1.PasscodeStatus) bool {
	return slices.ContainsFunc(r.Active.Record.Replaced, func(old target.Replaced) bool {
		marked := len(old.Locations) > 0 || old.Reported
		return old.Fingerprint == s.Fingerprint && marked && s.FirstSeenAt != nil && !s.FirstSeenAt.After(old.At)
	})
}

// rolloutCondition is absent without spec.rollout; if nothing is outstanding, it stays as it was.
func (r Report) rolloutCondition(before *metav1.Condition) *metav1.Condition {
	if r.Spec.Rollout == nil || r.ActiveInTarget() == nil {
		return nil
	}
	if r.Scan == nil && before != nil && !r.RolloutUnfinished() {
		return &metav1.Condition{Status: before.Status, Reason: before.Reason, Message: before.Message}
	}
	if r.Scan == nil && before != nil && r.Spec.Suspend {
		return &metav1.Condition{Status: before.Status, Reason: before.Reason, Message: before.Message}
	}
	c := r.LastPublication.RolloutComplete(r.Restarts)
	return &c
}

// safeToDelete says that a passcode can be deleted, and how far the operator can see.
func (r Report) safeToDelete(passcode, what string) Event {
	var text strings.Builder
	fmt.Fprintf(&text, "Nothing in namespace %s uses %s any more: delete it at %s. Callers and objects outside this namespace are not seen",
		r.Object.Namespace, what, r.dashboardPage())
	if target.Copied(r.Target.Annotations) {
		text.WriteString(", nor are the copies that a replicator made of the Secret")
	}
	return Event{Reason: v1alpha1.EventSafeToDelete, Passcode: passcode, Message: text.String()}
}

// describeUnlisted describes a replaced value that no entry has. Its name may be that of a passcode which is listed now, and
// must not be deleted.
func (r Report) describeUnlisted(old target.Replaced) (passcode, what string) {
	listed := old.Passcode == r.Active.Name() || r.FirstOf(func(e *rotation.Entry) bool { return e.Spec.Name == old.Passcode }) != nil
	if !listed {
		return old.Passcode, fmt.Sprintf("%q", old.Passcode)
	}
	return "", fmt.Sprintf("the value that %q had until %s (not its present value)", old.Passcode, schedule.Stamp(old.At))
}
