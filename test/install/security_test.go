/*
Copyright 2026 The CleverTap Passcode Operator Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package install

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/passcode-operator/clevertap-passcode-operator/test/env"
)

func TestEveryClaimNamesATestThatIsThere(t *testing.T) {
	g := NewWithT(t)
	text, err := os.ReadFile(filepath.Join(env.Root(), "SECURITY.md"))
	g.Expect(err).NotTo(HaveOccurred())
	claims := 0
	for _, row := range regexp.MustCompile(`(?m)^\| .* \| (.*) in (\S+) \|$`).FindAllStringSubmatch(string(text), -1) {
		source, err := os.ReadFile(filepath.Join(env.Root(), row[2]))
		g.Expect(err).NotTo(HaveOccurred())
		for _, phrase := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			g.Expect(strings.Contains(string(source), phrase[1])).To(BeTrue(), "%s: %s", row[2], phrase[1])
			claims++
		}
	}
	g.Expect(claims).To(BeNumerically(">", 15))
}
