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

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passcode-operator/clevertap-passcode-operator/test/env"
)

// A mutant whose right place is gone, or is there twice, proves nothing.
func TestMutantsHaveOnePlaceEach(t *testing.T) {
	for _, m := range mutants() {
		text, err := os.ReadFile(filepath.Join(env.Root(), m.file))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), m.right); n != 1 {
			t.Errorf("%s: %d places in %s", m.mistake, n, m.file)
		}
	}
}
