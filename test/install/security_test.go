// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package install

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

// The pages that name a test for each of their claims.
func TestEveryClaimNamesATestThatIsThere(t *testing.T) {
	for _, page := range []string{"SECURITY.md", "docs/development/statements.md"} {
		t.Run(page, func(t *testing.T) {
			g := NewWithT(t)
			text, err := os.ReadFile(filepath.Join(harness.Root(), page))
			g.Expect(err).NotTo(HaveOccurred())
			claims := 0
			for _, row := range regexp.MustCompile(`(?m)^\| .* \| (.*) in (\S+) \|$`).FindAllStringSubmatch(string(text), -1) {
				source, err := os.ReadFile(filepath.Join(harness.Root(), row[2]))
				g.Expect(err).NotTo(HaveOccurred())
				for _, phrase := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
					g.Expect(strings.Contains(string(source), phrase[1])).To(BeTrue(), "%s: %s", row[2], phrase[1])
					claims++
				}
			}
			g.Expect(claims).To(BeNumerically(">=", 20))
		})
	}
}
