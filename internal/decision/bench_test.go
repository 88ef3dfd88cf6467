// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package decision_test

import (
	"fmt"
	"testing"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/decision"
)

// One pass that finds everything as it must be, by the number of entries.
func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("%d passcodes", n), func(b *testing.B) {
			names := make([]string, n)
			for i := range names {
				names[i] = fmt.Sprintf("p%d", i)
			}
			w := newWorld(listed(names...), published, settled)
			observed := w.observed()
			b.ReportAllocs()
			for b.Loop() {
				decision.Decide(w.now, observed)
			}
		})
	}
}
