// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

// A mutant whose right place is gone, or is there twice, proves nothing.
func TestMutantsHaveOnePlaceEach(t *testing.T) {
	for _, m := range mutants() {
		text, err := os.ReadFile(filepath.Join(harness.Root(), m.file))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), m.right); n != 1 {
			t.Errorf("%s: %d places in %s", m.mistake, n, m.file)
		}
	}
}
