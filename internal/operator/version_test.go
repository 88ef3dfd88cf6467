// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"fmt"
	"runtime/debug"
	"testing"

	. "github.com/onsi/gomega"
)

func TestABuildSaysWhatItIs(t *testing.T) {
	commit := []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "false"}}
	changed := []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"}}
	for title, row := range map[string]struct {
		version  string
		settings []debug.BuildSetting
		want     string
	}{
		"of a tag":                       {"v0.1.0", commit, "clevertap-passcode-operator v0.1.0 (commit abc, go1)"},
		"of a commit with changed files": {"v0.1.1-0.20261125+dirty", changed, "clevertap-passcode-operator v0.1.1-0.20261125+dirty (commit abc-dirty, go1)"},
		"without tags and commit":        {"(devel)", nil, "clevertap-passcode-operator unknown (commit unknown, go1)"},
	} {
		t.Run(title, func(t *testing.T) {
			b := buildOf(&debug.BuildInfo{Main: debug.Module{Version: row.version}, Settings: row.settings},
				Build{Version: "unknown", Revision: "unknown", GoVersion: "go1"})
			NewWithT(t).Expect(b.String()).To(Equal(row.want))
		})
	}
}

// What is logged at the start is of URLs the scheme and the host only: tokens are in paths and users.
func TestTheConfigurationInTheLogHasNoToken(t *testing.T) {
	o := Options{ClevertapEndpoint: "https://user:secret@gateway.example.com/secret/{region}",
		NotificationSink: "https://hooks.example.com/secret?token=secret"}
	text := fmt.Sprint(o.fields()...)
	NewWithT(t).Expect(text).To(And(ContainSubstring("https://gateway.example.com"), ContainSubstring("https://hooks.example.com"),
		Not(ContainSubstring("secret"))))
}
