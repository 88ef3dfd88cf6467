// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/utils/clock"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
)

// mount is a folder that changes as a kubelet changes a mounted Secret: by one rename.
type mount struct {
	folder  string
	version int
}

func (m *mount) write(t *testing.T, values map[string]string) {
	t.Helper()
	g := NewWithT(t)
	m.version++
	data := fmt.Sprintf("..v%d", m.version)
	g.Expect(os.Mkdir(filepath.Join(m.folder, data), 0o700)).To(Succeed())
	for key, value := range values {
		g.Expect(os.WriteFile(filepath.Join(m.folder, data, key), []byte(value), 0o600)).To(Succeed())
		if link := filepath.Join(m.folder, key); m.version == 1 || !exists(link) {
			g.Expect(os.Symlink(filepath.Join("..data", key), link)).To(Succeed())
		}
	}
	next := filepath.Join(m.folder, "..data_tmp")
	g.Expect(os.Symlink(data, next)).To(Succeed())
	g.Expect(os.Rename(next, filepath.Join(m.folder, "..data"))).To(Succeed())
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// reader is a running program that makes a call for each line it is given, and prints the status.
type reader struct {
	in  io.Writer
	out *bufio.Scanner
}

func startReader(t *testing.T, command ...string) *reader {
	t.Helper()
	g := NewWithT(t)
	ctx, cancel := context.WithCancel(context.Background())
	program := exec.CommandContext(ctx, command[0], command[1:]...)
	program.Stderr = os.Stderr
	in, err := program.StdinPipe()
	g.Expect(err).NotTo(HaveOccurred())
	out, err := program.StdoutPipe()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(program.Start()).To(Succeed())
	t.Cleanup(func() {
		cancel()
		_ = program.Wait()
	})
	return &reader{in, bufio.NewScanner(out)}
}

func (r *reader) call(t *testing.T) string {
	t.Helper()
	_, err := fmt.Fprintln(r.in, "/v1/connect?partner=example")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	NewWithT(t).Expect(r.out.Scan()).To(BeTrue(), "the program has ended")
	return r.out.Text()
}

// Each program of docs/use-it.md runs over a rotation, a 401, and a missing key, without a restart.
func TestReadersOverARotation(t *testing.T) {
	page := readPage(t, filepath.Join("docs", "use-it.md"))
	folder := t.TempDir()
	for _, b := range page.blocks {
		if file := b.options["file"]; file != "" {
			NewWithT(t).Expect(os.WriteFile(filepath.Join(folder, file), []byte(b.text), 0o600)).To(Succeed())
		}
	}
	for file, command := range map[string][]string{
		"reader.py":   {"python3"},
		"reader.go":   {"go", "run"},
		"reader.mjs":  {"node"},
		"Reader.java": {"java"},
	} {
		t.Run(file, func(t *testing.T) {
			if _, err := exec.LookPath(command[0]); err != nil {
				t.Skipf("%s is not installed here: this program was NOT run", command[0])
			}
			readsOverARotation(t, append(command, filepath.Join(folder, file)))
		})
	}
}

func readsOverARotation(t *testing.T, command []string) {
	g := NewWithT(t)
	vendor := clevertaptest.New(clock.RealClock{})
	var meanwhile atomic.Pointer[func()] // what happens, once, while the next call is under way
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if happens := meanwhile.Swap(nil); happens != nil {
			(*happens)()
		}
		vendor.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	account := vendor.Account(clevertap.India, "TEST-5RW-K78-985Z")
	account.Passcode("q4", "YOW-RMW-WIKL", 90)
	account.Passcode("q1", "KAM-ZPT-QXRA", 90)
	secret := func(passcode string) map[string]string {
		return map[string]string{"accountId": "TEST-5RW-K78-985Z", "passcode": passcode, "region": "in1", "endpoint": server.URL + "/in1"}
	}
	m := &mount{folder: t.TempDir()}
	m.write(t, secret("YOW-RMW-WIKL"))
	r := startReader(t, append(command, m.folder)...)
	g.Expect(r.call(t)).To(Equal("200"))

	m.write(t, secret("KAM-ZPT-QXRA")) // a rotation, after which the old passcode is deleted
	account.Delete("q4")
	g.Expect(r.call(t)).To(Equal("200"), "after a rotation")

	m.write(t, secret("YOW-RMW-WIKL"))
	rotates := func() { m.write(t, secret("KAM-ZPT-QXRA")) }
	meanwhile.Store(&rotates)
	g.Expect(r.call(t)).To(Equal("200"), "with a file that is rewritten while the call is rejected")

	wrong := secret("WRO-NGP-ASSC")
	m.write(t, wrong)
	calls := len(vendor.Calls())
	g.Expect(r.call(t)).To(Equal("401"), "with a wrong passcode and nothing else to try")
	g.Expect(vendor.Calls()).To(HaveLen(calls+1), "there is nothing to retry with")

	wrong["previousPasscode"] = "KAM-ZPT-QXRA"
	m.write(t, wrong)
	g.Expect(r.call(t)).To(Equal("200"), "with the previous passcode")

	elsewhere := clevertaptest.New(clock.RealClock{})
	another := httptest.NewServer(elsewhere)
	t.Cleanup(another.Close)
	redirecting := httptest.NewServer(http.RedirectHandler(another.URL+"/in1/v1/connect?partner=example", http.StatusTemporaryRedirect))
	t.Cleanup(redirecting.Close)
	wrong["endpoint"] = redirecting.URL
	m.write(t, wrong)
	g.Expect(r.call(t)).To(Equal("307"), "with a redirect to another host")
	g.Expect(elsewhere.Calls()).To(BeEmpty(), "the passcode is sent to another host")
}

func TestCurlWithAHeadersFile(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed here: this command was NOT run")
	}
	g := NewWithT(t)
	vendor := clevertaptest.New(clock.RealClock{})
	server := httptest.NewServer(vendor)
	t.Cleanup(server.Close)
	vendor.Account(clevertap.India, "TEST-1").Passcode("q4", "YOW-RMW-WIKL", 90)
	file := filepath.Join(t.TempDir(), "headers")
	g.Expect(os.WriteFile(file, []byte("X-CleverTap-Account-Id: TEST-1\nX-CleverTap-Passcode: YOW-RMW-WIKL\nContent-Type: application/json\n"),
		0o600)).To(Succeed())
	out, err := exec.CommandContext(t.Context(), "curl", "-sS", "-o", os.DevNull, "-w", "%{http_code}", "-H", "@"+file,
		server.URL+"/in1/v1/connect?partner=example").Output()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(out)).To(Equal("200"))
}
