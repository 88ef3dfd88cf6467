// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

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
