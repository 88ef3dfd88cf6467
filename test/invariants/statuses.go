// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package invariants

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// Report is an object as its status once was, and whether a call to CleverTap had ended without a result by then.
type Report struct {
	*v1alpha1.CleverTapPasscode
	MetOutage bool
}

// Reports judges what statuses said, oldest first, beside all states that targets ever had.
func Reports(states []Report, targets []Target) (found []error) {
	last := map[types.UID]*v1alpha1.CleverTapPasscode{}
	for _, r := range states {
		if before := last[r.UID]; before != nil {
			found = append(found, StatusNeverGoesBack(before, r.CleverTapPasscode))
		}
		last[r.UID] = r.CleverTapPasscode
		found = append(found, StatusShowsWhatWasPublished(targets, r.CleverTapPasscode), ActiveIsNeverRetired(r.CleverTapPasscode),
			OutageWasMet(r.CleverTapPasscode, r.MetOutage))
	}
	return found
}

// StatusNeverGoesBack is: one object's status never has a lower revision than before.
func StatusNeverGoesBack(before, after *v1alpha1.CleverTapPasscode) error {
	if before.UID == after.UID && after.Status.Revision < before.Status.Revision {
		return violated("a status never goes back", "revision %d after %d", after.Status.Revision, before.Status.Revision)
	}
	return nil
}

// StatusShowsWhatWasPublished is: the active passcode of a status is what the target had at that revision. Which of the two
// was written first does not matter, so all states of targets count.
func StatusShowsWhatWasPublished(targets []Target, o *v1alpha1.CleverTapPasscode) error {
	if o.Status.Target == "" && (o.Spec.Observes() || o.Status.ObservedGeneration != o.Generation) {
		return nil // what is active is, or was when this was reported, in a Secret that someone else writes
	}
	published := func(t Target) bool {
		return t.Name == o.Status.Target && t.Revision == o.Status.Revision && t.Passcode == o.Status.ActivePasscode
	}
	if active := o.Status.ActivePasscode; active != "" && !slices.ContainsFunc(targets, published) {
		return violated("a status shows what was published", "%q in revision %d of %q", active, o.Status.Revision, o.Status.Target)
	}
	return nil
}

// ActiveIsNeverRetired is: no status calls a value retired, or in retirement, that it has as active.
func ActiveIsNeverRetired(o *v1alpha1.CleverTapPasscode) error {
	var active string
	for _, p := range o.Status.Passcodes {
		if p.State == v1alpha1.StateActive {
			active = p.Fingerprint
		}
	}
	for _, p := range o.Status.Passcodes {
		replaced := p.State == v1alpha1.StateRetired || p.State == v1alpha1.StateRetiring
		if replaced && active != "" && p.Fingerprint == active {
			return violated("what is active is not retired", "%q is %s", p.Name, p.State)
		}
	}
	return nil
}

// OutageWasMet is: CleverTap is said to be unavailable only if a call ended without a result before. met reports whether
// one did.
func OutageWasMet(o *v1alpha1.CleverTapPasscode, met bool) error {
	if c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionVerified); c != nil && c.Reason == v1alpha1.ReasonUnavailable && !met {
		return violated("an outage was met", "%s: %s", c.Reason, c.Message)
	}
	return nil
}

// GoesOnThoughDenied is: while writes of a target, of a former target or of a workload are denied, the active passcode
// is still verified at its interval, and the status still has its last result. Of one that is no entry any more, the status says
// only whether there is a result.
func GoesOnThoughDenied(o *v1alpha1.CleverTapPasscode, since, now time.Time) error {
	const invariant = "a denied write stops nothing else"
	interval := o.Spec.VerificationInterval()
	if now.Sub(since) < 2*interval || o.Status.ActivePasscode == "" || o.Spec.VerificationMode() == v1alpha1.VerificationNone {
		return nil
	}
	active := slices.IndexFunc(o.Status.Passcodes, func(p v1alpha1.PasscodeStatus) bool { return p.State == v1alpha1.StateActive })
	if active < 0 {
		if c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionVerified); c == nil || c.Status == metav1.ConditionUnknown {
			return violated(invariant, "%q has no result, and writes are denied since %s, now %s: %v", o.Status.ActivePasscode, since, now, c)
		}
		return nil
	}
	if at := o.Status.Passcodes[active].VerifiedAt; !at.After(now.Add(-2 * interval)) {
		return violated(invariant, "%q was not verified since %s; denied since %s, now %s", o.Status.ActivePasscode, at, since, now)
	}
	return nil
}
