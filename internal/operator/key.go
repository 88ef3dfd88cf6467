// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/controllers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/fingerprint"
)

// KeySecretName is the Secret in the operator's namespace that contains the key of the fingerprints.
const KeySecretName = "clevertap-passcode-operator-fingerprint-key"

const keySecretKey = "key"

// loadKey reads the key of the fingerprints, which it makes if there is none. It is never changed after that: all
// shards and all times share it.
func loadKey(ctx context.Context, live client.Client, random io.Reader, namespace string) (fingerprint.Key, error) {
	name := types.NamespacedName{Namespace: namespace, Name: KeySecretName}
	secret := &corev1.Secret{}
	err := live.Get(ctx, name, secret)
	if apierrors.IsNotFound(err) {
		secret, err = createKey(ctx, live, random, name)
	}
	if err != nil {
		return fingerprint.Key{}, fmt.Errorf("reading the fingerprint key in Secret %s: %w", name, err)
	}
	key := secret.Data[keySecretKey]
	if len(key) != fingerprint.KeySize {
		return fingerprint.Key{}, fmt.Errorf("key %q of Secret %s must have %d bytes: delete the Secret, and a new one is made at the next start",
			keySecretKey, name, fingerprint.KeySize)
	}
	return fingerprint.NewKey(key), nil
}

// createKey yields to a replica that was first.
func createKey(ctx context.Context, live client.Client, random io.Reader, name types.NamespacedName) (*corev1.Secret, error) {
	key := make([]byte, fingerprint.KeySize)
	if _, err := io.ReadFull(random, key); err != nil {
		return nil, fmt.Errorf("making it: %w", err)
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: name.Name, Namespace: name.Namespace,
			Labels: map[string]string{v1alpha1.ManagedByLabel: v1alpha1.ManagedBy},
		},
		Immutable: new(true),
		Data:      map[string][]byte{keySecretKey: key},
	}
	err := live.Create(ctx, secret, client.FieldOwner(controllers.FieldManager))
	if apierrors.IsAlreadyExists(err) {
		return secret, live.Get(ctx, name, secret)
	}
	return secret, err
}
