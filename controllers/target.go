// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/status"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

// readTarget reads a target's Secret.
func (r *Reconciler) readTarget(object *v1alpha1.CleverTapPasscode, secret *corev1.Secret) rotation.Target {
	if why := notOurs(object, secret); why != "" {
		return rotation.Target{Conflict: conflictMessage(object, secret.Name, why)}
	}
	t := rotation.Target{
		Exists:      true,
		Labels:      secret.Labels,
		Annotations: secret.Annotations,
		Owned:       slices.ContainsFunc(secret.OwnerReferences, isOwner(object)),
	}
	keys := target.EffectiveKeys(object)
	if record, err := target.ParseRecord(secret.Annotations[v1alpha1.RecordAnnotation]); err == nil {
		t.Record = &record
		keys = record.Keys
	}
	t.Tuple = readTuple(secret, keys)
	if tuple := t.Tuple; !tuple.Passcode.IsZero() {
		t.Fingerprint = r.Key.Of(string(tuple.Region), tuple.AccountID, tuple.Passcode)
	}
	if t.Previous = readPrevious(secret, keys); !t.Previous.IsZero() {
		t.PreviousFingerprint = r.Key.Of(string(t.Tuple.Region), t.Tuple.AccountID, t.Previous)
	}
	t.Exact = exact(secret, keys, t.Tuple, t.Previous)
	return t
}

// readPrevious is the value under the key for it; zero if there is none.
func readPrevious(secret *corev1.Secret, keys target.Keys) clevertap.Passcode {
	if keys.PreviousPasscode == "" {
		return clevertap.Passcode{}
	}
	passcode, err := clevertap.ParsePasscode(secret.Data[keys.PreviousPasscode])
	if err != nil {
		return clevertap.Passcode{}
	}
	return passcode
}

func notOurs(object *v1alpha1.CleverTapPasscode, secret *corev1.Secret) string {
	owner, owned := secret.Annotations[v1alpha1.OwnerAnnotation]
	switch {
	case secret.Labels[v1alpha1.RoleLabel] != v1alpha1.RoleTarget:
		return fmt.Sprintf("it has the label %s=%s", v1alpha1.RoleLabel, secret.Labels[v1alpha1.RoleLabel])
	case secret.Labels[v1alpha1.ManagedByLabel] != v1alpha1.ManagedBy:
		return fmt.Sprintf("it has no label %s=%s", v1alpha1.ManagedByLabel, v1alpha1.ManagedBy)
	case !owned:
		return "it has no annotation " + v1alpha1.OwnerAnnotation
	case owner != object.Name:
		return fmt.Sprintf("it is the target of %s; to hand it over: kubectl annotate secret -n %s %s %s=%s --overwrite",
			ownerText(owner), object.Namespace, secret.Name, v1alpha1.OwnerAnnotation, object.Name)
	case secret.Type != corev1.SecretTypeOpaque:
		return "its type is not Opaque"
	case ptr.Deref(secret.Immutable, false):
		return "it is immutable"
	}
	return ""
}

// ownerText quotes an annotation, which anybody can write, only if it can be an object's name.
func ownerText(owner string) string {
	if len(validation.IsDNS1123Subdomain(owner)) > 0 {
		return "another CleverTapPasscode"
	}
	return fmt.Sprintf("CleverTapPasscode %q", owner)
}

func conflictMessage(object *v1alpha1.CleverTapPasscode, name, why string) string {
	return v1alpha1.Message(fmt.Sprintf("Secret %q does not belong to this object: %s", name, why), fmt.Sprintf(
		"set another spec.target.name, hand the Secret over (kubectl clevertap adopt -n %s %s --secret %s), or delete it: kubectl delete secret -n %s %s",
		object.Namespace, object.Name, name, object.Namespace, name))
}

func isOwner(object *v1alpha1.CleverTapPasscode) func(metav1.OwnerReference) bool {
	return func(ref metav1.OwnerReference) bool { return ref.UID == object.UID }
}

func readTuple(secret *corev1.Secret, keys target.Keys) target.Tuple {
	passcode, err := clevertap.ParsePasscode(secret.Data[keys.Passcode])
	if err != nil {
		passcode = clevertap.Passcode{}
	}
	return target.Tuple{
		AccountID: string(secret.Data[keys.AccountID]),
		Region:    v1alpha1.Region(secret.Data[keys.Region]),
		Endpoint:  string(secret.Data[keys.Endpoint]),
		Passcode:  passcode,
	}
}

// exact reports whether the data are only the keys, and the passcodes have not even a newline around them.
func exact(secret *corev1.Secret, keys target.Keys, tuple target.Tuple, previous clevertap.Passcode) bool {
	return tuple.Endpoint == target.Endpoint(tuple.Region) &&
		maps.EqualFunc(secret.Data, data(keys, tuple, previous), bytes.Equal)
}

func data(keys target.Keys, tuple target.Tuple, previous clevertap.Passcode) map[string][]byte {
	all := map[string][]byte{
		keys.AccountID: []byte(tuple.AccountID),
		keys.Passcode:  []byte(tuple.Passcode.Reveal()),
		keys.Region:    []byte(tuple.Region),
		keys.Endpoint:  []byte(tuple.Endpoint),
	}
	for _, file := range keys.Files {
		all[file.Key] = tuple.Render(file.Format)
	}
	if !previous.IsZero() {
		all[keys.PreviousPasscode] = []byte(previous.Reveal())
	}
	return all
}

// newSecret is a target that is not there yet.
func newSecret(object *v1alpha1.CleverTapPasscode, want *rotation.Want) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name:            object.TargetName(),
			Namespace:       object.Namespace,
			Labels:          want.Labels,
			Annotations:     annotations(want),
			OwnerReferences: owners(nil, object, want.Owned),
		},
		Type: corev1.SecretTypeOpaque,
		Data: data(want.Record.Keys, want.Tuple, want.Previous),
	}
}

func annotations(want *rotation.Want) map[string]string {
	all := map[string]string{v1alpha1.RecordAnnotation: want.Record.Encode()}
	maps.Copy(all, want.Annotations)
	return all
}

// owners leaves others' references as they are.
func owners(before []metav1.OwnerReference, object *v1alpha1.CleverTapPasscode, owned bool) []metav1.OwnerReference {
	after := slices.DeleteFunc(slices.Clone(before), isOwner(object))
	if !owned {
		return after
	}
	return append(after, metav1.OwnerReference{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: "CleverTapPasscode", Name: object.Name, UID: object.UID,
	})
}

// targetPatch is a merge patch: it names what is to change and nothing else, and the version and uid that it was
// decided on, so that it fails if anything has changed since.
func targetPatch(object *v1alpha1.CleverTapPasscode, secret *corev1.Secret, want *rotation.Want) ([]byte, error) {
	patch := map[string]any{
		"metadata": map[string]any{
			"resourceVersion": secret.ResourceVersion,
			"uid":             secret.UID,
			"labels":          merged(want.Labels, want.DropLabels),
			"annotations":     merged(annotations(want), want.DropAnnotations),
			"ownerReferences": owners(secret.OwnerReferences, object, want.Owned),
		},
		"data": dataPatch(secret, data(want.Record.Keys, want.Tuple, want.Previous)),
	}
	body, err := json.Marshal(patch)
	if err != nil {
		return nil, fmt.Errorf("encoding the patch of a target: %w", err)
	}
	return body, nil
}

// releasePatch changes only one annotation.
func releasePatch(secret *corev1.Secret, now time.Time) ([]byte, error) {
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"resourceVersion": secret.ResourceVersion,
		"uid":             secret.UID,
		"annotations":     map[string]string{v1alpha1.ReleasedAtAnnotation: now.UTC().Format(time.RFC3339)},
	}})
	if err != nil {
		return nil, fmt.Errorf("encoding the patch of a former target: %w", err)
	}
	return body, nil
}

func releasedEvent(object *v1alpha1.CleverTapPasscode, former *corev1.Secret) status.Event {
	owned := slices.ContainsFunc(former.OwnerReferences, isOwner(object))
	event := status.TargetReleased(fmt.Sprintf("spec.target.name is %q now", object.TargetName()), object.Namespace, former.Name, owned)
	event.Passcode = object.Status.ActivePasscode
	return event
}

// merged sets some keys and removes others: in a merge patch, null removes.
func merged(set map[string]string, drop []string) map[string]any {
	all := make(map[string]any, len(set)+len(drop))
	for _, key := range drop {
		all[key] = nil
	}
	for key, value := range set {
		all[key] = value
	}
	return all
}

func dataPatch(secret *corev1.Secret, next map[string][]byte) map[string]any {
	all := make(map[string]any, len(next))
	for key := range secret.Data {
		all[key] = nil
	}
	for key, value := range next {
		all[key] = value
	}
	return all
}

// setLastTarget keeps the target of that name as it is.
func (o *objectState) setLastTarget(name string, target rotation.Target) {
	target.Verification = clevertap.Verification{}
	o.lastTarget, o.lastTargetName = &target, name
}

func (o *objectState) lastTargetNamed(name string) *rotation.Target {
	if o.lastTargetName != name {
		return nil
	}
	return o.lastTarget
}
