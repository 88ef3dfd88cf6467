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
	"testing"

	. "github.com/onsi/gomega"
)

func TestLabelsAreNamedAsKubeStateMetricsDoes(t *testing.T) {
	for _, row := range []struct{ keys, names []string }{
		{[]string{"team"}, []string{"label_team"}},
		{[]string{"app.kubernetes.io/name"}, []string{"label_app_kubernetes_io_name"}},
		{[]string{"costCenter"}, []string{"label_cost_center"}},
		{[]string{"a-b", "a.b", "c"}, []string{"label_a_b_conflict1", "label_a_b_conflict2", "label_c"}},
	} {
		NewWithT(t).Expect(labelNames(row.keys)).To(Equal(row.names))
	}
}
