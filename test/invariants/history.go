// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package invariants

import (
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
)

// History is every state that a namespace had while a test played in it. It is safe for concurrent use.
type History struct {
	calls func() []clevertaptest.Call

	mu      sync.Mutex
	changes []Change
	// called is how many calls CleverTap had got when a state was seen, by its version.
	called map[string]int
}

// NewHistory returns one without any state. calls returns those that CleverTap got so far.
func NewHistory(calls func() []clevertaptest.Call) *History {
	return &History{calls: calls, called: map[string]int{}}
}

// Keep adds a state.
func (h *History) Keep(o client.Object, deleted bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changes = append(h.changes, Change{Object: o, Deleted: deleted})
	h.called[o.GetResourceVersion()] = len(h.calls())
}

// Violations are those of the invariants that hold in every namespace, whatever was done in it.
func (h *History) Violations() (found []error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	changes := inOrder(h.changes)
	return slices.DeleteFunc(append(slices.Concat(h.targets(changes), h.statuses(changes)), SafeToDelete(changes)),
		func(err error) bool { return err == nil })
}

// targets judges what the operator wrote, and not what someone wrote over it.
func (h *History) targets(changes []Change) []error {
	var published []Publication
	written, calls := map[string]metav1.Time{}, h.calls()
	for _, change := range changes {
		secret, isSecret := change.Object.(*corev1.Secret)
		if !isSecret || change.Deleted || secret.Labels[v1alpha1.RoleLabel] != v1alpha1.RoleTarget {
			continue
		}
		at, ours := writtenAt(secret, "")
		if since := written[secret.Name]; !ours || at.Equal(&since) {
			continue
		}
		written[secret.Name] = at
		t := TargetOf(secret)
		isValue := func(call clevertaptest.Call) bool { return call.Value == t.Value }
		published = append(published, Publication{Target: t, Expected: t.Place,
			Accepted: h.unverified(t.Writer) || slices.ContainsFunc(calls[:h.called[secret.ResourceVersion]], isValue)})
	}
	return Publications(published, true)
}

// writtenAt is when the operator last wrote a part of the object that it owns still; ours reports whether nobody else owns
// one, such as who has edited what the operator wrote. The subresource is "" or "status".
func writtenAt(o client.Object, subresource string) (at metav1.Time, ours bool) {
	ours = true
	for _, m := range o.GetManagedFields() {
		switch {
		case m.Subresource != subresource:
		case m.Manager == v1alpha1.ManagedBy:
			at = *m.Time
		default:
			ours = false
		}
	}
	return at, ours
}

// unverified reports whether an object ever turned verification off.
func (h *History) unverified(uid types.UID) bool {
	return slices.ContainsFunc(h.changes, func(change Change) bool {
		o, isObject := change.Object.(*v1alpha1.CleverTapPasscode)
		return isObject && o.UID == uid && o.Spec.VerificationMode() == v1alpha1.VerificationNone
	})
}

// statuses judges what every status said that nobody else edited.
func (h *History) statuses(changes []Change) []error {
	var targets []Target
	var reports []Report
	for _, change := range changes {
		if secret, isSecret := change.Object.(*corev1.Secret); isSecret {
			targets = append(targets, TargetOf(secret))
		}
	}
	met := slices.ContainsFunc(h.calls(), func(call clevertaptest.Call) bool { return call.NoResult })
	for _, change := range changes {
		o, isObject := change.Object.(*v1alpha1.CleverTapPasscode)
		if !isObject || change.Deleted {
			continue
		}
		if _, ours := writtenAt(o, "status"); ours {
			reports = append(reports, Report{o, met})
		}
	}
	return Reports(reports, targets)
}
