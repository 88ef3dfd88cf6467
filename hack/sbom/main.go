// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Command sbom prints the bill of materials of a Go binary, as SPDX 2.3 in JSON: what the binary says of itself.
//
//	go run ./hack/sbom BINARY
package main

import (
	"debug/buildinfo"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"

	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/spdx/v2/common"
)

func main() {
	// Without a time and a commit, a bill of the same binary is still the same bill.
	created := flag.String("created", "1970-01-01T00:00:00Z", "time of the bill: that of the commit")
	commit := flag.String("commit", "", "commit, which makes the bill's namespace its own")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: sbom [-created TIME] [-commit COMMIT] BINARY")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *created, *commit); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(path, created, commit string) error {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading what %s says of itself: %w", path, err)
	}
	name := filepath.Base(path)
	document := &spdx.Document{
		SPDXVersion:       spdx.Version,
		DataLicense:       spdx.DataLicense,
		SPDXIdentifier:    "DOCUMENT",
		DocumentName:      name,
		DocumentNamespace: "https://" + info.Main.Path + "/sbom/" + strings.TrimSuffix(name+"/"+commit, "/"),
		CreationInfo:      &spdx.CreationInfo{Creators: []common.Creator{{CreatorType: "Tool", Creator: "hack/sbom"}}, Created: created},
	}
	main := pkg(info.Main)
	document.Packages = append(document.Packages, main)
	relate(document, "DOCUMENT", "DESCRIBES", main.PackageSPDXIdentifier)
	modules := append([]*debug.Module{{Path: "stdlib", Version: info.GoVersion}}, info.Deps...)
	for _, module := range modules {
		if module.Replace != nil {
			module = module.Replace
		}
		p := pkg(*module)
		document.Packages = append(document.Packages, p)
		relate(document, main.PackageSPDXIdentifier, "DEPENDS_ON", p.PackageSPDXIdentifier)
	}
	if err := spdxjson.Write(document, os.Stdout, spdxjson.Indent("  ")); err != nil {
		return fmt.Errorf("writing the bill: %w", err)
	}
	return nil
}

func pkg(module debug.Module) *spdx.Package {
	id := regexp.MustCompile("[^A-Za-z0-9.-]").ReplaceAllString(module.Path, "-")
	return &spdx.Package{
		PackageName:             module.Path,
		PackageVersion:          module.Version,
		PackageSPDXIdentifier:   common.ElementID("Package-" + id),
		PackageDownloadLocation: "NOASSERTION",
		PackageLicenseConcluded: "NOASSERTION",
		PackageLicenseDeclared:  "NOASSERTION",
		PackageCopyrightText:    "NOASSERTION",
		PackageExternalReferences: []*spdx.PackageExternalReference{{
			Category: "PACKAGE-MANAGER", RefType: "purl", Locator: "pkg:golang/" + module.Path + "@" + module.Version,
		}},
	}
}

func relate(document *spdx.Document, from common.ElementID, how string, to common.ElementID) {
	document.Relationships = append(document.Relationships, &spdx.Relationship{
		RefA: common.MakeDocElementID("", string(from)), Relationship: how, RefB: common.MakeDocElementID("", string(to)),
	})
}
