// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

// recording is one command as a person runs it.
type recording struct {
	title, command string
	// prompt is waited for, and keys are typed then; "" types nothing.
	prompt, keys string
	exit         int
	// piped reports whether its output goes into a pipe, and columns is the terminal's width otherwise; 100 if it is 0.
	piped   bool
	columns uint16
	// elsewhere reports whether the cluster is one without the operator's CRD.
	elsewhere bool
}

const hidden = "(not shown)"

func recordings() []recording {
	return []recording{
		{title: "The objects, with colours", command: "kubectl clevertap list"},
		{title: "The objects on a narrow terminal", command: "kubectl clevertap list", columns: 60},
		{title: "The objects without colours", command: "NO_COLOR=1 kubectl clevertap list"},
		{title: "The objects in a pipe", command: "kubectl clevertap list", piped: true},
		{title: "One object", command: "kubectl clevertap status marketing"},
		{title: "What to do about one", command: "kubectl clevertap why marketing"},
		{title: "The timeline", command: "kubectl clevertap plan marketing"},
		{title: "A passcode is staged for a list that another tool manages",
			command: "kubectl clevertap stage marketing --passcode-name shop-2027-q2 --days 90", prompt: hidden, keys: "QEV-TTR-MLLA\r", exit: 6},
		{title: "A passcode is staged: the value is typed, and not shown",
			command: "kubectl clevertap stage marketing --passcode-name shop-2027-q2 --days 90 --edit", prompt: hidden, keys: "QEV-TTR-MLLA\r"},
		{title: "Ctrl-C at the prompt", command: "kubectl clevertap stage marketing --passcode-name shop-2027-q3 --days 90",
			prompt: hidden, keys: "\x03", exit: 130},
		{title: "A value that looks wrong", command: "kubectl clevertap stage marketing --passcode-name shop-2027-q3 --days 90 --edit",
			prompt: hidden, keys: "'WRO-NGW-RONG'\r", exit: 3},
		{title: "A verification", command: "kubectl clevertap verify marketing", exit: 3},
		{title: "A rotation", command: "kubectl clevertap rotate marketing"},
		{title: "A rollback", command: "kubectl clevertap rollback marketing"},
		{title: "A Secret that cannot be adopted", command: "kubectl clevertap adopt marketing --secret clevertap-staged", exit: 1},
		{title: "A bundle for support", command: "kubectl clevertap report | head -n 12"},
		{title: "The versions", command: "kubectl clevertap version"},
		{title: "An object that is not there", command: "kubectl clevertap status nobody", exit: 1},
		{title: "Without permission", command: "kubectl clevertap list --as=stranger", exit: 1},
		{title: "Without permission to stage", command: "kubectl clevertap stage marketing --passcode-name x --days 90 --as=stranger",
			exit: 1},
		{title: "A cluster without the operator", command: "kubectl clevertap list", exit: 1, elsewhere: true},
		{title: "A cluster without the operator, and a plan for it", command: "kubectl clevertap plan marketing", exit: 1, elsewhere: true},
		{title: "A cluster that cannot be reached", command: "kubectl clevertap list --server=https://127.0.0.1:1", exit: 1},
	}
}

const recordingsPage = "docs/plugin-recordings.md"

const recordingsHead = `# kubectl clevertap on a terminal

Each command as a person runs it, on a terminal of 100 columns if nothing else is said, recorded by ` + "`make docs-test`" + `.
` + "`⟨green⟩`" + ` and the like are colours; what is typed at a prompt is not shown, here as on the terminal.
`

// TestRecordings plays every command on a real terminal, and compares what a person sees with the page; UPDATE_DOCS=1 renews it.
func TestRecordings(t *testing.T) {
	g := NewWithT(t)
	s := newStage(t)
	folder := s.workspace(t, "onscreen")
	s.run(t, folder, "", filepath.Join(harness.Root(), "test", "docs", "marketing.sh"))
	without := s.withoutCRD(t)
	var page strings.Builder
	page.WriteString(recordingsHead)
	for _, r := range recordings() {
		in := folder
		if r.elsewhere {
			in = without
		}
		screen, exit := s.record(t, in, r)
		g.Expect(exit).To(Equal(r.exit), "%s\n%s", r.command, screen)
		for _, value := range []string{"QEV-TTR-MLLA", "WRO-NGW-RONG", "YOW-RMW-WIKL", "KAM-ZPT-QXRA"} {
			g.Expect(screen).NotTo(ContainSubstring(value), r.command)
		}
		fmt.Fprintf(&page, "\n## %s\n\n```text\n$ %s\n%s\n```\n", r.title, described(r), strings.TrimSpace(screen))
		if r.exit != 0 {
			fmt.Fprintf(&page, "\nExit code %d.\n", r.exit)
		}
	}
	printed := endpointHint.ReplaceAllString(strings.ReplaceAll(page.String(), "onscreen", "shop"), "")
	path := filepath.Join(harness.Root(), recordingsPage)
	if os.Getenv("UPDATE_DOCS") == "1" {
		g.Expect(os.WriteFile(path, []byte(printed), 0o600)).To(Succeed())
		return
	}
	want, err := os.ReadFile(path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(normal(printed)).To(Equal(normal(string(want))))
}

func described(r recording) string {
	switch {
	case r.piped:
		return r.command + " | cat"
	case r.columns != 0:
		return fmt.Sprintf("%s    # %d columns", r.command, r.columns)
	}
	return r.command
}

// withoutCRD is a workspace for a cluster that has no operator.
func (s *stage) withoutCRD(t *testing.T) (folder string) {
	t.Helper()
	g := NewWithT(t)
	plane, err := harness.Start("")
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = plane.Stop() })
	kube, err := harness.Client(plane.Config())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(apiextensionsv1.AddToScheme(kube.Scheme())).To(Succeed())
	g.Expect(kube.Delete(t.Context(), &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "clevertappasscodes.clevertap.passcode-operator.io"},
	})).To(Succeed())
	folder = t.TempDir()
	g.Expect(os.WriteFile(filepath.Join(folder, "kubeconfig"), plane.Kubeconfig(), 0o600)).To(Succeed())
	g.Eventually(func() string {
		out, _ := s.command(t.Context(), folder, "", "kubectl get --raw /apis").CombinedOutput()
		return string(out)
	}, 30*time.Second).ShouldNot(ContainSubstring("clevertap.passcode-operator.io"))
	return folder
}

// record runs a command on a terminal, or into a pipe, and returns what a person sees and how it ended.
func (s *stage) record(t *testing.T, folder string, r recording) (screen string, exit int) {
	t.Helper()
	g := NewWithT(t)
	command := s.command(t.Context(), folder, "", r.command)
	command.Env = append(command.Env, "TERM=xterm-256color")
	if r.piped {
		out, err := command.CombinedOutput()
		return string(out), exitOf(g, err)
	}
	command.Stdin = nil
	columns := r.columns
	if columns == 0 {
		columns = 100
	}
	terminal, err := pty.StartWithSize(command, &pty.Winsize{Rows: 40, Cols: columns})
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = terminal.Close() }()
	seen := &shown{}
	read := make(chan struct{})
	go func() {
		_, _ = io.Copy(seen, terminal) // a terminal whose program has ended gives an error
		close(read)
	}()
	if r.prompt != "" {
		g.Eventually(seen.String, 20*time.Second).Should(ContainSubstring(r.prompt))
		_, err := io.WriteString(terminal, r.keys)
		g.Expect(err).NotTo(HaveOccurred())
	}
	err = command.Wait()
	<-read
	return readable(seen.String()), exitOf(g, err)
}

// shown is what a terminal has shown so far: one goroutine writes, another one reads.
type shown struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *shown) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *shown) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func exitOf(g Gomega, err error) int {
	if err == nil {
		return 0
	}
	ended, ok := errors.AsType[*exec.ExitError](err)
	g.Expect(ok).To(BeTrue(), "%v", err)
	return ended.ExitCode()
}

// readable names colours, and leaves out carriage returns and spaces at the ends of lines.
func readable(screen string) string {
	for code, name := range map[string]string{"31": "red", "32": "green", "33": "yellow", "39": "foreground", "0": "end"} {
		screen = strings.ReplaceAll(screen, "\x1b["+code+"m", "⟨"+name+"⟩")
	}
	screen = strings.ReplaceAll(screen, "\r", "")
	screen = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(screen, "127.0.0.1:PORT")
	return trimmed(screen)
}
