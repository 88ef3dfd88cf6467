// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

// What the documentation says of the faults is what the last make faults wrote.
func TestTheDocumentationQuotesTheFaults(t *testing.T) {
	g := NewWithT(t)
	contents := func(path string) []byte {
		text, err := os.ReadFile(filepath.Join(harness.Root(), path))
		g.Expect(err).NotTo(HaveOccurred())
		return text
	}
	var plans struct {
		Workloads, SingleFaultPlans, DoubleCrashPlans, TwoReplicaPlans, StaleCaches, Kills int
		SpecChanges, LoadObjects, MalformedObjects, StatesJudged                           int
		Violations                                                                         map[string]int
	}
	g.Expect(json.Unmarshal(contents("docs/faults/plans.json"), &plans)).To(Succeed())
	var mutants []struct{ KilledBy string }
	g.Expect(json.Unmarshal(contents("docs/faults/mutants.json"), &mutants)).To(Succeed())
	killed := 0
	for _, m := range mutants {
		if m.KilledBy != "" {
			killed++
		}
	}
	page := strings.Join(strings.Fields(string(contents("docs/reliability.md"))), " ")
	readme := strings.Join(strings.Fields(string(contents("README.md"))), " ")
	g.Expect(readme).To(ContainSubstring("%d states judged, violations in the last run: %d", plans.StatesJudged, len(plans.Violations)))
	for _, quote := range []string{
		fmt.Sprintf("of %d workloads", plans.Workloads), fmt.Sprintf("%d single faults", plans.SingleFaultPlans),
		fmt.Sprintf("%d double crashes", plans.DoubleCrashPlans), fmt.Sprintf("%d plans with two active replicas", plans.TwoReplicaPlans),
		fmt.Sprintf("%d stale caches", plans.StaleCaches), fmt.Sprintf("%d real kills", plans.Kills),
		fmt.Sprintf("%d changes of specs", plans.SpecChanges), fmt.Sprintf("%d objects at once", plans.LoadObjects),
		fmt.Sprintf("%d kinds of stored nonsense", plans.MalformedObjects),
		fmt.Sprintf("%d states judged, violations in the last run: %d", plans.StatesJudged, len(plans.Violations)),
		fmt.Sprintf("Of %d mutants of the operator, the invariants detected %d", len(mutants), killed),
	} {
		g.Expect(page).To(ContainSubstring(quote))
	}
}
