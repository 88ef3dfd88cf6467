// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/cel-go/cel"
	. "github.com/onsi/gomega"
	lua "github.com/yuin/gopher-lua"
	"sigs.k8s.io/yaml"

	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

// healths are objects and what Argo CD and Flux are to take them for.
func healths() []struct{ name, object, argo, flux string } {
	return []struct{ name, object, argo, flux string }{
		{"new", `{metadata: {generation: 1}, spec: {}, status: {observedGeneration: -1}}`, "Progressing", "inProgress"},
		{"changed since", `{metadata: {generation: 2}, spec: {}, status: {observedGeneration: 1, conditions: [{type: Ready, status: "True", message: m}]}}`,
			"Progressing", "inProgress"},
		{"published", `{metadata: {generation: 1}, spec: {}, status: {observedGeneration: 1, conditions: [{type: Ready, status: "True", message: m}]}}`,
			"Healthy", "current"},
		{"expiring soon", `{metadata: {generation: 1}, spec: {}, status: {observedGeneration: 1, conditions: [{type: Ready, status: "True", message: m}, {type: ExpiringSoon, status: "True", message: m}]}}`, "Healthy", "current"},
		{"under verification", `{metadata: {generation: 1}, spec: {}, status: {observedGeneration: 1, conditions: [{type: Ready, status: Unknown, message: m}, {type: Reconciling, status: "True", message: m}]}}`, "Progressing", "inProgress"},
		{"rejected", `{metadata: {generation: 1}, spec: {}, status: {observedGeneration: 1, conditions: [{type: Ready, status: "False", message: m}, {type: Stalled, status: "True", message: m}]}}`, "Degraded", "failed"},
		{"published with a forbidden annotation",
			`{metadata: {generation: 1}, spec: {}, status: {observedGeneration: 1, conditions: [{type: Ready, status: "True", message: m}, {type: Stalled, status: "True", message: m}]}}`, "Degraded", "failed"},
		{"suspended before anything was published",
			`{metadata: {generation: 1}, spec: {suspend: true}, status: {observedGeneration: 1, conditions: [{type: Ready, status: Unknown, message: m}]}}`,
			"Suspended", ""},
	}
}

func TestArgoCDsHealth(t *testing.T) {
	script, err := os.ReadFile(filepath.Join(harness.Root(), "config", "argocd", "health.lua"))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	for _, row := range healths() {
		t.Run(row.name, func(t *testing.T) {
			state := lua.NewState() // Argo CD's own interpreter
			defer state.Close()
			state.SetGlobal("obj", luaValue(state, decode(t, row.object)))
			NewWithT(t).Expect(state.DoString(string(script))).To(Succeed())
			health, isTable := state.Get(-1).(*lua.LTable)
			NewWithT(t).Expect(isTable).To(BeTrue())
			NewWithT(t).Expect(health.RawGetString("status").String()).To(Equal(row.argo))
			NewWithT(t).Expect(health.RawGetString("message").String()).NotTo(BeEmpty())
		})
	}
}

func luaValue(state *lua.LState, value any) lua.LValue {
	switch v := value.(type) {
	case map[string]any:
		table := state.NewTable()
		for key, item := range v {
			table.RawSetString(key, luaValue(state, item))
		}
		return table
	case []any:
		table := state.NewTable()
		for _, item := range v {
			table.Append(luaValue(state, item))
		}
		return table
	case string:
		return lua.LString(v)
	case float64:
		return lua.LNumber(v)
	case bool:
		return lua.LBool(v)
	}
	return lua.LNil
}

func TestFluxHealthCheckExprs(t *testing.T) {
	g := NewWithT(t)
	page, err := os.ReadFile(filepath.Join(harness.Root(), "docs", "gitops.md"))
	g.Expect(err).NotTo(HaveOccurred())
	environment, err := cel.NewEnv(cel.Variable("metadata", cel.DynType), cel.Variable("spec", cel.DynType), cel.Variable("status", cel.DynType))
	g.Expect(err).NotTo(HaveOccurred())
	for _, row := range healths() {
		t.Run(row.name, func(t *testing.T) {
			g := NewWithT(t)
			taken := ""
			for _, name := range []string{"current", "failed", "inProgress"} { // a later one goes before, as in Flux
				expr := regexp.MustCompile(name + `: "(.*)"`).FindStringSubmatch(string(page))
				g.Expect(expr).To(HaveLen(2))
				ast, issues := environment.Compile(expr[1])
				g.Expect(issues.Err()).NotTo(HaveOccurred())
				program, err := environment.Program(ast)
				g.Expect(err).NotTo(HaveOccurred())
				result, _, err := program.Eval(decode(t, row.object))
				g.Expect(err).NotTo(HaveOccurred())
				if result.Value() == true {
					taken = name
				}
			}
			g.Expect(taken).To(Equal(row.flux))
		})
	}
}

func decode(t *testing.T, object string) map[string]any {
	t.Helper()
	decoded := map[string]any{}
	NewWithT(t).Expect(yaml.Unmarshal([]byte(strings.TrimSpace(object)), &decoded)).To(Succeed())
	return decoded
}
