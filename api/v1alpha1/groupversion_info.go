// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 is the operator's API: the kind CleverTapPasscode.
// +kubebuilder:object:generate=true
// +groupName=clevertap.passcode-operator.io
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion of every kind in this package.
var GroupVersion = schema.GroupVersion{Group: "clevertap.passcode-operator.io", Version: "v1alpha1"}

// AddToScheme adds the kinds of this package to a scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &CleverTapPasscode{}, &CleverTapPasscodeList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
