// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package dist unpacks all that make dist has built, and runs or reads each: make dist.
package dist

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/yaml"
)

// folder is what make dist wrote; without it there is nothing to test.
func folder(t *testing.T) string {
	t.Helper()
	dist := os.Getenv("DIST")
	if dist == "" {
		t.Skip("NOT RUN: DIST is not set; make dist sets it")
	}
	return dist
}

func read(t *testing.T, pattern string) []byte {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder(t), pattern))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	NewWithT(t).Expect(found).To(HaveLen(1), pattern)
	content, err := os.ReadFile(found[0])
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return content
}

// unpacked are the files of an archive by name.
func unpacked(t *testing.T, archive []byte, zipped bool) map[string][]byte {
	t.Helper()
	g := NewWithT(t)
	files := map[string][]byte{}
	if zipped {
		reader, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
		g.Expect(err).NotTo(HaveOccurred())
		for _, f := range reader.File {
			content, err := f.Open()
			g.Expect(err).NotTo(HaveOccurred())
			files[f.Name], err = io.ReadAll(content)
			g.Expect(err).NotTo(HaveOccurred())
		}
		return files
	}
	plain, err := gzip.NewReader(bytes.NewReader(archive))
	g.Expect(err).NotTo(HaveOccurred())
	for reader := tar.NewReader(plain); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		g.Expect(err).NotTo(HaveOccurred())
		files[header.Name], err = io.ReadAll(reader)
		g.Expect(err).NotTo(HaveOccurred())
	}
}

// runs runs a binary for this machine.
func runs(t *testing.T, binary []byte, args ...string) string {
	t.Helper()
	g := NewWithT(t)
	file := filepath.Join(t.TempDir(), "program")
	g.Expect(os.WriteFile(file, binary, 0o700)).To(Succeed()) // it is run
	out, err := exec.Command(file, args...).CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), string(out))
	return string(out)
}

func TestEveryFileHasItsChecksum(t *testing.T) {
	g := NewWithT(t)
	var listed []string
	for line := range strings.Lines(string(read(t, "checksums.txt"))) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		hash := sha256.Sum256(read(t, name))
		g.Expect(hex.EncodeToString(hash[:])).To(Equal(sum), name)
		listed = append(listed, name)
	}
	entries, err := os.ReadDir(folder(t))
	g.Expect(err).NotTo(HaveOccurred())
	for _, entry := range entries {
		g.Expect(entry.IsDir() || entry.Name() == "checksums.txt" || slices.Contains(listed, entry.Name())).To(BeTrue(), entry.Name())
	}
}

func TestTheOperatorSaysItsVersion(t *testing.T) {
	g := NewWithT(t)
	if runtime.GOARCH == "amd64" && runtime.GOOS == "linux" {
		g.Expect(runs(t, read(t, "clevertap-passcode-operator_linux_amd64"),
			"--version")).To(MatchRegexp(`clevertap-passcode-operator \S+ \(commit [0-9a-f]{40}`))
	}
	arm, err := elf.NewFile(bytes.NewReader(read(t, "clevertap-passcode-operator_linux_arm64")))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(arm.Machine).To(Equal(elf.EM_AARCH64))
}

func TestThePluginsArchives(t *testing.T) {
	g := NewWithT(t)
	for _, goos := range []string{"linux", "darwin"} {
		for _, arch := range []string{"amd64", "arm64"} {
			files := unpacked(t, read(t, "kubectl-clevertap_"+goos+"_"+arch+".tar.gz"), false)
			g.Expect(files).To(And(HaveKey("LICENSE"), HaveKey("kubectl_complete-clevertap")))
			binary := bytes.NewReader(files["kubectl-clevertap"])
			if goos == "darwin" {
				program, err := macho.NewFile(binary)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(program.Cpu).To(Equal(map[string]macho.Cpu{"amd64": macho.CpuAmd64, "arm64": macho.CpuArm64}[arch]))
				continue
			}
			program, err := elf.NewFile(binary)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(program.Machine).To(Equal(map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[arch]))
			if arch == runtime.GOARCH && runtime.GOOS == "linux" {
				g.Expect(runs(t, files["kubectl-clevertap"], "version")).To(ContainSubstring("kubectl-clevertap"))
			}
		}
	}
	for arch, machine := range map[string]uint16{"amd64": pe.IMAGE_FILE_MACHINE_AMD64, "arm64": pe.IMAGE_FILE_MACHINE_ARM64} {
		files := unpacked(t, read(t, "kubectl-clevertap_windows_"+arch+".zip"), true)
		program, err := pe.NewFile(bytes.NewReader(files["kubectl-clevertap.exe"]))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(program.Machine).To(Equal(machine))
	}
}

func TestTheImages(t *testing.T) {
	g := NewWithT(t)
	index, err := layout.ImageIndexFromPath(filepath.Join(folder(t), "image"))
	g.Expect(err).NotTo(HaveOccurred())
	manifest, err := index.IndexManifest()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(manifest.Manifests).To(HaveLen(2))
	for _, m := range manifest.Manifests {
		image, err := index.Image(m.Digest)
		g.Expect(err).NotTo(HaveOccurred())
		expectImage(g, image, m.Platform.Architecture)
		packed, err := tarball.ImageFromPath(filepath.Join(folder(t), "image_linux_"+m.Platform.Architecture+".tar"), nil)
		g.Expect(err).NotTo(HaveOccurred())
		expectImage(g, packed, m.Platform.Architecture)
	}
}

func expectImage(g Gomega, image v1.Image, arch string) {
	config, err := image.ConfigFile()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(config.Architecture).To(Equal(arch))
	g.Expect(config.Config.User).To(Equal("65532:65532"))
	g.Expect(config.Config.Entrypoint).To(Equal([]string{"/clevertap-passcode-operator"}))
	g.Expect(config.Config.Labels).To(HaveKey("org.opencontainers.image.revision"))
	layers, err := image.Layers()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(layers).To(HaveLen(1))
}

func TestTheManifestsAndTheChartNameThisVersion(t *testing.T) {
	g := NewWithT(t)
	files := unpacked(t, read(t, "clevertap-passcode-operator-*.tgz"), false)
	var chart struct{ Version, AppVersion string }
	g.Expect(yaml.Unmarshal(files["clevertap-passcode-operator/Chart.yaml"], &chart)).To(Succeed())
	g.Expect(chart.AppVersion).To(Equal("v" + chart.Version))
	g.Expect(string(read(t, "install.yaml"))).To(ContainSubstring("image: ghcr.io/passcode-operator/clevertap-passcode-operator:" + chart.AppVersion + "\n"))
	g.Expect(string(read(t, "release-notes.md"))).To(HavePrefix("# " + chart.AppVersion + "\n"))
}

func TestTheKrewManifestNamesTheArchives(t *testing.T) {
	g := NewWithT(t)
	var krew struct {
		Spec struct {
			Version   string
			Platforms []struct{ URI, Sha256, Bin string }
		}
	}
	g.Expect(yaml.Unmarshal(read(t, "clevertap.yaml"), &krew)).To(Succeed())
	g.Expect(krew.Spec.Platforms).To(HaveLen(6))
	for _, p := range krew.Spec.Platforms {
		hash := sha256.Sum256(read(t, filepath.Base(p.URI)))
		g.Expect(p.Sha256).To(Equal(hex.EncodeToString(hash[:])))
	}
}

func TestEveryBinaryHasItsBillOfMaterials(t *testing.T) {
	g := NewWithT(t)
	for _, name := range []string{"clevertap-passcode-operator_linux_amd64", "clevertap-passcode-operator_linux_arm64", "kubectl-clevertap_linux_amd64"} {
		var bill struct {
			SPDXVersion  string
			Packages     []any
			CreationInfo struct{ Created string }
		}
		g.Expect(json.Unmarshal(read(t, name+".spdx.json"), &bill)).To(Succeed())
		g.Expect(bill.SPDXVersion).To(Equal("SPDX-2.3"))
		g.Expect(len(bill.Packages)).To(BeNumerically(">", 10))
		g.Expect(bill.CreationInfo.Created).NotTo(HavePrefix("1970"))
	}
}
