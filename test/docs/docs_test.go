// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package docs runs every command and applies every YAML block of the documentation: make docs-test.
//
// A page is played from top to bottom in a namespace of its own, against a real API server, an operator and a mock server
// of CleverTap. The words behind a block's language say how:
//
//	sh                 run; it must succeed
//	sh exit=3          run; it must exit with 3
//	sh stdin=VALUE     run with VALUE on standard input, where a person would type it at the prompt
//	sh elsewhere=WHERE not run here: WHERE is the make target that does
//	sh notrun=REASON   run nowhere, and named as such with its reason
//	console            the lines after "$ " are run, and must print what follows, times and ages aside
//	promql             queried by make monitoring on a real Prometheus that scrapes a real operator
//	go, java, js, python
//	     file=NAME     a program, which runs against the mock server over a rotation
//	yaml file=NAME     saved as NAME for the commands that follow, and checked as below
//	yaml patch         merged into the object marketing, as a dry run on the API server
//	yaml values        rendered with the chart
//	yaml               applied as a dry run on the API server, with the CRDs of the tools that it is for
package docs

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/operator"
	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

// block is a fenced block of a page.
type block struct {
	language string
	options  map[string]string
	text     string
}

// page is a Markdown file.
type page struct {
	path, source string
	blocks       []block
}

func pages(t *testing.T) []*page {
	t.Helper()
	g := NewWithT(t)
	paths := []string{"README.md", "SECURITY.md"}
	g.Expect(filepath.WalkDir(filepath.Join(harness.Root(), "docs"), func(path string, _ os.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			relative, _ := filepath.Rel(harness.Root(), path)
			paths = append(paths, relative)
		}
		return err
	})).To(Succeed())
	var all []*page
	for _, path := range paths {
		all = append(all, readPage(t, path))
	}
	return all
}

// readPage reads a page by its path from the root of the project.
func readPage(t *testing.T, path string) *page {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(harness.Root(), path))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return parse(t, path, source)
}

func parse(t *testing.T, path string, source []byte) *page {
	t.Helper()
	p := &page{path: path, source: string(source)}
	g := NewWithT(t)
	g.Expect(ast.Walk(goldmark.DefaultParser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch b := n.(type) {
		case *ast.CodeBlock:
			t.Errorf("%s: an indented block, which says not what it is: %s", path, b.Lines().Value(source))
		case *ast.FencedCodeBlock:
			if entering && b.Lines().Len() > 0 {
				p.blocks = append(p.blocks, newBlock(t, path, b, source))
			}
		}
		return ast.WalkContinue, nil
	})).To(Succeed())
	return p
}

func newBlock(t *testing.T, path string, b *ast.FencedCodeBlock, source []byte) block {
	t.Helper()
	if b.Info == nil {
		t.Errorf("%s: a block without a language: %s", path, b.Lines().Value(source))
		return block{}
	}
	language, rest, _ := strings.Cut(string(b.Info.Value(source)), " ")
	made := block{language: language, options: map[string]string{}, text: string(b.Lines().Value(source))}
	for option := range strings.FieldsSeq(rest) {
		key, value, _ := strings.Cut(option, "=")
		made.options[key] = value
	}
	return made
}

func TestEveryBlock(t *testing.T) {
	s := newStage(t)
	counts := map[string]int{}
	for _, p := range pages(t) {
		t.Run(p.path, func(t *testing.T) { s.play(t, p, counts) })
	}
	t.Logf("blocks run: %d sh, %d console, %d yaml; run by other make targets: %d; run nowhere, and named above: %d; not commands: %d",
		counts["sh"], counts["console"], counts["yaml"], counts["elsewhere"], counts["notrun"], counts["other"])
}

// stage is what pages are played on.
type stage struct {
	plane  *harness.ControlPlane
	folder string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	ctrl.SetLogger(logr.Discard())
	g := NewWithT(t)
	plane, err := harness.Start("")
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = plane.Stop() })
	vendor := clevertaptest.New(clock.RealClock{})
	server := httptest.NewServer(vendor)
	t.Cleanup(server.Close)
	account := vendor.Account(clevertap.India, "TEST-5RW-K78-985Z")
	for name, value := range map[string]string{
		"shop-2026-q4": "YOW-RMW-WIKL", "shop-2027-q1": "KAM-ZPT-QXRA", "shop-2027-q2": "QEV-TTR-MLLA", "acme-2026": "PLM-QAZ-WSXE",
	} {
		account.Passcode(name, value, 90)
	}
	account.User("crm@example.com", "USR-CRM-PASS", 365)
	s := &stage{plane: plane, folder: t.TempDir()}
	s.installCRDs(t)
	s.run(t, s.workspace(t, "clevertap-passcode-operator-system"), "", "true")
	stop := harness.StartOperator(harness.Options("clevertap-passcode-operator-system", server.URL),
		operator.Dependencies{Config: plane.Config(), Clock: clock.RealClock{}, Random: rand.Reader, Registry: prometheus.NewRegistry()})
	t.Cleanup(func() { NewWithT(t).Expect(stop()).To(Succeed()) })
	return s
}

// workspace is a folder with a kubeconfig whose namespace is made for it.
func (s *stage) workspace(t *testing.T, namespace string) string {
	t.Helper()
	g := NewWithT(t)
	folder := filepath.Join(s.folder, namespace)
	g.Expect(os.MkdirAll(folder, 0o700)).To(Succeed())
	g.Expect(os.WriteFile(filepath.Join(folder, "kubeconfig"), s.plane.Kubeconfig(), 0o600)).To(Succeed())
	s.run(t, folder, "", "kubectl create namespace "+namespace+"; kubectl config set-context --current --namespace "+namespace)
	return folder
}

func (s *stage) command(ctx context.Context, folder, stdin, script string) *exec.Cmd {
	command := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	command.Dir = folder
	command.Stdin = strings.NewReader(stdin)
	command.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(folder, "kubeconfig"), "ROOT="+harness.Root(),
		"PATH="+
			strings.Join([]string{filepath.Join(harness.Root(), "bin"), os.Getenv("KUBEBUILDER_ASSETS"), filepath.Dir(os.Getenv("HELM")), os.Getenv("PATH")},
				":"))
	return command
}

// run runs a script that must succeed, and returns what it printed.
func (s *stage) run(t *testing.T, folder, stdin, script string) string {
	t.Helper()
	out, err := s.command(t.Context(), folder, stdin, script).CombinedOutput()
	NewWithT(t).Expect(err).NotTo(HaveOccurred(), "%s\n%s", script, out)
	return string(out)
}

func (s *stage) play(t *testing.T, p *page, counts map[string]int) {
	namespace := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(p.path), "-"), "-")
	folder := s.workspace(t, namespace)
	if strings.Contains(p.source, "<!-- played with: marketing -->") {
		s.run(t, folder, "", filepath.Join(harness.Root(), "test", "docs", "marketing.sh"))
	}
	defer s.run(t, folder, "",
		"kubectl delete ctp --all; kubectl delete secret -l clevertap.passcode-operator.io/role=target") // the next page's passcodes are the same
	updated := p.source
	for _, b := range p.blocks {
		switch {
		case b.options["notrun"] != "":
			t.Logf("NOT RUN, %s: %s", strings.ReplaceAll(b.options["notrun"], "-", " "), strings.SplitN(b.text, "\n", 2)[0])
			counts["notrun"]++
			continue
		case b.options["elsewhere"] != "":
			s.elsewhere(t, b.options["elsewhere"])
			t.Logf("NOT RUN here, but by make %s: %s", b.options["elsewhere"], strings.SplitN(b.text, "\n", 2)[0])
			counts["elsewhere"]++
			continue
		case b.language == "sh":
			b.text = strings.NewReplacer("NAMESPACE", namespace, "NAME", "marketing", "WORKLOAD", "api", "TARGET", "clevertap-credentials").Replace(b.text)
			s.sh(t, folder, b)
		case b.language == "console":
			updated = s.console(t, folder, b, updated)
		case b.language == "yaml":
			s.yaml(t, folder, b)
		case b.language == "lua" || b.language == "text":
			counts["other"]++
			continue
		case isProgram(b): // TestReadersOverARotation runs it
		case b.language == "promql":
			s.elsewhere(t, "monitoring")
		default:
			t.Errorf("%s: a block of language %q, which nothing runs", p.path, b.language)
		}
		counts[b.language]++
	}
	if os.Getenv("UPDATE_DOCS") == "1" && updated != p.source {
		NewWithT(t).Expect(os.WriteFile(filepath.Join(harness.Root(), p.path), []byte(updated), 0o600)).To(Succeed())
	}
}

// isProgram reports whether a block is a program that a page shows, with the name of its file.
func isProgram(b block) bool {
	return b.options["file"] != "" && slices.Contains([]string{"go", "java", "js", "python"}, b.language)
}

// elsewhere sees that the make target that is said to run a block is in the gate.
func (s *stage) elsewhere(t *testing.T, target string) {
	t.Helper()
	gate, err := os.ReadFile(filepath.Join(harness.Root(), ".ci", "run"))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	NewWithT(t).Expect(string(gate)).To(ContainSubstring("make " + target))
}

func (s *stage) sh(t *testing.T, folder string, b block) {
	t.Helper()
	out, err := s.command(t.Context(), folder, b.options["stdin"], b.text).CombinedOutput()
	if exit := b.options["exit"]; exit != "" {
		NewWithT(t).Expect(err).To(MatchError("exit status "+exit), "%s\n%s", b.text, out)
		return
	}
	NewWithT(t).Expect(err).NotTo(HaveOccurred(), "%s\n%s", b.text, out)
}

// endpointHint is what messages say of --clevertap-endpoint, which is the mock server here.
var endpointHint = regexp.MustCompile(`; or the gateway \S+ \(--clevertap-endpoint\) responded instead of CleverTap`)

// console runs the commands of a capture and compares what they print; it returns the page with what they printed now.
func (s *stage) console(t *testing.T, folder string, b block, source string) string {
	t.Helper()
	var now strings.Builder
	for _, line := range strings.SplitAfter(b.text, "\n") {
		if script, isCommand := strings.CutPrefix(line, "$ "); isCommand {
			var out bytes.Buffer
			command := s.command(t.Context(), folder, b.options["stdin"], script)
			command.Stdout, command.Stderr = &out, &out
			_ = command.Run() // captures of failures show what they print
			if now.Len() > 0 {
				now.WriteString("\n")
			}
			now.WriteString(line + strings.TrimSpace(trimmed(out.String())) + "\n")
		}
	}
	printed := strings.ReplaceAll(now.String(), filepath.Base(folder), "shop")
	// A reader calls CleverTap itself.
	printed = endpointHint.ReplaceAllString(printed, "")
	if os.Getenv("UPDATE_DOCS") == "1" {
		return strings.Replace(source, opening(b)+b.text, opening(b)+printed, 1)
	}
	NewWithT(t).Expect(normal(printed)).To(Equal(normal(b.text)))
	return source
}

// opening is the line before a capture's text.
func opening(b block) string {
	if stdin := b.options["stdin"]; stdin != "" {
		return "```console stdin=" + stdin + "\n"
	}
	return "```console\n"
}

// trimmed is text without spaces at the ends of lines, as editors leave it.
func trimmed(text string) string {
	return regexp.MustCompile(`(?m)[ \t]+$`).ReplaceAllString(text, "")
}

// normal leaves out what differs from run to run.
func normal(text string) string {
	for _, change := range [][2]string{
		{`(?m)^waiting for .*\n`, ""}, {`\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z| UTC)`, "TIME"}, {`\d{4}-\d\d(-\d)?"`, `MONTH"`}, {`-\d{4}-\d\d\b`, "-MONTH"},
		{`\d+ days`, "DAYS"}, {`\b\d+[dsm]\b`, "AGE"}, {`v[0-9][^ ]* \(go[^)]*\)`, "VERSION"}, {`\(devel\) \(go[^)]*\)`, "VERSION"}, {` +`, " "},
	} {
		text = regexp.MustCompile(change[0]).ReplaceAllString(text, change[1])
	}
	return strings.TrimSpace(text)
}

func (s *stage) yaml(t *testing.T, folder string, b block) {
	t.Helper()
	name := b.options["file"]
	if name == "" {
		name = "block.yaml"
	}
	NewWithT(t).Expect(os.WriteFile(filepath.Join(folder, name), []byte(b.text), 0o600)).To(Succeed())
	_, isPatch := b.options["patch"]
	_, isValues := b.options["values"]
	switch {
	case isPatch:
		s.run(t, folder, "", "kubectl patch ctp marketing --type merge --dry-run=server --patch-file "+name)
	case isValues:
		s.run(t, folder, "", "helm template release $ROOT/charts/clevertap-passcode-operator --kube-version 1.37.2 -f "+name)
	case strings.Contains(b.text, "apiVersion:"):
		s.run(t, folder, "", "kubectl apply --dry-run=server --validate=strict -f "+name)
	default:
		t.Errorf("a YAML block that is no object: say patch or values\n%s", b.text)
	}
}

// installCRDs installs those of the tools that the documentation speaks of, from their own modules.
func (s *stage) installCRDs(t *testing.T) {
	t.Helper()
	folder := s.workspace(t, "crds")
	for _, crd := range []struct{ module, path string }{
		{"github.com/external-secrets/external-secrets@v1.3.2", "config/crds/bases/external-secrets.io_externalsecrets.yaml"},
		{"github.com/bitnami-labs/sealed-secrets@v0.40.0", "helm/sealed-secrets/crds/bitnami.com_sealedsecrets.yaml"},
		{"github.com/fluxcd/kustomize-controller@v1.10.1", "config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml"},
		{"github.com/argoproj/argo-cd/v3@v3.6.1", "manifests/crds/application-crd.yaml"},
		{"github.com/argoproj/argo-rollouts@v1.10.2", "manifests/crds/rollout-crd.yaml"},
	} {
		// A module that asks for a newer Go is an error that comes after the download.
		name := s.run(t, folder, "", `dir=$(go mod download -json `+crd.module+` | sed -n 's/^\s*"Dir": "\(.*\)",\?$/\1/p' || true)
			[ -d "$dir" ] || dir=$(go env GOMODCACHE)/`+crd.module+`
			kubectl create -o name -f "$dir/`+crd.path+`"`)
		// At first its conditions are null, which kubectl wait takes for an error.
		NewWithT(t).Eventually(func() error {
			return s.command(t.Context(), folder, "", "kubectl wait --for=condition=Established --timeout=30s "+name).Run()
		}, time.Minute).Should(Succeed())
	}
}
