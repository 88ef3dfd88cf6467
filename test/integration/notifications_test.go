// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/operator"
)

// receiver is a sink that keeps what it got: "Severity Reason passcode", and when a person must act by, if ever.
type receiver struct {
	mu  sync.Mutex
	log []string
}

func (r *receiver) ServeHTTP(_ http.ResponseWriter, request *http.Request) {
	var data struct{ Severity, AccountID, Region, Passcode, Message, DueTime string }
	if err := json.NewDecoder(request.Body).Decode(&data); err != nil || data.AccountID != accountID || data.Region != "in1" || data.Message == "" {
		data.Severity = "incomplete:"
	}
	_, _ = logged.Write([]byte(data.Message)) // which no test may find a passcode in
	line := strings.Join([]string{data.Severity, strings.TrimPrefix(request.Header.Get("Ce-Type"), "clevertap.passcode-operator.io."), data.Passcode}, " ")
	if data.DueTime != "" {
		line += " due"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, line)
}

func (r *receiver) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.log...)
}

var _ = Describe("Notices", func() {
	It("report what happens to an object, each thing once, also over restarts", func(ctx SpecContext) {
		sink := &receiver{}
		server := httptest.NewServer(sink)
		DeferCleanup(server.Close)
		c := newCluster(ctx, func(o *operator.Options, _ *rest.Config) { o.NotificationSink = server.URL + "/hook" })
		c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		c.account.Passcode("q1", "BBB-BBB-BBBB", 150)
		c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA", "q1": "BBB-BBB-BBBB"})
		c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start), lasting("q1", c.start, 150)})
		Eventually(sink.got).Should(Equal([]string{"Normal PasscodePublished q4"}))

		c.settled()
		c.clock.SetTime(c.start.Add(60 * day))
		Eventually(sink.got).Should(HaveLen(4))
		Expect(sink.got()[1:]).To(ConsistOf("Normal Rotated q1", "Warning NoSuccessor q1 due", "Normal SafeToDelete q4"))

		c.settled()
		c.restartOperator()
		c.settled()
		c.clock.SetTime(c.start.Add(121 * day)) // 30 days before the end
		Eventually(sink.got).Should(HaveLen(5))
		Expect(sink.got()[4]).To(Equal("Warning ExpiringSoon q1 due"))

		c.clockPasses(time.Hour)
		c.settled()
		Expect(sink.got()).To(HaveLen(5))
		Eventually(c.series).Should(ContainElement(HavePrefix("notifications_total{result=success} ")))
	})

	It("delay nothing if the sink hangs", func(ctx SpecContext) {
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // only then is it known that the other side has gone
			<-r.Context().Done()
		}))
		DeferCleanup(server.Close)
		c := newCluster(ctx, func(o *operator.Options, _ *rest.Config) { o.NotificationSink = server.URL })
		c.account.Passcode("q4", "AAA-AAA-AAAA", 90)
		c.stage(ctx, "staged", map[string]string{"q4": "AAA-AAA-AAAA"})
		c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start)})
		Eventually(c.status(ctx)).Should(HaveField("ActivePasscode", "q4"))
	})
})

var _ = Describe("Labels on metrics", func() {
	It("are those that the flag names", func(ctx SpecContext) {
		c := newCluster(ctx, func(o *operator.Options, _ *rest.Config) { o.MetricLabels = []string{"team", "example.com/costCenter"} })
		c.declare(ctx, []v1alpha1.PasscodeEntry{entry("q4", c.start)}, func(o *v1alpha1.CleverTapPasscode) {
			o.Labels = map[string]string{"team": "growth", "other": "x"}
		})
		Eventually(c.series).Should(ContainElement("labels{label_example_com_cost_center=,label_team=growth} 1"))
	})
})
