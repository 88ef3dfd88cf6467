// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/retirement"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/verification"
)

// +kubebuilder:rbac:groups=clevertap.passcode-operator.io,resources=clevertappasscodes,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get;list;watch

// observation is what one pass observed.
type observation struct {
	rotation.Observed
	// secret is the target as it is; nil if there is none. formers are the Secrets of FormerTargets, by name.
	secret  *corev1.Secret
	formers map[string]*corev1.Secret
	// published reports whether this pass wrote the target: the pass after it reports. reported reports whether it only reported,
	// because another publication waits.
	published, reported bool
	// effectsChanged reports whether an effect of this pass succeeded or failed in a way that is reported.
	effectsChanged bool
	// cacheBehind reports whether the API server has what the informer has not yet: then nothing is reported or done until it has.
	cacheBehind bool
	// readAgain is when a Secret is next to be read from the API server; zero for never.
	readAgain time.Time
}

// observe makes every read of the pass.
func (r *Reconciler) observe(ctx context.Context, object *v1alpha1.CleverTapPasscode, state *objectState) (*observation, error) {
	s := &observation{Observed: rotation.Observed{
		Object:             object,
		VerifySeenAt:       state.noteVerifyRequest(object, r.Clock.Now()),
		ResumedAt:          state.noteSuspension(object, r.Clock.Now()),
		AllowedAnnotations: r.AllowedTargetAnnotations,
		Endpoint:           r.Endpoint,
	}}
	state.forgetUncachedReads(object)
	for _, entry := range object.Spec.Passcodes {
		source, err := r.observeSource(ctx, s, entry, state)
		if err != nil {
			return nil, err
		}
		s.Sources = append(s.Sources, source)
	}
	if object.Spec.Observes() {
		// What was published before is not what is to be restored later.
		r.states.forgetDeleted(client.ObjectKeyFromObject(object))
		state.lastTarget, state.lastTargetName, state.target = nil, "", nil
		if err := r.observeReleased(ctx, s); err != nil {
			return nil, err
		}
		if len(s.Sources) > 0 { // the schema says so, and an object can be older
			if err := r.observeSharedValue(ctx, s, s.Sources[0].Fingerprint); err != nil {
				return nil, err
			}
		}
		r.observeVerifications(s)
		return s, nil
	}
	if err := r.observeTarget(ctx, s, state); err != nil {
		return nil, err
	}
	if err := r.observeOthers(ctx, s); err != nil {
		return nil, err
	}
	if err := r.observeLocations(ctx, s); err != nil {
		return nil, err
	}
	if err := r.observeUsedByOthers(ctx, s); err != nil {
		return nil, err
	}
	if err := r.observeSharedValue(ctx, s, s.Target.Fingerprint); err != nil {
		return nil, err
	}
	r.observeScan(s, state)
	r.observeVerifications(s)
	return s, nil
}

// observeReleased reads the target that mode Manage has left, to say what becomes of it. Nothing is read once that is
// reported.
func (r *Reconciler) observeReleased(ctx context.Context, s *observation) error {
	name := s.Object.Status.Target
	if name == "" {
		return nil
	}
	secret, err := r.secret(ctx, s.Object.Namespace, name)
	if err != nil || secret == nil {
		return err
	}
	s.FormerTargets = []rotation.Former{{Target: r.readTarget(s.Object, secret), Name: name}}
	return nil
}

func (r *Reconciler) observeSource(ctx context.Context, s *observation, entry v1alpha1.PasscodeEntry, state *objectState) (rotation.Source, error) {
	secret, err := r.secret(ctx, s.Object.Namespace, entry.SecretKeyRef.Name)
	if err != nil {
		return rotation.Source{}, err
	}
	if secret != nil && secret.Labels[v1alpha1.RoleLabel] == v1alpha1.RoleSource {
		return r.readSource(s.Object, secret, entry.SecretKeyRef.Key), nil
	}
	if secret != nil {
		return rotation.Source{Problem: v1alpha1.ReasonSourceNotLabelled, Detail: "is a target"}, nil
	}
	found, err := r.readUncached(ctx, s, entry.SecretKeyRef.Name, state)
	switch {
	case err != nil:
		return rotation.Source{}, err
	case !found.exists:
		return rotation.Source{Problem: v1alpha1.ReasonSourceNotFound}, nil
	case found.role == v1alpha1.RoleSource:
		s.cacheBehind = true
	}
	return rotation.Source{Problem: v1alpha1.ReasonSourceNotLabelled}, nil
}

// secret is the informer's, not to be changed; nil if it has none.
func (r *Reconciler) secret(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, secret)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading Secret %s/%s: %w", namespace, name, err)
	}
	return secret, nil
}

func (r *Reconciler) readSource(object *v1alpha1.CleverTapPasscode, secret *corev1.Secret, key string) rotation.Source {
	value, there := secret.Data[key]
	if !there {
		return rotation.Source{Problem: v1alpha1.ReasonKeyNotFound}
	}
	passcode, err := clevertap.ParsePasscode(value)
	if malformed, ok := errors.AsType[*clevertap.MalformedError](err); ok {
		return rotation.Source{Problem: v1alpha1.ReasonPasscodeMalformed, Detail: malformed.Problem}
	}
	spec, status := &object.Spec, &object.Status
	source := rotation.Source{
		Passcode:    passcode,
		Fingerprint: r.Key.Of(string(spec.Region), spec.AccountID, passcode),
	}
	switch {
	case status.Region == "" || status.AccountID != spec.AccountID:
	case status.Region == spec.Region:
		source.FormerFingerprint = source.Fingerprint
	default:
		source.FormerFingerprint = r.Key.Of(string(status.Region), spec.AccountID, passcode)
	}
	return source
}

func (r *Reconciler) observeTarget(ctx context.Context, s *observation, state *objectState) error {
	name := types.NamespacedName{Namespace: s.Object.Namespace, Name: s.Object.TargetName()}
	cached, err := r.secret(ctx, name.Namespace, name.Name)
	if err != nil {
		return err
	}
	deleted := r.states.takeDeleted(client.ObjectKeyFromObject(s.Object), name.Name)
	s.secret = state.newestTargetUntilCached(cached, name.Name, deleted, r.Clock.Now())
	if s.secret == nil {
		r.setLastTargetDeleted(s.Object, deleted, state)
		s.LastTarget = state.lastTargetNamed(name.Name)
		return r.observeUncachedTarget(ctx, s, name.Name, state)
	}
	delete(state.uncachedReads, name.Name)
	s.Target = r.readTarget(s.Object, s.secret)
	if err := r.observeLag(ctx, s, state); err != nil {
		return err
	}
	if s.Target.Whole() {
		state.setLastTarget(name.Name, s.Target)
	}
	s.LastTarget = state.lastTargetNamed(name.Name)
	return nil
}

// observeLag finds out about a target of a revision before the one that the status has: another process has
// published, and the informer has not seen it, or an older target was put back.
func (r *Reconciler) observeLag(ctx context.Context, s *observation, state *objectState) error {
	record := s.Target.Record
	if record == nil || record.OwnerUID != s.Object.UID || record.Revision >= s.Object.Status.Revision || s.secret.ResourceVersion == state.confirmedOlder {
		return nil
	}
	version, err := r.versionOf(ctx, corev1.SchemeGroupVersion.WithKind("Secret"), client.ObjectKeyFromObject(s.secret))
	if err != nil {
		return err
	}
	if version != s.secret.ResourceVersion {
		s.cacheBehind = true
		return nil
	}
	state.confirmedOlder = version
	return nil
}

// setLastTargetDeleted keeps what a deleted target contained, if that is newer than what is kept.
func (r *Reconciler) setLastTargetDeleted(object *v1alpha1.CleverTapPasscode, deleted *corev1.Secret, state *objectState) {
	if deleted == nil {
		return
	}
	last := r.readTarget(object, deleted)
	if last.Record == nil || last.Record.OwnerUID != object.UID {
		return
	}
	if before := state.lastTargetNamed(deleted.Name); last.Whole() && (before == nil || before.Record.Revision < last.Record.Revision) {
		state.setLastTarget(deleted.Name, last)
	}
}

// observeOthers finds the Secrets that this object wrote under other names; of those, the ones that this very object
// has not released yet are the former targets.
func (r *Reconciler) observeOthers(ctx context.Context, s *observation) error {
	var list corev1.SecretList
	err := r.Client.List(ctx, &list, client.InNamespace(s.Object.Namespace), client.MatchingFields{ownerIndex: s.Object.Name}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return fmt.Errorf("listing the targets of CleverTapPasscode %s/%s: %w", s.Object.Namespace, s.Object.Name, err)
	}
	for i := range list.Items {
		secret := &list.Items[i]
		t := r.readTarget(s.Object, secret)
		if secret.Name == s.Object.TargetName() || !t.Exists {
			continue
		}
		if s.OtherTargets == nil {
			s.OtherTargets = map[string]string{}
		}
		s.OtherTargets[secret.Name] = t.Fingerprint
		if t.Record != nil && t.Record.OwnerUID == s.Object.UID && secret.Annotations[v1alpha1.ReleasedAtAnnotation] == "" {
			s.FormerTargets = append(s.FormerTargets, rotation.Former{Target: t, Name: secret.Name})
			if s.formers == nil {
				s.formers = map[string]*corev1.Secret{}
			}
			s.formers[secret.Name] = secret
		}
	}
	slices.SortFunc(s.FormerTargets, func(a, b rotation.Former) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// observeLocations reads the Secrets that contained a replaced value of which it is not known yet that nothing uses it. A
// Secret that the informer does not have is not read: what it contains cannot be known.
func (r *Reconciler) observeLocations(ctx context.Context, s *observation) error {
	record := s.Target.Record
	if record == nil {
		return nil
	}
	for _, old := range record.Replaced {
		for _, h := range old.Locations {
			secret, err := r.secret(ctx, s.Object.Namespace, h.Secret)
			if err != nil {
				return err
			}
			for _, key := range h.Keys {
				if secret == nil {
					continue
				}
				if s.LocationValues == nil {
					s.LocationValues = map[retirement.SecretKey]string{}
				}
				at := retirement.SecretKey{Secret: h.Secret, Key: key}
				s.LocationValues[at] = "" // the key is gone
				if passcode, err := clevertap.ParsePasscode(secret.Data[key]); err == nil {
					s.LocationValues[at] = r.Key.Of(string(record.Region), record.AccountID, passcode)
				}
			}
		}
	}
	return nil
}

// observeSharedValue finds the other objects of the namespace that have the active passcode's value in their target, or in a
// source that they observe.
func (r *Reconciler) observeSharedValue(ctx context.Context, s *observation, fingerprint string) error {
	if fingerprint == "" {
		return nil
	}
	for other, err := range r.usesOf(ctx, s, fingerprint, client.Limit(manyShare)) {
		if err != nil {
			return err
		}
		if other.Object != "" {
			s.SharedWith = append(s.SharedWith, other.Object)
		}
	}
	return nil
}

// observeUsedByOthers finds other objects of the namespace that publish, or observe as active, a value which this one
// replaced. Other namespaces do not count: nothing about them may reach an object.
func (r *Reconciler) observeUsedByOthers(ctx context.Context, s *observation) error {
	if s.Target.Record == nil {
		return nil
	}
	for _, old := range s.Target.Record.Replaced {
		user, err := r.userOf(ctx, s, old.Fingerprint)
		if err != nil {
			return err
		}
		if user == (rotation.OtherUse{}) {
			continue
		}
		if s.UsedByOthers == nil {
			s.UsedByOthers = map[string]rotation.OtherUse{}
		}
		s.UsedByOthers[old.Fingerprint] = user
	}
	return nil
}

// userOf finds an object that has a value or, if there is none, the target of one that is deleted.
func (r *Reconciler) userOf(ctx context.Context, s *observation, fingerprint string) (rotation.OtherUse, error) {
	var retained rotation.OtherUse
	for other, err := range r.usesOf(ctx, s, fingerprint) {
		if err != nil || other.Object != "" {
			return other, err
		}
		retained = other
	}
	return retained, nil
}

// usesOf yields what else in the namespace has a value, or the error that ends it: targets of other objects, and of deleted
// ones, then objects that observe it. The options limit how many are listed.
func (r *Reconciler) usesOf(ctx context.Context, s *observation, fingerprint string, options ...client.ListOption) iter.Seq2[rotation.OtherUse, error] {
	return func(yield func(rotation.OtherUse, error) bool) {
		var targets corev1.SecretList
		withValue := client.MatchingFields{fingerprintIndex: fingerprint}
		if err := r.Client.List(ctx, &targets,
			slices.Concat(options, []client.ListOption{client.InNamespace(s.Object.Namespace), withValue, client.UnsafeDisableDeepCopy})...); err != nil {
			yield(rotation.OtherUse{}, fmt.Errorf("listing the targets with the same passcode: %w", err))
			return
		}
		for i := range targets.Items {
			other := &targets.Items[i]
			if ownerOf(other) == s.Object.Name || !r.hasRecordedValue(other) {
				continue
			}
			if use, err := r.useOf(ctx, other); !yield(use, err) || err != nil {
				return
			}
		}
		others, err := r.othersWithActive(ctx, client.ObjectKeyFromObject(s.Object), fingerprint, options...)
		if err != nil {
			yield(rotation.OtherUse{}, err)
			return
		}
		for _, other := range others {
			if other.Spec.Observes() && !yield(rotation.OtherUse{Object: other.Name}, nil) {
				return
			}
		}
	}
}

// useOf is by the object whose target the Secret is. A target outlives its object, and then nobody replaces what it contains.
func (r *Reconciler) useOf(ctx context.Context, target *corev1.Secret) (rotation.OtherUse, error) {
	owner := types.NamespacedName{Namespace: target.Namespace, Name: ownerOf(target)}
	err := r.Client.Get(ctx, owner, &v1alpha1.CleverTapPasscode{})
	switch {
	case err == nil:
		return rotation.OtherUse{Object: owner.Name}, nil
	case apierrors.IsNotFound(err):
		return rotation.OtherUse{Secret: target.Name}, nil
	}
	return rotation.OtherUse{}, fmt.Errorf("reading CleverTapPasscode %s: %w", owner, err)
}

// hasRecordedValue reports whether a target of another object contains the value that its record names: anybody can write a
// record.
func (r *Reconciler) hasRecordedValue(secret *corev1.Secret) bool {
	owner := &v1alpha1.CleverTapPasscode{}
	owner.Namespace, owner.Name = secret.Namespace, ownerOf(secret)
	target := r.readTarget(owner, secret)
	return target.Whole()
}

func (r *Reconciler) observeScan(s *observation, state *objectState) {
	s.VolumeRefresh = r.VolumeRefresh
	if s.Target.Record == nil {
		return
	}
	state.addScan(r.scanner.Take(client.ObjectKeyFromObject(s.Object)), s.Target.Record.Revision, r.Clock.Now())
	s.Scan, s.Scans, s.ScanRequestedAt = state.scan, state.scans, state.scanRequestedAt
	s.Restarted = state.restarts
}

// observeUncachedTarget reads a target that a create ran into and the informer does not show.
func (r *Reconciler) observeUncachedTarget(ctx context.Context, s *observation, name string, state *objectState) error {
	if state.uncachedReads[name] == nil {
		return nil
	}
	found, err := r.readUncached(ctx, s, name, state)
	switch {
	case err != nil:
		return err
	case !found.exists:
		delete(state.uncachedReads, name)
	case found.labelled():
		s.cacheBehind = true
	default:
		s.Target = rotation.Target{Conflict: conflictMessage(s.Object, name, "it has no label "+v1alpha1.RoleLabel+"="+v1alpha1.RoleTarget)}
	}
	return nil
}

// observeVerifications retains every value that the object has, and reads their results.
func (r *Reconciler) observeVerifications(s *observation) {
	if s.LastTarget != nil {
		last := *s.LastTarget // what is remembered stays as it is
		s.LastTarget = &last
	}
	keys, verifications := valuesOf(s)
	for i, result := range r.Verification.Retain(client.ObjectKeyFromObject(s.Object), keys...) {
		*verifications[i] = result
	}
}

// valuesOf are the keys of all values that the object has, and where the result of each belongs.
func valuesOf(s *observation) (keys []string, verifications []*clevertap.Verification) {
	mode := string(s.Object.Spec.VerificationMode())
	add := func(fingerprint string, to *clevertap.Verification) {
		if fingerprint != "" {
			keys, verifications = append(keys, verification.Key(fingerprint, mode)), append(verifications, to)
		}
	}
	for i := range s.Sources {
		add(s.Sources[i].Fingerprint, &s.Sources[i].Verification)
	}
	for i := range s.FormerTargets {
		add(s.FormerTargets[i].Fingerprint, &s.FormerTargets[i].Verification)
	}
	if s.LastTarget != nil {
		add(s.LastTarget.Fingerprint, &s.LastTarget.Verification)
	}
	add(s.Target.Fingerprint, &s.Target.Verification)
	return keys, verifications
}
