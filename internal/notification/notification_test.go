// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package notification_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/notification"
)

// sink is a receiver of CloudEvents over real HTTP.
type sink struct {
	*httptest.Server
	mu       sync.Mutex
	respond  http.HandlerFunc
	requests []request
}

type request struct {
	header http.Header
	body   string
}

func newSink(t *testing.T, respond http.HandlerFunc) *sink {
	s := &sink{respond: respond}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.requests = append(s.requests, request{r.Header.Clone(), string(body)})
		respond := s.respond
		s.mu.Unlock()
		respond(w, r)
	}))
	t.Cleanup(s.CloseClientConnections)
	t.Cleanup(s.Close)
	return s
}

func (s *sink) got() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

func (s *sink) responses(respond http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.respond = respond
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func hangs(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// sender runs one, whose clock goes by itself, and remembers what it logged and what became of the notifications.
type sender struct {
	*notification.Sender
	mu      sync.Mutex
	logged  []string
	results []string
}

func run(t *testing.T, url string) *sender {
	t.Helper()
	s := &sender{}
	clock := clocktesting.NewFakeClock(time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC))
	var err error
	s.Sender, err = notification.NewSink(url, notification.Options{Clock: clock,
		Log:  funcr.New(func(_, args string) { s.note(&s.logged, args) }, funcr.Options{}),
		Sent: func(result string) { s.note(&s.results, result) },
	})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Start(ctx) }()
	go func() {
		for ctx.Err() == nil {
			if clock.HasWaiters() {
				clock.Step(time.Minute)
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		NewWithT(t).Expect(<-ended).To(Succeed())
	})
	return s
}

func (s *sender) note(list *[]string, what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*list = append(*list, what)
}

func (s *sender) outcome() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.results
}

func (s *sender) log() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logged
}

func notificationOf(reason string) notification.Notification {
	due := time.Date(2026, 12, 25, 9, 0, 0, 0, time.UTC)
	return notification.Notification{
		Namespace: "shop", Name: "marketing", Path: "/apis/x/namespaces/shop/clevertappasscodes/marketing", Reason: reason,
		At:   time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC),
		Data: notification.Data{Severity: "Warning", AccountID: "TEST-1", Region: "in1", Passcode: "q4", Message: "m", DueTime: &due},
	}
}

func TestANoticeIsACloudEventInBinaryMode(t *testing.T) {
	g := NewWithT(t)
	sink := newSink(t, status(http.StatusAccepted))
	s := run(t, sink.URL)
	s.Send(notificationOf("ExpiringSoon"))
	g.Eventually(s.outcome).Should(Equal([]string{"success"}))
	got := sink.got()
	g.Expect(got).To(HaveLen(1))
	for name, value := range map[string]string{
		"Ce-Specversion": "1.0", "Ce-Type": "clevertap.passcode-operator.io.ExpiringSoon", "Ce-Subject": "shop/marketing",
		"Ce-Source": "/apis/x/namespaces/shop/clevertappasscodes/marketing", "Ce-Time": "2026-11-25T09:00:00Z", "Content-Type": "application/json",
	} {
		g.Expect(got[0].header.Get(name)).To(Equal(value), name)
	}
	g.Expect(got[0].header.Get("Ce-Id")).NotTo(BeEmpty())
	data := map[string]any{}
	g.Expect(json.Unmarshal([]byte(got[0].body), &data)).To(Succeed())
	g.Expect(data).To(Equal(map[string]any{
		"severity": "Warning", "accountID": "TEST-1", "region": "in1", "passcode": "q4", "message": "m", "dueTime": "2026-12-25T09:00:00Z",
	}))
}

func TestASinkThatFailsIsTriedThreeTimesUnderOneID(t *testing.T) {
	g := NewWithT(t)
	sink := newSink(t, status(http.StatusInternalServerError))
	s := run(t, sink.URL)
	s.Send(notificationOf("Expired"))
	g.Eventually(s.outcome).Should(Equal([]string{"error"}))
	ids := map[string]bool{}
	for _, r := range sink.got() {
		ids[r.header.Get("Ce-Id")] = true
	}
	g.Expect(sink.got()).To(HaveLen(3))
	g.Expect(ids).To(HaveLen(1))
}

func TestASinkThatIsDownIsOneLineUntilItIsBack(t *testing.T) {
	g := NewWithT(t)
	sink := newSink(t, status(http.StatusInternalServerError))
	secret := strings.Replace(sink.URL, "http://", "http://user:hunter2@", 1) + "/hook/s3cr3t?token=t0ken"
	s := run(t, secret)
	s.Send(notificationOf("Expired"))
	s.Send(notificationOf("Expired"))
	g.Eventually(s.outcome).Should(HaveLen(2))
	g.Expect(s.log()).To(HaveLen(1))
	g.Expect(s.log()[0]).To(ContainSubstring("responded with HTTP 500"))
	sink.responses(status(http.StatusOK))
	s.Send(notificationOf("Expired"))
	g.Eventually(s.outcome).Should(HaveLen(3))
	g.Expect(s.log()).To(HaveLen(2))
	sink.Close()
	s.Send(notificationOf("Expired"))
	g.Eventually(s.outcome).Should(HaveLen(4))
	g.Expect(s.log()).To(HaveLen(3))
	for _, line := range s.log() {
		g.Expect(line).NotTo(Or(ContainSubstring("hunter2"), ContainSubstring("s3cr3t"), ContainSubstring("t0ken"), ContainSubstring("/hook")))
	}
}

func TestASinkThatHangsDelaysNobody(t *testing.T) {
	g := NewWithT(t)
	s := run(t, newSink(t, hangs).URL)
	for range 1100 { // one hangs, 1000 wait
		s.Send(notificationOf("Rotated"))
	}
	g.Eventually(func() int { return len(s.outcome()) }).Should(BeNumerically(">=", 99))
	g.Expect(s.outcome()).To(HaveEach("dropped"))
}

func TestAWrongSinkIsDeniedWithoutShowingIt(t *testing.T) {
	for _, sink := range []string{"", "s3cr3t", "ftp://s3cr3t", "http://s3cr3t:%zz@", "://s3cr3t"} {
		_, err := notification.NewSink(sink, notification.Options{})
		NewWithT(t).Expect(err).To(MatchError("--notification-sink must be an http or https URL"), sink)
	}
}

// A redirect would take the sink's URL along, and the notification to whom nobody named.
func TestNoRedirectIsFollowed(t *testing.T) {
	g := NewWithT(t)
	elsewhere := newSink(t, status(http.StatusOK))
	s := newSink(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	sender := run(t, s.URL+"/token")
	sender.Send(notification.Notification{Namespace: "shop", Name: "marketing", Reason: "Expired", Path: "/apis/x"})
	g.Eventually(sender.outcome).Should(Equal([]string{"error"}))
	g.Expect(s.got()).To(HaveLen(3))
	g.Expect(elsewhere.got()).To(BeEmpty())
}

// One namespace's notifications do not push out another's.
func TestANamespaceFillsItsOwnPlacesOnly(t *testing.T) {
	g := NewWithT(t)
	var results []string
	s, err := notification.NewSink("http://127.0.0.1:1/", notification.Options{Sent: func(result string) { results = append(results, result) }})
	g.Expect(err).NotTo(HaveOccurred())
	for range 1000 {
		s.Send(notification.Notification{Namespace: "attacker"})
	}
	g.Expect(results).To(HaveLen(900))
	results = nil
	s.Send(notification.Notification{Namespace: "victim"})
	g.Expect(results).To(BeEmpty())
}

func TestOfManyNamespacesTheOneWithTheMostLosesItsLast(t *testing.T) {
	g := NewWithT(t)
	dropped := 0
	s, err := notification.NewSink("http://127.0.0.1:1/", notification.Options{Sent: func(string) { dropped++ }})
	g.Expect(err).NotTo(HaveOccurred())
	for i := range 1000 {
		s.Send(notification.Notification{Namespace: fmt.Sprint("attacker-", i/100)})
	}
	g.Expect(dropped).To(BeZero())
	s.Send(notification.Notification{Namespace: "victim"})
	g.Expect(dropped).To(Equal(1)) // an attacker's
}
