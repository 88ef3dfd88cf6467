// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"fmt"
	"slices"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// replacing reports whether the value of an existing entry is replaced: if it is requested, and for a user, who has one
// passcode that a reset replaces.
func (o *stageOptions) replacing(object *v1alpha1.CleverTapPasscode) bool {
	listed := entryNamed(object, o.passcodeName) >= 0
	return o.replace || (object.Spec.Type == v1alpha1.PasscodeTypeUser && listed)
}

// entryNamed is the index of the entry; -1 if there is none.
func entryNamed(object *v1alpha1.CleverTapPasscode, name string) int {
	return slices.IndexFunc(object.Spec.Passcodes, func(e v1alpha1.PasscodeEntry) bool { return e.Name == name })
}

// newReplacement reads the new value of an existing entry, and denies, before anything is written, what could not work.
func (c *cli) newReplacement(ctx context.Context, a *access, object *v1alpha1.CleverTapPasscode, o *stageOptions) (*staging, error) {
	index := entryNamed(object, o.passcodeName)
	switch {
	case index < 0:
		return nil, fmt.Errorf("spec.passcodes has no entry %q to replace: leave --replace out to add it", o.passcodeName)
	case object.Spec.Observes() && object.Spec.Passcodes[index].SecretKeyRef == object.Spec.Passcodes[0].SecretKeyRef:
		return nil, fmt.Errorf("CleverTapPasscode %s/%s is in mode Observe, and workloads mount the value of %q directly: write the new value where its Secret takes it from", object.Namespace, object.Name, o.passcodeName)
	}
	for i, other := range object.Spec.Passcodes {
		if i != index && other.SecretKeyRef == object.Spec.Passcodes[index].SecretKeyRef {
			return nil, fmt.Errorf("entry %q has the same Secret and key: give %q a key of its own first", other.Name, o.passcodeName)
		}
	}
	s := &staging{cli: c, access: a, options: o, object: object, entry: object.Spec.Passcodes[index], index: index, replaces: true}
	if state := stateOf(object, o.passcodeName); state != nil {
		s.fingerprint = state.Fingerprint
	}
	if o.createdAt != "" {
		s.entry.CreatedAt = new(v1alpha1.Time(o.createdAt))
		if !o.edit {
			s.manager = foreignOwner(object, "spec", "passcodes")
		}
	}
	err := s.validate(ctx)
	if err != nil {
		return nil, err
	}
	if s.source, err = a.sourceOf(ctx, object.Namespace, s.entry.SecretKeyRef); err != nil {
		return nil, err
	}
	if owner := foreignOwner(s.source.secret, "data", s.source.key); owner != "" {
		return nil, fmt.Errorf("key %q of Secret %s/%s is managed by %s, which would write its own value back: change the value there", s.source.key,
			object.Namespace, s.entry.SecretKeyRef.Name, owner)
	}
	s.source.overwrite = true
	if s.passcode, err = c.promptPasscode(ctx, o.passcodeName); err != nil {
		return nil, err
	}
	return s, s.check(ctx)
}

// setCreatedAt changes the entry's createdAt, provided that nobody changed the list meanwhile.
func (s *staging) setCreatedAt(ctx context.Context) (*v1alpha1.CleverTapPasscode, error) {
	if s.options.createdAt == "" {
		return s.object, nil
	}
	return s.addToList(ctx, fmt.Sprintf("setting createdAt of %q", s.entry.Name), fmt.Sprintf("/spec/passcodes/%d/createdAt", s.index), s.options.createdAt)
}
