// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	dto "github.com/prometheus/client_model/go"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// series are the operator's own as "name{label=value,...} value", sorted, without prefix and object's name.
func (c *cluster) series() []string {
	families, err := c.registry.Gather()
	Expect(err).NotTo(HaveOccurred())
	var all []string
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			all = append(all, strings.TrimPrefix(family.GetName(), "clevertap_passcode_")+labels(metric)+" "+number(metric))
		}
	}
	slices.Sort(all)
	return all
}

func labels(metric *dto.Metric) string {
	var pairs []string
	for _, pair := range metric.GetLabel() {
		if pair.GetName() != "namespace" && pair.GetName() != "name" {
			pairs = append(pairs, pair.GetName()+"="+pair.GetValue())
		}
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

func number(metric *dto.Metric) string {
	switch {
	case metric.GetGauge() != nil:
		return fmt.Sprintf("%.0f", metric.GetGauge().GetValue())
	case metric.GetCounter() != nil:
		return fmt.Sprintf("%.0f", metric.GetCounter().GetValue())
	}
	return fmt.Sprint(metric.GetHistogram().GetSampleCount())
}

var _ = Describe("Metrics", func() {
	It("have what the contract promises, and vanish with their object", func(ctx SpecContext) {
		c := withSuccessor(ctx)
		c.change(ctx, annotating(v1alpha1.RotateRequestedAtAnnotation, "now"))
		Eventually(c.status(ctx)).Should(HaveField("LastHandledRotateAt", "now"))
		c.settled()
		calls := len(c.vendor.Calls())
		at := func(days int) string { return fmt.Sprint(c.start.AddDate(0, 0, days).Unix()) }
		Eventually(c.series).Should(ContainElements(
			"expiration_timestamp_seconds{} "+at(90),
			"rotation_timestamp_seconds{} "+at(60),
			"runway_timestamp_seconds{} "+at(90),
			"status_condition{condition=Ready,status=True} 1",
			"status_condition{condition=Ready,status=False} 0",
			"status_condition{condition=Ready,status=Unknown} 0",
			"status_condition{condition=ExpiringSoon,status=False} 1",
			"ready_reason{reason=PasscodePublished} 1",
			"info{account_id=TEST-5RW-K78-985Z,region=in1,type=Account} 1",
			"entries{state=Active} 1",
			"entries{state=Staged} 1",
			"entries{state=Retired} 1",
			"stale_pods{} 0",
			"retired_timestamp_seconds{} "+at(0),
			"entries{state=Missing} 0",
			"rotations_total{reason=Initial} 1",
			"rotations_total{reason=Requested} 1",
			fmt.Sprintf("verifications_total{region=in1,result=accepted} %d", calls),
			fmt.Sprintf("verification_duration_seconds{region=in1} %d", calls),
		))
		Expect(kube.Delete(ctx, c.object(ctx))).To(Succeed())
		Eventually(c.series).Should(HaveEach(MatchRegexp(`^(verification|notifications_total|namespace_watched|build_info)`)))
	})
})
