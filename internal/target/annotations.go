// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"maps"
	"slices"
	"strings"
)

// copyTriggers are the prefixes of annotations that have a controller copy a Secret to where it can't be followed:
// a person who may write an object must not be able to send its passcode to any namespace.
func copyTriggers() []string {
	return []string{
		"replicator.v1.mittwald.de/", "reflector.v1.k8s.emberstack.com/", "kubed.appscode.com/sync", "synator/sync",
		"kube-syncer/auto", "v1.kubernetes-replicator.olli.com/",
	}
}

// Annotations returns those that an object names, less the forbidden ones, which are returned by key. Allowed are prefixes that an
// administrator permits all the same.
func Annotations(named map[string]string, allowed []string) (kept map[string]string, forbidden []string) {
	kept = maps.Clone(named)
	for _, key := range slices.Sorted(maps.Keys(kept)) {
		if beginsWithAny(key, copyTriggers()) && !beginsWithAny(key, allowed) {
			forbidden = append(forbidden, key)
			delete(kept, key)
		}
	}
	return kept, forbidden
}

// Copied reports whether one of the annotations has a controller copy the Secret.
func Copied(annotations map[string]string) bool {
	for key := range annotations {
		if beginsWithAny(key, copyTriggers()) {
			return true
		}
	}
	return false
}

// beginsWithAny ignores case, as some controllers do.
func beginsWithAny(annotation string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool {
		return strings.HasPrefix(strings.ToLower(annotation), strings.ToLower(prefix))
	})
}
