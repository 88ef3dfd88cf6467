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

package metrics

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// ownLabels is a series with labels of the object's own, as kube-state-metrics' kube_pod_labels, so that alerts can be
// routed by them.
func ownLabels(keys []string) gauge {
	return newGauge("labels", "1, with those of the object's own labels that --metric-labels names.",
		func(o *v1alpha1.CleverTapPasscode, send func(float64, ...string)) {
			values := make([]string, 0, len(keys))
			for _, key := range keys {
				values = append(values, o.Labels[key])
			}
			send(1, values...)
		}, labelNames(keys)...)
}

// labelNames are what kube-state-metrics makes of keys: label_app_kubernetes_io_name of app.kubernetes.io/name, in
// snake case. Keys that become alike are numbered, as there.
func labelNames(keys []string) []string {
	count := map[string]int{}
	for _, key := range keys {
		count[labelName(key)]++
	}
	names, next := make([]string, 0, len(keys)), map[string]int{}
	for _, key := range keys {
		name := labelName(key)
		if count[name] > 1 {
			next[name]++
			name = fmt.Sprintf("%s_conflict%d", name, next[name])
		}
		names = append(names, name)
	}
	return names
}

func labelName(key string) string {
	safe := regexp.MustCompile(`[^a-zA-Z0-9_]`).ReplaceAllString(key, "_")
	snake := regexp.MustCompile(`([a-z0-9])([A-Z])`).ReplaceAllString(safe, "${1}_$2")
	return "label_" + strings.ToLower(snake)
}
