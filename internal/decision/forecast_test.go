// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package decision_test

import (
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/forecast"
)

func forecastOf(steps ...step) []forecast.Milestone {
	w := newWorld(steps...)
	return forecast.Of(w.now, w.object)
}

var _ = DescribeTable("A forecast", func(steps []step, expected ...forecast.Milestone) {
	Expect(forecastOf(steps...)).To(BeComparableTo(expected, cmpopts.EquateEmpty()))
},
	Entry("of a new object begins with its publication", given(),
		milestone(made.Add(day), "Published", "a"),
		milestone(rotates, "ExpiringSoon", "a"),
		milestone(ends, "Expired", "a")),
	Entry("of two passcodes has the second take over", given(listed("a", "b"), lasting("b", 149)),
		milestone(made.Add(day), "Published", "a"),
		milestone(rotates, "Published", "b"),
		milestone(rotates.Add(59*day), "ExpiringSoon", "b"),
		milestone(rotates.Add(89*day), "Expired", "b")),
	Entry("of what is published begins there", given(published),
		milestone(rotates, "ExpiringSoon", "a"),
		milestone(ends, "Expired", "a")),
	Entry("does not go back to what was replaced", given(rotated),
		milestone(rotates, "ExpiringSoon", "b"),
		milestone(ends, "Expired", "b")),
	Entry("does not count on what CleverTap refused", given(listed("a", "b"), lasting("b", 149), publishedOnly("a"), rejected("b"), settled),
		milestone(rotates, "ExpiringSoon", "a"),
		milestone(ends, "Expired", "a")),
	Entry("of one that lasts forever is empty", given(forever("a"), published)),
	Entry("of windows each minute goes past them where nothing can take over", given(spec(eachMinute), published),
		milestone(rotates, "ExpiringSoon", "a"),
		milestone(ends, "Expired", "a")),
	Entry("of windows each minute, of one that lasts ten thousand hours more, ends too", given(spec(eachMinute), lasting("a", 36500), rotatingBefore("875000h"), spec(eachMinute), published)),
	Entry("of a pinned one with a long before ends", given(listed("a", "b"), lasting("a", 36500), lasting("b", 36500), published, spec(eachMinute), spec(pinnedLong))),
	Entry("of a pinned one stays until it ends", given(listed("a", "b"), lasting("b", 150), published, pinning("a")),
		milestone(rotates, "ExpiringSoon", "a"),
		milestone(ends, "Published", "b"),
		milestone(rotates.Add(60*day), "ExpiringSoon", "b"),
		milestone(rotates.Add(90*day), "Expired", "b")),
)

func eachMinute(s *v1alpha1.CleverTapPasscodeSpec) {
	if s.Rotation == nil {
		s.Rotation = &v1alpha1.Rotation{}
	}
	s.Rotation.Windows = []v1alpha1.RotationWindow{{Schedule: "* * * * *", Duration: "1m"}}
}

func pinnedLong(s *v1alpha1.CleverTapPasscodeSpec) {
	before := v1alpha1.Duration("875000h")
	s.Rotation.Pin, s.Rotation.Before = "a", &before
}

func milestone(at time.Time, kind forecast.Kind, passcode string) forecast.Milestone {
	return forecast.Milestone{At: at, Kind: kind, Passcode: passcode}
}
