// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Command dist builds all that a release attaches, without docker and without a registry: make dist.
//
//	operator binaries ──> images, one OCI layout and a tarball each
//	plugin binaries   ──> archives, krew manifest
//	config, chart     ──> install.yaml, the chart's .tgz
//	all of them       ──> SBOM of each binary, release notes, checksums
//
// Times are those of the commit, so two runs on one commit give the same bytes.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	r := release{}
	flag.StringVar(&r.out, "out", "dist", "folder to write to")
	flag.StringVar(&r.helm, "helm", "helm", "path of helm")
	flag.StringVar(&r.kustomize, "kustomize", "kustomize", "path of kustomize")
	imageOnly := flag.Bool("image-only", false, "build the image for this machine only, for make e2e")
	flag.Parse()
	build := r.build
	if *imageOnly {
		build = r.buildImage
	}
	if err := build(); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

// release is one commit's.
type release struct {
	out, helm, kustomize string
	version, commit      string
	time                 time.Time
}

func (r *release) build() error {
	for _, step := range []func() error{r.identify, r.operator, r.plugin, r.manifests, r.chart, r.notes, r.checksums} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// buildImage builds the operator and its image as a release does, for this machine only.
func (r *release) buildImage() error {
	if err := r.identify(); err != nil {
		return err
	}
	_, err := r.imageFor(platform{"linux", runtime.GOARCH})
	return err
}

// identify takes version and time from git: the tag, or the last tag with the commit; v0.0.0 if there is none.
func (r *release) identify() error {
	commit, err := output("git", "rev-parse", "HEAD")
	if err != nil {
		return err
	}
	seconds, err := output("git", "log", "-1", "--format=%ct")
	if err != nil {
		return err
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return fmt.Errorf("reading the time of the commit: %w", err)
	}
	r.commit, r.time = commit, time.Unix(unix, 0).UTC()
	if r.version, err = output("git", "describe", "--tags", "--match=v*", "--always", "--dirty"); err != nil {
		return err
	}
	if !strings.HasPrefix(r.version, "v") {
		r.version = "v0.0.0-" + r.version
	}
	if err := os.RemoveAll(r.out); err != nil {
		return fmt.Errorf("emptying %s: %w", r.out, err)
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return fmt.Errorf("making %s: %w", r.out, err)
	}
	fmt.Printf("dist: %s of %s\n", r.version, r.time.Format(time.RFC3339))
	return nil
}

func (r *release) path(name string) string { return filepath.Join(r.out, name) }

// platform is one that Go builds for.
type platform struct{ os, arch string }

func (p platform) String() string { return p.os + "_" + p.arch }

// compile builds a package for a platform and returns the binary's content.
func (r *release) compile(pkg string, p platform) ([]byte, error) {
	file, err := os.CreateTemp("", "dist-")
	if err != nil {
		return nil, fmt.Errorf("making a file: %w", err)
	}
	_ = file.Close()
	defer func() { _ = os.Remove(file.Name()) }()
	command := exec.Command("go", "build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w", "-o", file.Name(), pkg)
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch, "GOFLAGS=")
	if out, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building %s for %s: %w: %s", pkg, p, err, out)
	}
	content, err := os.ReadFile(file.Name())
	if err != nil {
		return nil, fmt.Errorf("reading %s for %s: %w", pkg, p, err)
	}
	return content, nil
}

// write writes a file of the release.
func (r *release) write(name string, content []byte) error {
	if err := os.WriteFile(r.path(name), content, 0o644); err != nil { // a release is for all to read
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

// sbom writes the bill of materials of a binary of the release.
func (r *release) sbom(binary string) error {
	out, err := output("go", "run", "./hack/sbom", "-created", r.time.Format(time.RFC3339), "-commit", r.commit, r.path(binary))
	if err != nil {
		return err
	}
	return r.write(binary+".spdx.json", []byte(out+"\n"))
}

// manifests writes install.yaml with the image of this version.
func (r *release) manifests() error {
	out, err := output(r.kustomize, "build", "config/default")
	if err != nil {
		return err
	}
	return r.write("install.yaml", []byte(strings.ReplaceAll(out, repository+":v0.1.0", repository+":"+r.version)+"\n"))
}

// notes are the changelog's newest section.
func (r *release) notes() error {
	text, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		return fmt.Errorf("reading the changelog: %w", err)
	}
	_, after, found := strings.Cut(string(text), "\n## ")
	if !found {
		return fmt.Errorf("CHANGELOG.md has no section")
	}
	section, _, _ := strings.Cut(after, "\n## ")
	_, body, _ := strings.Cut(section, "\n")
	return r.write("release-notes.md", []byte("# "+r.version+"\n"+body))
}

func (r *release) checksums() error {
	entries, err := os.ReadDir(r.out)
	if err != nil {
		return fmt.Errorf("listing %s: %w", r.out, err)
	}
	var lines []string
	for _, entry := range entries {
		if entry.IsDir() {
			continue
		}
		sum, err := r.sha256(entry.Name())
		if err != nil {
			return err
		}
		lines = append(lines, sum+"  "+entry.Name()+"\n")
	}
	slices.Sort(lines)
	return r.write("checksums.txt", []byte(strings.Join(lines, "")))
}

func (r *release) sha256(name string) (string, error) {
	content, err := os.ReadFile(r.path(name))
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", name, err)
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:]), nil
}

// output is what a program prints, without the line end.
func output(program string, args ...string) (string, error) {
	command := exec.Command(program, args...)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("running %s %s: %w", program, strings.Join(args, " "), err)
	}
	return strings.TrimRight(string(out), "\n"), nil
}
