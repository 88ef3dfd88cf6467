// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package decision_test

import (
	"math"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/utils/ptr"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/decision"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/target"
)

// What the schema denies may be stored all the same, from before a rule was there.
var _ = DescribeTable("An object that the schema would deny", decides,
	Entry("with an interval of nothing is verified at most once a minute", given(published,
		spec(func(s *v1alpha1.CleverTapPasscodeSpec) {
			s.Verification = &v1alpha1.Verification{Interval: ptr.To[v1alpha1.Duration]("0s")}
		}), settled), requestsNoVerification, reconcilesAgainAt(creation.Add(day+time.Minute))),
	Entry("with a negative interval does not either", given(published,
		spec(func(s *v1alpha1.CleverTapPasscodeSpec) {
			s.Verification = &v1alpha1.Verification{Interval: ptr.To[v1alpha1.Duration]("-1h")}
		}), settled), requestsNoVerification, reconcilesAgainAt(creation.Add(day+time.Minute))),
	Entry("with more days than there are expires after a hundred years",
		given(expiresAfterDays("a", math.MaxInt32), published),
		entryExpires("a", creation.Add(36500*day))),
	Entry("with less than a day expires after one",
		given(expiresAfterDays("a", -90), published),
		entryExpires("a", creation.Add(day))),
	Entry("with two keys alike has the default ones",
		given(
			published, spec(func(s *v1alpha1.CleverTapPasscodeSpec) {
				s.Target = &v1alpha1.Target{Keys: &v1alpha1.TargetKeys{Passcode: "k", Region: "k"}}
			})),
		func(w *world, d decision.Decision) {
			Expect(target.EffectiveKeys(w.object)).To(Equal(target.Keys{AccountID: "accountId", Passcode: "passcode", Region: "region",
				Endpoint: "endpoint"}))
		}),
	Entry("that was made in the last year there is ends in it",
		given(
			at(time.Date(9999, 12, 31, 12, 0, 0, 0, time.UTC)),
			createdAt("a", time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)), published),
		entryExpires("a", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC))),
)
