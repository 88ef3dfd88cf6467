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
		milestone(creation.Add(day), "Published", "a"),
		milestone(rotationTime, "ExpiringSoon", "a"),
		milestone(expiry, "Expired", "a")),
	Entry("of two passcodes has the second become active", given(listed("a", "b"), expiresAfterDays("b", 149)),
		milestone(creation.Add(day), "Published", "a"),
		milestone(rotationTime, "Published", "b"),
		milestone(rotationTime.Add(59*day), "ExpiringSoon", "b"),
		milestone(rotationTime.Add(89*day), "Expired", "b")),
	Entry("of what is published begins there", given(published),
		milestone(rotationTime, "ExpiringSoon", "a"),
		milestone(expiry, "Expired", "a")),
	Entry("does not go back to what was replaced", given(rotatedToB),
		milestone(rotationTime, "ExpiringSoon", "b"),
		milestone(expiry, "Expired", "b")),
	Entry("does not count on what CleverTap rejected",
		given(listed("a", "b"), expiresAfterDays("b", 149), publishedOnly("a"), rejected("b"), settled),
		milestone(rotationTime, "ExpiringSoon", "a"), milestone(expiry, "Expired", "a")),
	Entry("of one that never expires is empty", given(neverExpires("a"), published)),
	Entry("of windows each minute goes past them if there is no successor", given(spec(eachMinute), published),
		milestone(rotationTime, "ExpiringSoon", "a"),
		milestone(expiry, "Expired", "a")),
	Entry("of windows each minute, of one that lasts ten thousand hours more, ends too",
		given(spec(eachMinute), expiresAfterDays("a", 36500), rotatingBefore("875000h"), spec(eachMinute), published)),
	Entry("of a pinned one with a long before ends",
		given(
			listed("a", "b"), expiresAfterDays("a", 36500), expiresAfterDays("b", 36500), published, spec(eachMinute),
			spec(pinnedLong))),
	Entry("of a pinned one stays until it ends",
		given(listed("a", "b"), expiresAfterDays("b", 150), published, pinning("a")),
		milestone(rotationTime, "ExpiringSoon", "a"), milestone(expiry, "Published", "b"),
		milestone(rotationTime.Add(60*day), "ExpiringSoon", "b"), milestone(rotationTime.Add(90*day), "Expired", "b")),
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
