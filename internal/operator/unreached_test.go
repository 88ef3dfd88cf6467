// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"errors"
	"net/http/httptest"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
)

func TestAnAPIServerThatCannotBeReachedIsNamedWithItsLikelyCause(t *testing.T) {
	g := NewWithT(t)
	closed := httptest.NewServer(nil)
	closed.Close()
	err := Run(t.Context(), Options{OperatorNamespace: "operator", MetricsBindAddress: "0", HealthProbeBindAddress: "0", VerifyConcurrency: 1,
		MaxConcurrentReconciles: 1, VerifyTimeout: 1},
		Dependencies{Config: &rest.Config{Host: closed.URL}, Clock: clock.RealClock{}, Registry: prometheus.NewRegistry()})
	g.Expect(err).To(MatchError(And(HavePrefix("the API server "+closed.URL+" cannot be reached"), ContainSubstring("networkPolicy.apiServerPorts"))))
}

func TestAnotherErrorStaysAsItIs(t *testing.T) {
	other := errors.New("the lease was lost")
	NewWithT(t).Expect(explainUnreached(other, "https://example.com")).To(BeIdenticalTo(other))
}
