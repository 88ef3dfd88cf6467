// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

// Counters count what this process did, and say which namespaces it watches.
type Counters struct {
	build         *prometheus.GaugeVec
	watched       *prometheus.GaugeVec
	rotations     *prometheus.CounterVec
	verifications *prometheus.CounterVec
	durations     *prometheus.HistogramVec
	restarts      *prometheus.CounterVec
	notifications *prometheus.CounterVec
}

// NewCounters returns counters at zero.
func NewCounters() *Counters {
	c := &Counters{
		build: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: prefix + "build_info", Help: "1, with the version, the commit and the Go version of the operator.",
		}, []string{"version", "revision", "goversion"}),
		watched: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: prefix + "namespace_watched", Help: "Whether a namespace of --namespaces is watched: 0 if it is missing or reading it is not permitted.",
		}, []string{"namespace"}),
		rotations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "rotations_total", Help: "Publications of a value, by reason.",
		}, []string{"namespace", "name", "reason"}),
		verifications: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "verifications_total", Help: "Verifications with CleverTap, by result.",
		}, []string{"region", "result"}),
		restarts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "rollout_restarts_total", Help: "Restarts of workloads, by kind and result of the write.",
		}, []string{"kind", "result"}),
		notifications: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "notifications_total", Help: "Notifications, by result: success, error, or dropped because the queue was full.",
		}, []string{"result"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: prefix + "verification_duration_seconds", Help: "Duration of calls to CleverTap.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"region"}),
	}
	c.beginAtZero()
	return c
}

// beginAtZero makes the series whose labels are known: of one that began at 1, Prometheus sees no increase.
func (c *Counters) beginAtZero() {
	for _, region := range clevertap.Regions() {
		for _, result := range []string{"accepted", "rejected", "rate_limited", "unavailable"} {
			c.verifications.WithLabelValues(string(region), result)
		}
	}
	for _, result := range []string{"success", "error", "dropped"} {
		c.notifications.WithLabelValues(result)
	}
}

// Build says what the operator was built from.
func (c *Counters) Build(version, revision, goVersion string) {
	c.build.WithLabelValues(version, revision, goVersion).Set(1)
}

// Register adds all of them to the registry.
func (c *Counters) Register(registry prometheus.Registerer) error {
	var problems []error
	for _, collector := range []prometheus.Collector{c.rotations, c.verifications, c.durations, c.restarts, c.notifications, c.watched, c.build} {
		problems = append(problems, registry.Register(collector))
	}
	return errors.Join(problems...)
}

// Rotated counts a publication.
func (c *Counters) Rotated(object types.NamespacedName, reason v1alpha1.RotationReason) {
	c.rotations.WithLabelValues(object.Namespace, object.Name, string(reason)).Inc()
}

// Forget removes an object's series.
func (c *Counters) Forget(object types.NamespacedName) {
	c.rotations.DeletePartialMatch(prometheus.Labels{"namespace": object.Namespace, "name": object.Name})
}

// Restarted counts a restart of a workload.
func (c *Counters) Restarted(kind string, err error) {
	result := "success"
	if err != nil {
		result = "error"
	}
	c.restarts.WithLabelValues(kind, result).Inc()
}

// Watched says whether a namespace is watched.
func (c *Counters) Watched(namespace string, yes bool) {
	value := 0.0
	if yes {
		value = 1
	}
	c.watched.WithLabelValues(namespace).Set(value)
}

// Notified counts a notification.
func (c *Counters) Notified(result string) {
	c.notifications.WithLabelValues(result).Inc()
}

// VerificationFinished counts a verification.
func (c *Counters) VerificationFinished(region clevertap.Region, took time.Duration, err error) {
	c.verifications.WithLabelValues(string(region), result(err)).Inc()
	c.durations.WithLabelValues(string(region)).Observe(took.Seconds())
}

func result(err error) string {
	var (
		rejected *clevertap.RejectedError
		limited  *clevertap.RateLimitedError
	)
	switch {
	case err == nil:
		return "accepted"
	case errors.As(err, &rejected):
		return "rejected"
	case errors.As(err, &limited):
		return "rate_limited"
	}
	return "unavailable"
}
