// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package verification

import (
	"fmt"
	"testing"

	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

func newOutages() (*outages, *[]string) {
	lines := &[]string{}
	log := funcr.New(func(_, args string) { *lines = append(*lines, args) }, funcr.Options{})
	return &outages{log: log, values: map[accountKey]sets.Set[string]{}}, lines
}

func TestAnOutageOfTenThousandValuesIsALineForEachAccountAndRegion(t *testing.T) {
	g := NewWithT(t)
	o, lines := newOutages()
	outage := &clevertap.UnavailableError{Detail: "in1.api.clevertap.com answered HTTP 503"}
	accounts := []accountKey{{"in1", "TEST-1"}, {"in1", "TEST-2"}, {"eu1", "TEST-1"}}
	for i := range 10_000 {
		o.ended(accounts[i%3], fmt.Sprint(i), outage)
	}
	g.Expect(*lines).To(HaveLen(3))
	for i := range 10_000 {
		o.ended(accounts[i%3], fmt.Sprint(i), nil)
	}
	g.Expect(*lines).To(HaveLen(6))
	g.Expect((*lines)[5]).To(And(ContainSubstring("available again"), ContainSubstring("TEST-"), ContainSubstring(`"region"=`)))
	g.Expect(o.values).To(BeEmpty())
}

func TestARejectionEndsAnOutage(t *testing.T) {
	g := NewWithT(t)
	o, lines := newOutages()
	o.ended(accountKey{"in1", "TEST-1"}, "a", &clevertap.RateLimitedError{Detail: "HTTP 429"})
	o.ended(accountKey{"in1", "TEST-1"}, "a", &clevertap.RejectedError{Detail: "HTTP 401"})
	g.Expect(*lines).To(HaveLen(2))
}

func TestAnOutageLastsWhileOneValueHasNoResult(t *testing.T) {
	g := NewWithT(t)
	o, lines := newOutages()
	down := &clevertap.UnavailableError{Detail: "HTTP 403"}
	for range 5 {
		o.ended(accountKey{"in1", "TEST-1"}, "a", down)
		o.ended(accountKey{"in1", "TEST-1"}, "b", nil)
	}
	g.Expect(*lines).To(HaveLen(1))
}

func TestAValueThatIsGoneIsNoLine(t *testing.T) {
	g := NewWithT(t)
	o, lines := newOutages()
	o.ended(accountKey{"in1", "TEST-1"}, "a", &clevertap.UnavailableError{Detail: "HTTP 503"})
	o.forget("a")
	g.Expect(*lines).To(HaveLen(1))
	g.Expect(o.values).To(BeEmpty())
}
