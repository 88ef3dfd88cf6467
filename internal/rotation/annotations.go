// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package rotation

import (
	"maps"
	"slices"
	"strings"
)

// copyTriggers are the prefixes of annotations that have a controller copy a Secret to where it can't be followed:
// whoever may write an object must not be able to send its passcode to any namespace.
func copyTriggers() []string {
	return []string{
		"replicator.v1.mittwald.de/", "reflector.v1.k8s.emberstack.com/", "kubed.appscode.com/sync", "synator/sync",
		"kube-syncer/auto", "v1.kubernetes-replicator.olli.com/",
	}
}

// TargetAnnotations are those that the object names, less the forbidden ones, which are returned by key.
func (v *Snapshot) TargetAnnotations() (allowed map[string]string, forbidden []string) {
	if v.Spec.Target == nil {
		return map[string]string{}, nil
	}
	allowed = plain(v.Spec.Target.Annotations)
	for _, key := range slices.Sorted(maps.Keys(allowed)) {
		if v.forbids(key) {
			forbidden = append(forbidden, key)
			delete(allowed, key)
		}
	}
	return allowed, forbidden
}

func (v *Snapshot) forbids(annotation string) bool {
	return beginsWithAny(annotation, copyTriggers()) && !beginsWithAny(annotation, v.AllowedAnnotations)
}

// beginsWithAny ignores case, as some controllers do.
func beginsWithAny(annotation string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool {
		return strings.HasPrefix(strings.ToLower(annotation), strings.ToLower(prefix))
	})
}
