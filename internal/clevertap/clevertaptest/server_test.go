// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package clevertaptest_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
)

type bench struct {
	*WithT
	clock   *clocktesting.FakeClock
	server  *clevertaptest.Server
	account *clevertaptest.Account
	client  *clevertap.Client
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{WithT: NewWithT(t), clock: clocktesting.NewFakeClock(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))}
	b.server = clevertaptest.New(b.clock)
	b.account = b.server.Account(clevertap.India, "TEST-1")
	host := httptest.NewServer(b.server)
	t.Cleanup(host.Close)
	var err error
	b.client, err = clevertap.NewClient(clevertap.Options{Endpoint: host.URL + "/{region}", Now: b.clock.Now})
	b.Expect(err).NotTo(HaveOccurred())
	return b
}

func (b *bench) verify(t *testing.T, region clevertap.Region, value string, mode clevertap.Mode) error {
	passcode, err := clevertap.ParsePasscode([]byte(value))
	b.Expect(err).NotTo(HaveOccurred())
	return b.client.Verify(t.Context(), clevertap.Request{AccountID: "TEST-1", Region: region, Passcode: passcode, Mode: mode})
}

func (b *bench) works(t *testing.T, value string) bool {
	t.Helper()
	connect, events := b.verify(t, clevertap.India, value, clevertap.Connect), b.verify(t, clevertap.India, value, clevertap.Events)
	b.Expect(connect == nil).To(Equal(events == nil), "both modes have the same result")
	return connect == nil
}

func TestAccountPasscodes(t *testing.T) {
	b := newBench(t)
	value, err := b.account.CreatePasscode("q4", 90)
	b.Expect(err).NotTo(HaveOccurred())
	b.Expect(value).To(MatchRegexp("^[A-Z]{3}-[A-Z]{3}-[A-Z]{4}$"))
	b.Expect(b.works(t, value)).To(BeTrue())
	b.Expect(b.verify(t, clevertap.Europe, value, clevertap.Connect)).To(BeAssignableToTypeOf(&clevertap.RejectedError{}), "right, but in another region")

	_, err = b.account.CreatePasscode("q4", 90)
	b.Expect(err).To(MatchError(clevertaptest.ErrNameTaken))
	b.clock.Step(90 * 24 * time.Hour)
	b.Expect(b.works(t, value)).To(BeFalse(), "expired")
	b.account.Edit("q4", time.Time{})
	b.Expect(b.works(t, value)).To(BeTrue(), "edited to last forever")
	b.account.Delete("q4")
	b.Expect(b.works(t, value)).To(BeFalse(), "deleted")
	for i := range clevertaptest.MaxPasscodes {
		_, err := b.account.CreatePasscode(fmt.Sprint(i), 0)
		b.Expect(err).NotTo(HaveOccurred())
	}
	_, err = b.account.CreatePasscode("one more", 0)
	b.Expect(err).To(MatchError(clevertaptest.ErrTooMany))
}

func TestUserPasscodes(t *testing.T) {
	b := newBench(t)
	first, err := b.account.GrantUser("jane", 365)
	b.Expect(err).NotTo(HaveOccurred())
	second, err := b.account.GrantUser("jane", 0)
	b.Expect(err).NotTo(HaveOccurred())
	b.Expect(b.works(t, first)).To(BeFalse(), "reset")
	b.clock.SetTime(b.clock.Now().AddDate(10, 0, 0).Add(-time.Second))
	b.Expect(b.works(t, second)).To(BeTrue(), "infinite is ten years")
	b.clock.Step(time.Second)
	b.Expect(b.works(t, second)).To(BeFalse(), "and no more")
	_, err = b.account.GrantUser("jane", 366)
	b.Expect(err).To(MatchError(clevertaptest.ErrValidity))

	third, err := b.account.GrantUser("jane", 1)
	b.Expect(err).NotTo(HaveOccurred())
	shared, err := b.account.CreatePasscode("shared", 0)
	b.Expect(err).NotTo(HaveOccurred())
	b.account.EnforceUserPasscodes(true)
	b.Expect(b.works(t, third)).To(BeTrue())
	b.Expect(b.works(t, shared)).To(BeFalse(), "user passcodes are enforced")
	b.account.Revoke("jane")
	b.Expect(b.works(t, third)).To(BeFalse(), "revoked")
}

func TestAnAccountThatMayNotUseConnect(t *testing.T) {
	b := newBench(t)
	g := NewWithT(t)
	value, err := b.account.CreatePasscode("shop", 90)
	g.Expect(err).NotTo(HaveOccurred())
	b.account.CloseConnect(true)
	var (
		unavailable *clevertap.UnavailableError
		rejected    *clevertap.RejectedError
	)
	g.Expect(errors.As(b.verify(t, clevertap.India, value, clevertap.Connect), &unavailable)).To(BeTrue())
	g.Expect(unavailable.Detail).To(ContainSubstring("spec.verification.mode: Events"))
	g.Expect(errors.As(b.verify(t, clevertap.India, "WRONG", clevertap.Connect), &rejected)).To(BeTrue())
	g.Expect(b.verify(t, clevertap.India, value, clevertap.Events)).To(Succeed())
	b.account.CloseConnect(false)
	g.Expect(b.verify(t, clevertap.India, value, clevertap.Connect)).To(Succeed())
}

func TestNothingIsSaidWithoutCredentials(t *testing.T) {
	b := newBench(t)
	recorder := httptest.NewRecorder()
	b.server.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/in1/v1/connect", nil))
	b.Expect(recorder.Code).To(Equal(http.StatusOK))
	b.Expect(recorder.Body.Len()).To(BeZero())
}

func TestThreeAtOnce(t *testing.T) {
	b := newBench(t)
	value, err := b.account.CreatePasscode("q4", 0)
	b.Expect(err).NotTo(HaveOccurred())
	free := make(chan struct{})
	b.server.Break(func(http.ResponseWriter, *http.Request) { <-free })
	var waiting sync.WaitGroup
	for range clevertaptest.ConcurrencyLimit {
		waiting.Go(func() { _ = b.verify(t, clevertap.India, value, clevertap.Connect) })
	}
	b.Eventually(b.server.Busiest).Should(Equal(clevertaptest.ConcurrencyLimit))
	b.server.Break(nil)
	b.Expect(b.verify(t, clevertap.India, value, clevertap.Connect)).To(BeAssignableToTypeOf(&clevertap.RateLimitedError{}))
	close(free)
	waiting.Wait()
	b.Expect(b.works(t, value)).To(BeTrue())
}
