/*
Copyright 2026 The CleverTap Passcode Operator Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

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

// targetAnnotations are those that the object names, less the forbidden ones, which are returned by key.
func (v *view) targetAnnotations() (allowed map[string]string, forbidden []string) {
	if v.spec.Target == nil {
		return map[string]string{}, nil
	}
	allowed = plain(v.spec.Target.Annotations)
	for _, key := range slices.Sorted(maps.Keys(allowed)) {
		if v.forbids(key) {
			forbidden = append(forbidden, key)
			delete(allowed, key)
		}
	}
	return allowed, forbidden
}

func (v *view) forbids(annotation string) bool {
	return beginsWithAny(annotation, copyTriggers()) && !beginsWithAny(annotation, v.AllowedAnnotations)
}

// beginsWithAny ignores case, as some controllers do.
func beginsWithAny(annotation string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool {
		return strings.HasPrefix(strings.ToLower(annotation), strings.ToLower(prefix))
	})
}
