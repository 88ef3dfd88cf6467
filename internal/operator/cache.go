// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"bytes"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/managedfields"
)

// cacheOptions keep the informers small: one on objects, and one on the Secrets that carry the role label. Other
// Secrets cost nothing and are never read. No namespaces mean all, and so does an empty selector.
func cacheOptions(namespaces []string, selector string) (cache.Options, error) {
	objects, err := labels.Parse(selector)
	if err != nil {
		return cache.Options{}, fmt.Errorf("selecting objects: %w", err)
	}
	role, err := labels.NewRequirement(v1alpha1.RoleLabel, selection.In, []string{v1alpha1.RoleSource, v1alpha1.RoleTarget})
	if err != nil {
		return cache.Options{}, fmt.Errorf("selecting Secrets by role: %w", err)
	}
	var watched map[string]cache.Config
	for _, namespace := range namespaces {
		if watched == nil {
			watched = map[string]cache.Config{}
		}
		watched[namespace] = cache.Config{}
	}
	return cache.Options{
		DefaultNamespaces: watched,
		DefaultTransform:  cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&v1alpha1.CleverTapPasscode{}: {Label: objects, Transform: slimObject},
			// Secrets are only read, and a large one would be copied again and again.
			&corev1.Secret{}: {Label: labels.NewSelector().Add(*role), Transform: slimSecret, UnsafeDisableDeepCopy: new(true)},
		},
		ReaderFailOnMissingInformer: true,
	}, nil
}

// slimObject leaves of managedFields only who requested what.
func slimObject(in any) (any, error) {
	if object, ok := in.(*v1alpha1.CleverTapPasscode); ok {
		object.ManagedFields = managedfields.KeepRequesters(object.ManagedFields)
	}
	return in, nil
}

// longestValue is the longest passcode with a Windows newline: what is longer need not be kept to be malformed.
const longestValue = 130

var overlong = bytes.Repeat([]byte("x"), longestValue)

// longestFile is more than the longest file of a target has, in bytes.
const longestFile = 4 << 10

// slimSecret leaves what a pass reads of a Secret.
func slimSecret(in any) (any, error) {
	secret, ok := in.(*corev1.Secret)
	if !ok {
		return in, nil
	}
	secret.ManagedFields = nil
	if secret.Labels[v1alpha1.RoleLabel] == v1alpha1.RoleTarget {
		delete(secret.Annotations, corev1.LastAppliedConfigAnnotation)
	} else {
		secret.Annotations = nil
	}
	longest := longestValue
	if secret.Labels[v1alpha1.RoleLabel] == v1alpha1.RoleTarget {
		longest = longestFile // a target is compared with what it should be, its files included
	}
	for key, value := range secret.Data {
		if len(value) > longest {
			secret.Data[key] = overlong
		}
	}
	return secret, nil
}
