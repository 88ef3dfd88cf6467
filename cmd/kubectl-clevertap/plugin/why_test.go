// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"maps"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
)

// The messages are those of package status, shortened.
const (
	createInFull = `create "shop-2027", expiry "Set day(s)", 90, at the dashboard and stage it: kubectl clevertap stage`
	createNext   = "create the next passcode at the dashboard and stage it (the condition SuccessorReady has the command)"
	fixSource    = `add the key "q1" to Secret "staged", or correct secretKeyRef.key`
)

type whyRow struct {
	conditions  []metav1.Condition
	entries     []v1alpha1.PasscodeStatus
	because, do []string
}

func whyRows() map[string]whyRow {
	return map[string]whyRow{
		"a rejected passcode without a successor has one action, in full": {
			conditions: []metav1.Condition{
				is("Ready", "False", `CleverTap rejects "q4", and no other entry can become active. Action required: check accountID; else `+createNext),
				is("Stalled", "True", `CleverTap rejects "q4", and no other entry can become active. Action required: check accountID; else `+createNext),
				is("SuccessorReady", "False", "There is no successor. Action required: "+createInFull),
			},
			because: []string{`CleverTap rejects "q4", and no other entry can become active`, "There is no successor"},
			do:      []string{"check accountID; else " + createInFull},
		},
		"a passcode that expires soon has one action, with its date": {
			conditions: []metav1.Condition{
				is("ExpiringSoon", "True", `"q4" expires soon, and there is no successor. Action required: before then, `+createNext),
				is("SuccessorReady", "False", "There is no successor. Action required: before 2026-12-30 09:00 UTC, "+createInFull),
			},
			because: []string{`"q4" expires soon, and there is no successor`, "There is no successor"},
			do:      []string{"before 2026-12-30 09:00 UTC, " + createInFull},
		},
		"an entry without its key has one action": {
			conditions: []metav1.Condition{
				is("ExpiringSoon", "True", `"q4" expires soon, and there is no successor. Action required: before then, fix the source of "q1" (the condition SourcesReady says how)`),
				is("SuccessorReady", "False", `There is no successor: "q1" has no usable value. Action required: before 2026-12-30 09:00 UTC, `+fixSource),
				is("SourcesReady", "False", `"q1": Secret "staged" has no key "q1". Action required: `+fixSource),
			},
			because: []string{`"q4" expires soon, and there is no successor`, `There is no successor: "q1" has no usable value`, `"q1": Secret "staged" has no key "q1"`},
			do:      []string{"before 2026-12-30 09:00 UTC, " + fixSource},
		},
		"what only takes time is a cause": {
			conditions: []metav1.Condition{is("Ready", "Unknown", "Verifying the passcode with CleverTap")},
			because:    []string{"Verifying the passcode with CleverTap"},
			do:         []string{},
		},
		"a denied write is an action": {
			conditions: []metav1.Condition{
				is("Ready", "True", `"q4" is active`), is("Reconciling", "True", "Secret could not be written. Action required: allow it"),
			},
			because: []string{`"q4" is active`, "Secret could not be written"},
			do:      []string{"allow it"},
		},
	}
}

func whyRowsOfReplaced() map[string]whyRow {
	return map[string]whyRow{
		"a replaced passcode that is in use has an action": {
			conditions: []metav1.Condition{is("Ready", "True", `"q1" is active`)},
			entries: []v1alpha1.PasscodeStatus{
				{Name: "q4", State: v1alpha1.StateRetiring, Message: "it was replaced and is still in use by Pods: api-1. Action required: restart them"},
			},
			because: []string{`"q1" is active`},
			do:      []string{`"q4": it was replaced and is still in use by Pods: api-1: restart them`},
		},
		"Pods that only a person can restart are one action": {
			conditions: []metav1.Condition{
				is("Ready", "True", `"q1" is active`), is("RolloutComplete", "False", "Pods still use an old value: api-1. Action required: restart what they belong to"),
			},
			entries: []v1alpha1.PasscodeStatus{
				{Name: "q4", State: v1alpha1.StateRetiring, Message: "it was replaced and is still in use by Pods: api-1. Action required: restart them"},
			},
			because: []string{`"q1" is active`, "Pods still use an old value: api-1"},
			do:      []string{"restart what they belong to"},
		},
	}
}

func TestWhy(t *testing.T) {
	expiry := metav1.NewTime(time.Date(2026, 12, 30, 9, 0, 0, 0, time.UTC))
	rows := whyRows()
	maps.Copy(rows, whyRowsOfReplaced())
	for name, c := range rows {
		t.Run(name, func(t *testing.T) {
			o := &v1alpha1.CleverTapPasscode{Status: v1alpha1.CleverTapPasscodeStatus{ExpiresAt: &expiry, Conditions: c.conditions, Passcodes: c.entries}}
			e := explain(o)
			g := NewWithT(t)
			g.Expect(e.Because).To(Equal(c.because))
			g.Expect(e.Do).To(Equal(c.do))
		})
	}
}

func is(name string, status metav1.ConditionStatus, message string) metav1.Condition {
	return metav1.Condition{Type: name, Status: status, Message: message}
}
