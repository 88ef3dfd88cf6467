// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// Build is what a binary says of itself.
type Build struct {
	// Version is the tag, or what Go derives from the commit; "unknown" if it was built without either.
	Version string
	// Revision is the commit, with "-dirty" if files were changed; "unknown" if it was built without one.
	Revision  string
	GoVersion string
}

// ReadBuild returns what the linker recorded.
func ReadBuild() Build {
	b := Build{Version: "unknown", Revision: "unknown", GoVersion: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	return buildOf(info, b)
}

func buildOf(info *debug.BuildInfo, b Build) Build {
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		b.Version = info.Main.Version
	}
	modified := false
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Revision = setting.Value
		case "vcs.modified":
			modified = setting.Value == "true"
		}
	}
	if modified {
		b.Revision += "-dirty"
	}
	return b
}

// String is what --version prints.
func (b Build) String() string {
	return fmt.Sprintf("clevertap-passcode-operator %s (commit %s, %s)", cmp.Or(b.Version, "unknown"), cmp.Or(b.Revision, "unknown"), b.GoVersion)
}

// fields are those of a log line.
func (b Build) fields() []any {
	return []any{"version", b.Version, "commit", b.Revision, "go", b.GoVersion}
}
