// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

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
