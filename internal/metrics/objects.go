// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package metrics has the metrics of the contract.
package metrics

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

const prefix = "clevertap_passcode_"

// Objects reports every object as the informer has it at the moment of the scrape, so that no series can outlive
// its object or lag behind it.
type Objects struct {
	reader  client.Reader
	elected <-chan struct{}
	gauges  []gauge
}

// NewObjects reads from the informer once elected is closed: replicas that wait report nothing, or every sum would be
// twice. Of the objects' own labels those with the keys become labels of a series.
func NewObjects(reader client.Reader, elected <-chan struct{}, labelKeys []string) *Objects {
	m := &Objects{reader: reader, elected: elected, gauges: gauges()}
	if len(labelKeys) > 0 {
		m.gauges = append(m.gauges, ownLabels(labelKeys))
	}
	return m
}

// gauge is one of an object's numbers; collect reads the object's status and sends a value for each set of labels.
type gauge struct {
	desc    *prometheus.Desc
	collect func(o *v1alpha1.CleverTapPasscode, send func(value float64, labels ...string))
}

func newGauge(name, help string, collect func(*v1alpha1.CleverTapPasscode, func(float64, ...string)), labels ...string) gauge {
	return gauge{
		desc:    prometheus.NewDesc(prefix+name, help, append([]string{"namespace", "name"}, labels...), nil),
		collect: collect,
	}
}

func gauges() []gauge {
	return []gauge{
		newGauge("expiration_timestamp_seconds", "When the active passcode expires; absent if it never does.",
			moment(func(s *v1alpha1.CleverTapPasscodeStatus) *metav1.Time { return s.ExpiresAt })),
		newGauge("rotation_timestamp_seconds", "When the successor becomes active; absent without one.",
			moment(func(s *v1alpha1.CleverTapPasscodeStatus) *metav1.Time { return s.NextRotationTime })),
		newGauge("runway_timestamp_seconds", "When the last passcode that becomes active by itself expires; absent if one never does.",
			moment(func(s *v1alpha1.CleverTapPasscodeStatus) *metav1.Time { return s.RunwayUntil })),
		newGauge("retired_timestamp_seconds", "Since when the oldest Retired passcode can be deleted; absent without one.", moment(oldestRetired)),
		newGauge("stale_pods", "Pods that still use a replaced value.", stalePods),
		newGauge("status_condition", "1 for the status that the condition has, 0 for the others.", conditions, "condition", "status"),
		newGauge("ready_reason", "1 for the reason of the condition Ready.", readyReason, "reason"),
		newGauge("info", "1, with the account, the region and the type of the object.", info, "account_id", "region", "type"),
		newGauge("entries", "Entries in the state.", entries, "state"),
	}
}

// Describe implements prometheus.Collector.
func (m *Objects) Describe(descs chan<- *prometheus.Desc) {
	for _, g := range m.gauges {
		descs <- g.desc
	}
}

// Collect implements prometheus.Collector.
func (m *Objects) Collect(metrics chan<- prometheus.Metric) {
	select {
	case <-m.elected:
	default:
		return
	}
	var list v1alpha1.CleverTapPasscodeList
	if err := m.reader.List(context.Background(), &list, client.UnsafeDisableDeepCopy); err != nil {
		metrics <- prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err)
		return
	}
	for _, g := range m.gauges {
		for i := range list.Items {
			o := &list.Items[i]
			g.collect(o, func(value float64, labels ...string) {
				metrics <- prometheus.MustNewConstMetric(g.desc, prometheus.GaugeValue, value, append([]string{o.Namespace, o.Name}, labels...)...)
			})
		}
	}
}

func moment(of func(*v1alpha1.CleverTapPasscodeStatus) *metav1.Time) func(*v1alpha1.CleverTapPasscode, func(float64, ...string)) {
	return func(o *v1alpha1.CleverTapPasscode, send func(float64, ...string)) {
		if t := of(&o.Status); t != nil {
			send(float64(t.Unix()))
		}
	}
}

func conditions(o *v1alpha1.CleverTapPasscode, send func(float64, ...string)) {
	for _, c := range o.Status.Conditions {
		for _, status := range []metav1.ConditionStatus{metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionUnknown} {
			value := 0.0
			if c.Status == status {
				value = 1
			}
			send(value, c.Type, string(status))
		}
	}
}

func readyReason(o *v1alpha1.CleverTapPasscode, send func(float64, ...string)) {
	if ready := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady); ready != nil {
		send(1, ready.Reason)
	}
}

func oldestRetired(s *v1alpha1.CleverTapPasscodeStatus) *metav1.Time {
	var oldest *metav1.Time
	for _, p := range s.Passcodes {
		if p.State == v1alpha1.StateRetired && p.RetiredAt != nil && (oldest == nil || p.RetiredAt.Before(oldest)) {
			oldest = p.RetiredAt
		}
	}
	return oldest
}

func stalePods(o *v1alpha1.CleverTapPasscode, send func(float64, ...string)) {
	var count int32
	if o.Status.StalePods != nil {
		count = o.Status.StalePods.Count
	}
	send(float64(count))
}

func info(o *v1alpha1.CleverTapPasscode, send func(float64, ...string)) {
	kind := o.Spec.Type
	if kind == "" {
		kind = v1alpha1.PasscodeTypeAccount
	}
	send(1, o.Spec.AccountID, string(o.Spec.Region), string(kind))
}

func entries(o *v1alpha1.CleverTapPasscode, send func(float64, ...string)) {
	count := map[v1alpha1.PasscodeState]int{}
	for _, p := range o.Status.Passcodes {
		count[p.State]++
	}
	for _, state := range v1alpha1.PasscodeStates() {
		send(float64(count[state]), string(state))
	}
}
