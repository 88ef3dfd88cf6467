// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"testing"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

// Alerts are on increases, and the first failure would be none of a series that began with it.
func TestCountersThatAlertsWatchBeginAtZero(t *testing.T) {
	g := NewWithT(t)
	c, registry := NewCounters(), prometheus.NewRegistry()
	g.Expect(c.Register(registry)).To(Succeed())
	count := func(name string) int {
		families, err := registry.Gather()
		g.Expect(err).NotTo(HaveOccurred())
		for _, family := range families {
			if family.GetName() == name {
				return len(family.GetMetric())
			}
		}
		return 0
	}
	g.Expect(count(prefix + "verifications_total")).To(Equal(4 * len(clevertap.Regions())))
	g.Expect(count(prefix + "notifications_total")).To(Equal(3))

	c.VerificationFinished(clevertap.India, 0, &clevertap.RejectedError{})
	c.Notified("error")
	g.Expect(count(prefix+"verifications_total")).To(Equal(4*len(clevertap.Regions())), "a result that was not begun at zero")
	g.Expect(count(prefix + "notifications_total")).To(Equal(3))
}
