// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"bytes"
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

// source is the Secret that a value is to be staged in, as it is now.
type source struct {
	secret *corev1.Secret // without a resource version if it does not exist
	key    string
	// overwrite reports whether another value under the key is replaced.
	overwrite bool
}

// sourceOf reads the Secret, and denies one that is not for staging.
func (a *access) sourceOf(ctx context.Context, namespace string, ref v1alpha1.SecretKeyRef) (*source, error) {
	secret := &corev1.Secret{}
	err := a.Get(ctx, client.ObjectKey{Namespace: namespace, Name: ref.Name}, secret)
	if apierrors.IsNotFound(err) {
		secret = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: ref.Name, Labels: map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleSource},
		}}
		return &source{secret: secret, key: ref.Key}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading Secret %s/%s: %w", namespace, ref.Name, err)
	}
	switch owner := metav1.GetControllerOf(secret); {
	case secret.Labels[v1alpha1.RoleLabel] != v1alpha1.RoleSource:
		return nil, fmt.Errorf("source Secret %s/%s exists without the label %s=%s, its owner's consent to verify its values with CleverTap: label it, or choose another with --secret", namespace, ref.Name, v1alpha1.RoleLabel, v1alpha1.RoleSource)
	case owner != nil:
		return nil, fmt.Errorf("source Secret %s/%s is written by %s %q: stage the value in its origin, or choose another with --secret", namespace,
			ref.Name, owner.Kind, owner.Name)
	}
	return &source{secret: secret, key: ref.Key}, nil
}

func (s *source) exists() bool { return s.secret.ResourceVersion != "" }

func (s *source) verb() string {
	if s.exists() {
		return "Write"
	}
	return "Create, with the label " + v1alpha1.RoleLabel + "=" + v1alpha1.RoleSource + ","
}

// write puts the value under its key. A key with another value is left alone.
func (s *source) write(ctx context.Context, a *access, passcode clevertap.Passcode, options ...client.PatchOption) error {
	value := []byte(passcode.Reveal())
	secret := s.secret.DeepCopy()
	if present, taken := secret.Data[s.key]; taken {
		if bytes.Equal(present, value) {
			return nil // the same command came this far before
		}
		if !s.overwrite {
			return fmt.Errorf("source Secret %s/%s has another value under key %q: choose another with --key", secret.Namespace, secret.Name, s.key)
		}
	}
	if secret.Data == nil {
		secret.Data = map[string][]byte{}
	}
	secret.Data[s.key] = value
	var err error
	if s.exists() {
		err = a.Patch(ctx, secret, client.MergeFromWithOptions(s.secret, client.MergeFromWithOptimisticLock{}), options...)
	} else {
		err = a.Create(ctx, secret, createOptions(options)...)
	}
	if err != nil {
		return fmt.Errorf("staging the value in Secret %s/%s: %w", secret.Namespace, secret.Name, err)
	}
	return nil
}

// createOptions are the same options for another verb.
func createOptions(options []client.PatchOption) []client.CreateOption {
	var same []client.CreateOption
	for _, o := range options {
		if create, also := o.(client.CreateOption); also {
			same = append(same, create)
		}
	}
	return same
}

// valueOf is the value that an entry has; empty if it has none.
func (a *access) valueOf(ctx context.Context, namespace string, ref v1alpha1.SecretKeyRef) ([]byte, error) {
	secret := &corev1.Secret{}
	if err := a.Get(ctx, client.ObjectKey{Namespace: namespace, Name: ref.Name}, secret); client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("reading Secret %s/%s, to see whether the value is staged already: %w", namespace, ref.Name, err)
	}
	return secret.Data[ref.Key], nil
}
