// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// entry is a file of an archive.
type entry struct {
	name    string
	mode    int64
	content []byte
}

// tarOf is an archive whose bytes depend on its entries and the time only.
func tarOf(at time.Time, entries ...entry) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Mode: e.mode, Size: int64(len(e.content)), ModTime: at, Format: tar.FormatUSTAR}
		if err := w.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("archiving %s: %w", e.name, err)
		}
		if _, err := w.Write(e.content); err != nil {
			return nil, fmt.Errorf("archiving %s: %w", e.name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("ending an archive: %w", err)
	}
	return b.Bytes(), nil
}

func gzipped(content []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b) // without a name and a time in its header
	if _, err := w.Write(content); err != nil {
		return nil, fmt.Errorf("compressing: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compressing: %w", err)
	}
	return b.Bytes(), nil
}

func zipOf(at time.Time, entries ...entry) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: at}
		header.SetMode(os.FileMode(e.mode)) // the modes are this file's own
		f, err := w.CreateHeader(header)
		if err != nil {
			return nil, fmt.Errorf("archiving %s: %w", e.name, err)
		}
		if _, err := f.Write(e.content); err != nil {
			return nil, fmt.Errorf("archiving %s: %w", e.name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("ending an archive: %w", err)
	}
	return b.Bytes(), nil
}

// plugin builds the plugin's archives and the krew manifest that names them.
func (r *release) plugin() error {
	license, err := os.ReadFile("LICENSE")
	if err != nil {
		return fmt.Errorf("reading the licence: %w", err)
	}
	completion, err := os.ReadFile("cmd/kubectl-clevertap/kubectl_complete-clevertap")
	if err != nil {
		return fmt.Errorf("reading the completion: %w", err)
	}
	var krew strings.Builder
	for _, goos := range []string{"linux", "darwin", "windows"} {
		for _, arch := range []string{"amd64", "arm64"} {
			p := platform{goos, arch}
			binary, err := r.compile("./cmd/kubectl-clevertap", p)
			if err != nil {
				return err
			}
			name, err := r.pluginArchive(p, binary, license, completion)
			if err != nil {
				return err
			}
			sum, err := r.sha256(name)
			if err != nil {
				return err
			}
			krew.WriteString(r.krewPlatform(p, name, sum))
		}
	}
	return r.write("clevertap.yaml", []byte(r.krewHead()+krew.String()))
}

func (r *release) pluginArchive(p platform, binary, license, completion []byte) (string, error) {
	program := "kubectl-clevertap"
	pack := func(at time.Time, entries ...entry) ([]byte, error) {
		content, err := tarOf(at, entries...)
		if err != nil {
			return nil, err
		}
		return gzipped(content)
	}
	suffix := ".tar.gz"
	if p.os == "windows" {
		program, suffix, pack = program+".exe", ".zip", zipOf
	}
	content, err := pack(r.time, entry{program, 0o755, binary}, entry{"kubectl_complete-clevertap", 0o755, completion}, entry{"LICENSE", 0o644, license})
	if err != nil {
		return "", err
	}
	name := "kubectl-clevertap_" + p.String() + suffix
	// The bill of materials is read from the binary, which only its archive keeps.
	unpacked := "kubectl-clevertap_" + p.String()
	if err := r.write(unpacked, binary); err != nil {
		return "", err
	}
	if err := r.sbom(unpacked); err != nil {
		return "", err
	}
	if err := os.Remove(r.path(unpacked)); err != nil {
		return "", fmt.Errorf("removing the plugin's binary: %w", err)
	}
	return name, r.write(name, content)
}

func (r *release) krewHead() string {
	return `apiVersion: krew.googlecontainertools.github.com/v1alpha2
kind: Plugin
metadata:
  name: clevertap
spec:
  version: ` + r.version + `
  homepage: https://github.com/passcode-operator/clevertap-passcode-operator
  shortDescription: Show, stage, rotate and verify CleverTap passcodes
  description: |
    Shows the CleverTapPasscodes of a cluster and what they require, stages the
    next passcode without leaving it in a shell's history, and rotates, verifies
    and explains.
  platforms:
`
}

func (r *release) krewPlatform(p platform, archive, sum string) string {
	program := "kubectl-clevertap"
	if p.os == "windows" {
		program += ".exe"
	}
	return fmt.Sprintf(`  - selector:
      matchLabels:
        os: %s
        arch: %s
    uri: https://github.com/passcode-operator/clevertap-passcode-operator/releases/download/%s/%s
    sha256: %s
    bin: %s
`, p.os, p.arch, r.version, archive, sum, program)
}

// chart packages the chart with this version. Helm's archive has the time of its making: it is archived anew.
func (r *release) chart() error {
	folder, err := os.MkdirTemp("", "dist-chart-")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if _, err := output(r.helm, "package", "charts/clevertap-passcode-operator", "--destination", folder,
		"--version", strings.TrimPrefix(r.version, "v"), "--app-version", r.version); err != nil {
		return err
	}
	name := "clevertap-passcode-operator-" + strings.TrimPrefix(r.version, "v") + ".tgz"
	packed, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		return fmt.Errorf("reading the chart: %w", err)
	}
	entries, err := entriesOf(packed)
	if err != nil {
		return err
	}
	content, err := tarOf(r.time, entries...)
	if err != nil {
		return err
	}
	if content, err = gzipped(content); err != nil {
		return err
	}
	return r.write(name, content)
}

func entriesOf(archive []byte) ([]entry, error) {
	plain, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, fmt.Errorf("reading an archive: %w", err)
	}
	var entries []entry
	for reader := tar.NewReader(plain); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading an archive: %w", err)
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", header.Name, err)
		}
		entries = append(entries, entry{header.Name, 0o644, content})
	}
}
