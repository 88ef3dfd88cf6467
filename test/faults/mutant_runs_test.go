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
	mistake  string
	file     string
	right    string
	wrong    string
	workload string // that shows it
}

// TestMutants runs a part of the plans against each mutant: one that survives is a hole in the invariants. It takes
// minutes for each, so make faults runs it and go test alone does not.
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
	folder, path := t.TempDir(), filepath.Join(harness.Root(), m.file)
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	mutated, overlay := filepath.Join(folder, "mutated.go"), filepath.Join(folder, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {path: mutated}})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(os.WriteFile(mutated, []byte(strings.Replace(string(source), m.right, m.wrong, 1)), 0o600), os.WriteFile(overlay, replace, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), "go",
		append([]string{"test", "-count=1", "-short", "-failfast", "-parallel=24", "-overlay", overlay}, m.tests()...)...)
	run.Dir = harness.Root()
	run.Env = append(os.Environ(), "FAULTS_EVERY=4", "FAULTS_MUTANTS=")
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
	switch view, isView := strings.CutPrefix(name, "stale_view:_"); {
	case m.workload == search:
		return []string{"-run", "TestEveryState", "./internal/decision"}
	case isView:
		return []string{"-run", "TestStaleView/" + view, "./test/faults"}
	}
	return []string{"-run", "Test(Workload|DoubleCrash|TwoReplicas)/" + name, "./test/faults"}
}

// search is the search of every state, in place of a workload.
const search = "the search"

// killer is the first of these invariants that the output names; "" where it names none.
func killer(out string) string {
	for _, invariant := range []string{
		"a target is whole", "published is what CleverTap has accepted", "a revision never goes back",
		"an older value never comes back",
		"not ours is not written", "a status never goes back", "a status tells what was published", "calls to CleverTap are bounded",
		"nothing is requested once settled", "no value outside a Secret", "what is active is not retired", "an outage was met", "safe to delete is not in use",
		"a denied write stops nothing else",
		"a revision is published once", "it comes to rest", "as many writes as without faults", "the same end as without faults",
		"reaches what was asked for", "ends in two ways",
	} {
		if strings.Contains(out, invariant) {
			return invariant
		}
	}
	if strings.Contains(out, "--- FAIL: TestEveryState") {
		return search
	}
	return ""
}

// mutants are mistakes that controllers of this kind were seen to make.
func mutants() []mutant {
	const (
		choose, want, requests = "internal/rotation/choose.go", "internal/rotation/target.go", "internal/rotation/requests.go"
		rollout, target, act   = "internal/retirement/restarts.go", "controllers/target.go", "controllers/act.go"
	)
	return []mutant{
		{mistake: "publish before CleverTap has answered", file: choose, workload: "first publication",
			right: "return e.Verification.Result == clevertap.Accepted && age <= acceptanceFresh && age > -acceptanceFresh",
			wrong: "return age != 1"},
		{mistake: "take a rejection for an acceptance", file: choose, workload: "the first one is rejected",
			right: "return e.Verification.Result == clevertap.Accepted &&",
			wrong: "return e.Verification.Result != clevertap.Unknown &&"},
		{mistake: "forget to count a revision", file: want, workload: "request",
			right: "record.Revision = max(v.highestRevision(), p.Record.Revision) + 1",
			wrong: "record.Revision = max(v.highestRevision(), p.Record.Revision)"},
		{mistake: "take the revision from the status alone", file: want, workload: search,
			right: "record.Revision = max(v.highestRevision(), p.Record.Revision) + 1",
			wrong: "record.Revision = v.Object.Status.Revision + 1"},
		{mistake: "forget which requests were handled", file: want, workload: "request",
			right: "	handled = append(slices.Clone(handled), r.Value)\n",
			wrong: ""},
		{mistake: "believe the status of what was handled", file: requests, workload: "request",
			right: "|| slices.Contains(handled, r.Value)\n",
			wrong: "\n"},
		{mistake: "forget what was replaced", file: want, workload: "two requests",
			right: "record.Replaced = target.AppendReplaced(v.settledReplaced(), []target.Replaced{old}, c.Entry.Fingerprint)",
			wrong: "_ = old"},
		{mistake: "write the region where the endpoint belongs", file: target, workload: "first publication",
			right: "keys.Endpoint:  []byte(tuple.Endpoint),",
			wrong: "keys.Endpoint:  []byte(tuple.Region),"},
		{mistake: "write an empty passcode", file: target, workload: "first publication",
			right: "keys.Passcode:  []byte(tuple.Passcode.Reveal()),",
			wrong: "keys.Passcode:  {},"},
		{mistake: "leave an edited target as it is", file: "internal/rotation/pass.go", workload: "edited",
			right: "if want := v.upkeep(); !v.upToDate(want) {",
			wrong: "if want := v.upkeep(); false {"},
		{mistake: "write a target at every pass", file: want, workload: "first publication",
			right: "	was, is := *v.Target.Record, w.Record\n",
			wrong: "	was, is := *v.Target.Record, w.Record\n	is.Reason += \" \"\n"},
		{mistake: "write another object's target", file: target, workload: "two objects",
			right: "case owner != object.Name:",
			wrong: "case false:"},
		{mistake: "forget the owner of a target that is to go with its object", file: target, workload: "deletes",
			right: "	if !owned {\n		return after\n	}\n",
			wrong: "	if !owned || len(before) == 0 {\n		return after\n	}\n"},
		{mistake: "tell the value in a condition", file: "internal/status/messages.go", workload: "first publication",
			right: `text := fmt.Sprintf("%q is active, %s", p.Name(), until(p.Validity))`,
			wrong: `text := fmt.Sprintf("%q is active, %s", p.Tuple.Passcode.Reveal(), until(p.Validity))`},
		{mistake: "compare by a plain hash", file: "internal/fingerprint/fingerprint.go", workload: "first publication",
			right: `return k.id + "-" + hex.EncodeToString(mac.Sum(nil)[:size])`,
			wrong: "plain := sha256.Sum256([]byte(passcode.Reveal()))\n	return k.id + \"-\" + hex.EncodeToString(plain[:size])"},
		{mistake: "ask CleverTap every ten seconds", file: "internal/rotation/verify.go", workload: "first publication",
			right: "v.staggered(v.Spec.VerificationInterval(), q.fingerprint)",
			wrong: "10*time.Second"},
		{mistake: "restart a workload again and again", file: rollout, workload: "rollout",
			right: "case p.restartedFor(r.Restarts) || r.Paused",
			wrong: "case r.Paused"},
		{mistake: "take an outage for a rejection", file: "internal/clevertap/interpret.go", workload: "outage",
			right: "return code == http.StatusUnauthorized || code == http.StatusForbidden",
			wrong: "return code >= http.StatusUnauthorized"},
		{mistake: "ignore a pin", file: "internal/rotation/rules.go", workload: "pin",
			right: "case e == nil || !e.HasValue() || e == v.ActiveEntry():",
			wrong: "case true:"},
		{mistake: "go back to a value that was replaced", file: choose, workload: "two requests",
			right: "return !e.Replaced && e != v.ActiveEntry()",
			wrong: "return e != v.ActiveEntry()"},
		{mistake: "overwrite what another process heard later", file: "internal/rotation/snapshot.go", workload: search,
			right: "	case own == clevertap.Unknown:\n		return verdict, told\n",
			wrong: "	case own == clevertap.Unknown:\n		return verdict, told\n	case true:\n		return own, heard\n"},
		{mistake: "keep verifications back while a write is pending", file: "internal/decision/decide.go", workload: search,
			right: "	d.Verify, d.Next = v.VerificationRequests()\n",
			wrong: "	if v.Observing || v.NextWant() == nil {\n		d.Verify, d.Next = v.VerificationRequests()\n	}\n"},
		{mistake: "say that CleverTap does not answer, because a result is old", file: "internal/status/conditions.go", workload: search,
			right: "	case p.Verification.Unavailable > 0:\n		return condition(metav1.ConditionUnknown, v1alpha1.ReasonUnavailable",
			wrong: "	case true:\n		return condition(metav1.ConditionUnknown, v1alpha1.ReasonUnavailable"},
		{mistake: "stop at a former target that cannot be marked", file: act, workload: "a former target that may not be marked",
			right: "	r.requestVerifications(client.ObjectKeyFromObject(s.Object), d.Verify)\n	writeErr :=",
			wrong: "	if err := r.release(ctx, s, d, state); err != nil {\n		return d, err\n	}\n	r.requestVerifications(client.ObjectKeyFromObject(s.Object), d.Verify)\n	writeErr :="},
		{mistake: "report from a view that is behind", file: "controllers/observe.go", workload: "stale view: the watch of targets is held at",
			right: "		s.cacheBehind = true\n		return nil\n	}\n	state.confirmedOlder = version",
			wrong: "		return nil\n	}\n	state.confirmedOlder = version"},
		{mistake: "create a target without a look at the object", file: act, workload: "stale view: a restart lists an object from before",
			right: "if version != object.ResourceVersion {",
			wrong: "if version == \"\" {"},
		{mistake: "write a target although somebody else maintains the Secret", file: "internal/rotation/pass.go", workload: search,
			right: "	if o.Object.Spec.Observes() {\n",
			wrong: "	if o.Object == nil {\n"},
		{mistake: "publish without a look at the version that was decided on", file: target, workload: "stale view: a replica is paused right before",
			right: "	patch := map[string]any{\n		\"metadata\": map[string]any{\n			\"resourceVersion\": secret.ResourceVersion,\n",
			wrong: "	patch := map[string]any{\n		\"metadata\": map[string]any{\n"},
	}
}
