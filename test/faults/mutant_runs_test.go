// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

// mutant is the operator with one mistake.
type mutant struct {
	mistake string
	// in is the function that has it: its folder, and its name after its receiver's.
	in string
	// right is what the function has once, and wrong what is there instead. How the source is laid out does not matter.
	right, wrong string
	workload     string // that shows it
}

// TestMutants runs a part of the plans against each mutant: one that survives is a hole in the invariants. It takes
// minutes for each, so make faults runs it and plain go test does not.
func TestMutants(t *testing.T) {
	out := os.Getenv("FAULTS_MUTANTS")
	if out == "" {
		t.Skip("NOT RUN: FAULTS_MUTANTS names no file for the outcomes; make faults does")
	}
	type outcome struct{ Mistake, KilledBy string }
	outcomes := make([]outcome, len(mutants()))
	t.Run("each", func(t *testing.T) {
		slots := make(chan struct{}, 2) // each waits more than it works
		for i, m := range mutants() {
			t.Run(m.mistake, func(t *testing.T) {
				t.Parallel()
				slots <- struct{}{}
				defer func() { <-slots }()
				by := m.kill(t)
				if by == "" {
					t.Error("survived")
				}
				outcomes[i] = outcome{m.mistake, by}
				t.Log(by)
			})
		}
	})
	text, err := json.MarshalIndent(slices.DeleteFunc(outcomes, func(o outcome) bool { return o.Mistake == "" }), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(harness.Root(), out), append(text, '\n'), 0o644); err != nil { // documentation is read by everyone
		t.Fatal(err)
	}
}

// kill runs the mutant, beside the right sources, and returns the invariant that found it; "" if none did.
func (m mutant) kill(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	path, source, err := m.apply()
	if err != nil {
		t.Fatal(err)
	}
	mutated, overlay := filepath.Join(folder, "mutated.go"), filepath.Join(folder, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {path: mutated}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(mutated, source, 0o600), os.WriteFile(overlay, replace, 0o600)); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), "go",
		append([]string{"test", "-count=1", "-short", "-failfast", "-overlay", overlay}, m.tests()...)...)
	run.Dir = harness.Root()
	run.Env = append(os.Environ(), "FAULTS_EVERY=4", "FAULTS_MUTANTS=", "MODEL_DISRUPTIONS=2")
	out, err := run.CombinedOutput()
	if err == nil {
		return ""
	}
	by := killer(string(out))
	if by == "" {
		t.Fatalf("no invariant says why it ended: %v: %s", err, out[max(0, len(out)-500):])
	}
	return by
}

// tests are the arguments of go test that select what shows the mistake.
func (m mutant) tests() []string {
	name := strings.ReplaceAll(m.workload, " ", "_")
	switch cache, isCache := strings.CutPrefix(name, "stale_cache:_"); {
	case m.workload == search:
		return []string{"-run", "TestEveryState", "./internal/decision"}
	case m.workload == tables:
		return []string{"-run", "TestRotation", "./internal/decision"}
	case isCache:
		return []string{"-run", "TestStaleCache/" + cache, "-parallel=24", "./test/faults"}
	}
	return []string{"-run", "Test(Workload|DoubleCrash|TwoReplicas)/" + name, "-parallel=24", "./test/faults"}
}

// search is the search of every state, and tables are those of the decision, in place of a workload.
const search, tables = "the search", "the decision tables"

// killer is the first of these invariants that the output names; "" if it names none.
func killer(out string) string {
	for _, invariant := range []string{
		"a target is whole", "published is what CleverTap has accepted", "a revision never goes back",
		"an older value never comes back",
		"not ours is not written", "a status never goes back", "a status shows what was published", "calls to CleverTap are bounded",
		"nothing is requested once settled", "no value outside a Secret", "what is active is not retired", "an outage was met", "safe to delete is not in use",
		"a denied write stops nothing else",
		"a revision is published once", "it comes to rest", "as many writes as without faults", "the same end as without faults",
		"reaches what was requested", "ends in two ways",
	} {
		if strings.Contains(out, invariant) {
			return invariant
		}
	}
	if strings.Contains(out, "--- FAIL: TestEveryState") {
		return search
	}
	if strings.Contains(out, "--- FAIL: TestRotation") {
		return tables
	}
	return ""
}
