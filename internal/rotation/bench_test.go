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

package rotation_test

import (
	"fmt"
	"testing"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/rotation"
)

// What one pass costs when nothing is to be done, by the number of listed passcodes.
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
				rotation.Decide(w.now, observed)
			}
		})
	}
}
