// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package invariants_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/test/invariants"
)

var (
	noon  = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	india = invariants.Place{AccountID: "TEST-1", Region: "in1", Endpoint: "https://in1.api.clevertap.com"}
	first = invariants.Target{Name: "crm", Writer: "uid", Place: india, Value: "AAA", Passcode: "q4", Revision: 1, PublishedAt: noon}
)

// with is the first target, changed.
func with(change func(*invariants.Target)) invariants.Target {
	t := first
	change(&t)
	return t
}

// object is one whose status has q4 active in revision 1, changed.
func object(change func(*v1alpha1.CleverTapPasscode)) *v1alpha1.CleverTapPasscode {
	o := &v1alpha1.CleverTapPasscode{ObjectMeta: metav1.ObjectMeta{Name: "crm", UID: "uid", Generation: 1}}
	o.Status = v1alpha1.CleverTapPasscodeStatus{ObservedGeneration: 1, Target: "crm", Revision: 1, ActivePasscode: "q4",
		Passcodes: []v1alpha1.PasscodeStatus{{Name: "q4", State: v1alpha1.StateActive, Fingerprint: "aa", VerifiedAt: &metav1.Time{Time: noon}}}}
	change(o)
	return o
}

func asItIs(*v1alpha1.CleverTapPasscode) {}

// judged is what an invariant says of what it holds for, and of what violates it.
type judged struct{ holds, violated error }

func judgedTargets() map[string]judged {
	return map[string]judged{
		"a value is there": {invariants.Whole(first, india),
			invariants.Whole(with(func(t *invariants.Target) { t.Value = "" }), india)},
		"it is in its place": {invariants.Whole(first, india),
			invariants.Whole(with(func(t *invariants.Target) { t.Place.Region = "eu1" }), india)},
		"every key was named": {invariants.Whole(first, india),
			invariants.Whole(with(func(t *invariants.Target) { t.Unexplained = []string{"x"} }), india)},
		"every key of a Secret was named": {invariants.Whole(invariants.TargetOf(secretWith("passcode", "AAA")), india),
			invariants.Whole(invariants.TargetOf(secretWith("passcode", "AAA", "key of before", "AAA")), india)},
		"a file has the value among others": {invariants.Whole(invariants.TargetOf(secretWith("passcode", "AAA", "headers", "Passcode: AAA")), india),
			invariants.Whole(invariants.TargetOf(secretWith("passcode", "AAA", "headers", "Passcode: BBB")), india)},
		"it was accepted": {invariants.Accepted(first, true), invariants.Accepted(first, false)},
		"revisions grow": {invariants.RevisionNeverGoesBack(first, first),
			invariants.RevisionNeverGoesBack(with(func(t *invariants.Target) { t.Revision = 2 }), first)},
		"a revision is a number": {invariants.RevisionNeverGoesBack(invariants.Target{}, first),
			invariants.RevisionNeverGoesBack(invariants.Target{}, with(func(t *invariants.Target) { t.Revision = -1 }))},
		"a new value is a new revision": {invariants.RevisionIsPublishedOnce(first, with(func(t *invariants.Target) { t.Value, t.Revision = "BBB", 2 })),
			invariants.RevisionIsPublishedOnce(first, with(func(t *invariants.Target) { t.Value = "BBB" }))},
		"a revision has one time": {invariants.RevisionIsPublishedOnce(first, first),
			invariants.RevisionIsPublishedOnce(first, with(func(t *invariants.Target) { t.PublishedAt = noon.Add(time.Second) }))},
		"a replaced value stays away": {invariants.OlderValueNeverComesBack([]string{"BBB", "AAA"}, first, false),
			invariants.OlderValueNeverComesBack([]string{"AAA", "BBB"}, first, false)},
		"a replaced value comes back by a pin, and never by the calendar": {
			invariants.OlderValueNeverComesBack([]string{"AAA", "BBB"}, with(func(t *invariants.Target) { t.Reason = v1alpha1.RotationPinned }), true),
			invariants.OlderValueNeverComesBack([]string{"AAA", "BBB"}, with(func(t *invariants.Target) { t.Reason = v1alpha1.RotationScheduled }), true)},
	}
}

func judgedStatuses() map[string]judged {
	noCall := object(func(o *v1alpha1.CleverTapPasscode) {
		o.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionVerified, Status: metav1.ConditionUnknown, Reason: v1alpha1.ReasonUnavailable}}
	})
	return map[string]judged{
		"a status's revision grows": {invariants.StatusNeverGoesBack(object(asItIs), object(asItIs)),
			invariants.StatusNeverGoesBack(object(func(o *v1alpha1.CleverTapPasscode) { o.Status.Revision = 2 }), object(asItIs))},
		"a status shows what the target had": {invariants.StatusShowsWhatWasPublished([]invariants.Target{first}, object(asItIs)),
			invariants.StatusShowsWhatWasPublished(nil, object(asItIs))},
		"what is active is not retired": {invariants.ActiveIsNeverRetired(object(asItIs)),
			invariants.ActiveIsNeverRetired(object(func(o *v1alpha1.CleverTapPasscode) {
				o.Status.Passcodes = append(o.Status.Passcodes, v1alpha1.PasscodeStatus{Name: "q3", State: v1alpha1.StateRetired, Fingerprint: "aa"})
			}))},
		"nobody is unavailable who was not called": {invariants.OutageWasMet(noCall, true), invariants.OutageWasMet(noCall, false)},
		"verification goes on": {invariants.GoesOnThoughDenied(object(asItIs), noon, noon.Add(time.Hour)),
			invariants.GoesOnThoughDenied(object(asItIs), noon, noon.Add(3*time.Hour))},
	}
}

func judgedRequests() map[string]judged {
	return map[string]judged{
		"a value stays in its Secret": {invariants.NoValue("a log", "rotated", "AAA"), invariants.NoValue("a log", "rotated to AAA", "AAA")},
		"not in base64 either":        {invariants.NoValue("a log", "AAA-BBB", "ABCDEF"), invariants.NoValue("a log", "data: QUJDREVG", "ABCDEF")},
		"nor as a digest":             {invariants.NoValue("a log", "sha256:0123456789abcdef", "AAA"), invariants.NoValue("a log", "sha256:cb1ad2119d8fafb69566510ee712661f9f14b83385006ef92aec47f523a38358", "AAA")},
		"requests stay within": {invariants.Within("shop", []string{"/api/v1/namespaces/shop/secrets/crm", "/apis/apiextensions.k8s.io/v1"}),
			invariants.Within("shop", []string{"/api/v1/namespaces/mall/secrets/crm"})},
		"a foreign Secret is not written": {invariants.NotOurs(nil, []metav1.ManagedFieldsEntry{{Manager: "kubectl"}}),
			invariants.NotOurs(nil, []metav1.ManagedFieldsEntry{{Manager: v1alpha1.ManagedBy}})},
		"calls are bounded": {invariants.Bounded(2, 1), invariants.Bounded(3, 1)},
		"safe to delete is not in use": {invariants.SafeToDelete(rotationUsedBy(noon.Add(time.Hour))),
			invariants.SafeToDelete(rotationUsedBy(noon.Add(-time.Hour)))},
		"safe to delete once the Pod is gone": {invariants.SafeToDelete(append(rotationUsedBy(noon.Add(-time.Hour)), goneBeforeTheEvent())),
			invariants.SafeToDelete(rotationUsedBy(noon.Add(-time.Hour)))},
	}
}

func TestEachInvariantCanBeViolated(t *testing.T) {
	rows := judgedTargets()
	maps.Copy(rows, judgedStatuses())
	maps.Copy(rows, judgedRequests())
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(row.holds).To(Succeed())
			g.Expect(row.violated).To(BeAssignableToTypeOf(&invariants.ViolationError{}))
		})
	}
}

// secretWith is a target in its place with these keys and their content; passcode and the file headers are named.
func secretWith(keysAndContent ...string) *corev1.Secret {
	secret := target("1")
	secret.Data = map[string][]byte{"accountID": []byte("TEST-1"), "region": []byte("in1"), "endpoint": []byte("https://in1.api.clevertap.com")}
	for pair := range slices.Chunk(keysAndContent, 2) {
		secret.Data[pair[0]] = []byte(pair[1])
	}
	return secret
}

// rotationUsedBy is a target, a Pod that has it in its environment since a time, and the event that its old value is safe to
// delete.
func rotationUsedBy(since time.Time) []invariants.Change {
	return []invariants.Change{{Object: event("5")}, {Object: pod("3", since)}, {Object: target("1")}}
}

func goneBeforeTheEvent() invariants.Change {
	return invariants.Change{Object: pod("4", noon), Deleted: true}
}

func target(version string) *corev1.Secret {
	record := `{"ownerUID":"uid","revision":2,"passcode":"q1","accountID":"TEST-1","region":"in1","fingerprint":"k1-bb","publishedAt":"2026-11-24T12:00:00Z",` +
		`"keys":{"accountID":"accountID","passcode":"passcode","region":"region","endpoint":"endpoint",` +
		`"files":[{"key":"headers","format":"Headers"}]}}`
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "crm", ResourceVersion: version,
		Labels:      map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleTarget},
		Annotations: map[string]string{v1alpha1.OwnerAnnotation: "crm", v1alpha1.RecordAnnotation: record}}}
}

func pod(version string, since time.Time) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "api", UID: types.UID("pod"), ResourceVersion: version},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", EnvFrom: []corev1.EnvFromSource{
			{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "crm"}}}}}}},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "app",
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(since)}}}}},
	}
}

func event(version string) *eventsv1.Event {
	return &eventsv1.Event{ObjectMeta: metav1.ObjectMeta{Name: "e", ResourceVersion: version}, Reason: v1alpha1.EventSafeToDelete,
		Regarding: corev1.ObjectReference{Name: "crm"}}
}
