// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package notification_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/notification"
)

func TestMain(m *testing.M) {
	http.DefaultClient = notification.Client() // as main does
	os.Exit(m.Run())
}

// chat is an HTTP server that keeps what it receives, in any chat's shape.
type chat struct {
	*httptest.Server
	mu       sync.Mutex
	received []string
}

func newChat(t *testing.T, handle http.HandlerFunc) *chat {
	c := &chat{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		c.mu.Lock()
		c.received = append(c.received, string(body))
		c.mu.Unlock()
		if handle != nil {
			handle(w, r)
		}
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *chat) texts() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.received...)
}

func (c *chat) url(query string) string {
	return "generic+" + c.URL + "/hook/s3cr3t?template=json" + query
}

// delivery is a sender to people, its log and its results.
type delivery struct {
	*notification.Sender
	mu      sync.Mutex
	logged  []string
	results []string
}

func startDelivery(t *testing.T, c clock.Clock, address string, warnings bool) *delivery {
	t.Helper()
	d := &delivery{}
	note := func(list *[]string, text string) {
		d.mu.Lock()
		defer d.mu.Unlock()
		*list = append(*list, text)
	}
	sender, err := notification.NewPeople(1, address, notification.Options{
		Clock: c, Warnings: warnings,
		Log:  funcr.New(func(_, args string) { note(&d.logged, args) }, funcr.Options{}),
		Sent: func(result string) { note(&d.results, result) },
	})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	d.Sender = sender
	go func() { _ = sender.Start(t.Context()) }()
	return d
}

func (d *delivery) outcome() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.results...)
}

func (d *delivery) log() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.logged, "\n")
}

func expiring(severity string) notification.Notification {
	due := time.Date(2026, 12, 30, 9, 0, 0, 0, time.UTC)
	return notification.Notification{
		Namespace: "shop", Name: "marketing", Reason: "ExpiringSoon", At: due.AddDate(0, 0, -7),
		Data: notification.Data{
			Severity: severity, AccountID: "TEST-1", Region: "in1", Passcode: "q4\n<!channel> @here", DueTime: &due,
			Message: `7 days or less left: "q4" expires at 2026-12-30 09:00 UTC and there is no successor`,
		},
	}
}

func TestAChatReceivesATextWithEveryFact(t *testing.T) {
	g := NewWithT(t)
	c := newChat(t, nil)
	d := startDelivery(t, clock.RealClock{}, c.url(""), true)
	d.Send(expiring("Warning"))
	g.Eventually(c.texts, 5*time.Second).Should(HaveLen(1))
	g.Eventually(d.outcome).Should(Equal([]string{"success"}))
	var got struct{ Title, Message string }
	g.Expect(json.Unmarshal([]byte(c.texts()[0]), &got)).To(Succeed())
	g.Expect(got.Message).To(And(
		ContainSubstring("Warning: ExpiringSoon"), ContainSubstring("CleverTapPasscode shop/marketing, account TEST-1, region in1"),
		ContainSubstring("there is no successor"), ContainSubstring("Act before 2026-12-30 09:00 UTC"),
		ContainSubstring("https://in1.dashboard.clevertap.com"),
	))
	g.Expect(got.Message).To(And(Not(ContainSubstring("<!channel>")), Not(ContainSubstring("@here"))), "what a tenant names is neutral")
}

func TestOnlyWarningsAreSentUnlessNormalIsSet(t *testing.T) {
	g := NewWithT(t)
	c := newChat(t, nil)
	warnings, all := startDelivery(t, clock.RealClock{}, c.url(""), true), startDelivery(t, clock.RealClock{}, c.url("&title=all"), false)
	warnings.Send(expiring("Normal"))
	all.Send(expiring("Normal"))
	g.Eventually(all.outcome, 5*time.Second).Should(Equal([]string{"success"}))
	g.Consistently(warnings.outcome, "50ms").Should(BeEmpty())
	g.Expect(c.texts()).To(HaveLen(1))
}

func TestAFailingChatIsTriedThreeTimesAndIsOneLineWithoutItsURL(t *testing.T) {
	g := NewWithT(t)
	fake := clocktesting.NewFakeClock(time.Now()) //nolint:forbidigo // only steps count
	c := newChat(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	d := startDelivery(t, fake, c.url(""), true)
	d.Send(expiring("Warning"))
	for n := 1; n <= 3; n++ {
		g.Eventually(c.texts, 5*time.Second).Should(HaveLen(n))
		if n < 3 {
			g.Eventually(fake.HasWaiters).Should(BeTrue())
			fake.Step(10 * time.Second)
		}
	}
	g.Eventually(d.outcome, 5*time.Second).Should(Equal([]string{"error"}))
	g.Expect(d.log()).To(And(ContainSubstring("--notification-url 1 (generic+http)"), Not(ContainSubstring("s3cr3t")), Not(ContainSubstring("127.0.0.1"))))
}

func TestARedirectIsNotFollowed(t *testing.T) {
	g := NewWithT(t)
	elsewhere := newChat(t, nil)
	c := newChat(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	fake := clocktesting.NewFakeClock(time.Now()) //nolint:forbidigo // only steps count
	d := startDelivery(t, fake, c.url(""), true)
	d.Send(expiring("Warning"))
	g.Eventually(c.texts, 5*time.Second).Should(HaveLen(1))
	g.Consistently(elsewhere.texts, "100ms").Should(BeEmpty())
}

func TestABadURLIsDeniedByPositionAndSchemeOnly(t *testing.T) {
	for address, scheme := range map[string]string{"nosuch://token@host/s3cr3t": "nosuch", "s3cr3t": "no scheme", "slack://s3cr3t": "slack"} {
		_, err := notification.NewPeople(3, address, notification.Options{})
		NewWithT(t).Expect(err).To(MatchError(And(HavePrefix("--notification-url 3 ("+scheme+")"), Not(ContainSubstring("s3cr3t")))), address)
	}
}

// mailbox is an SMTP server that keeps the messages.
func mailbox(t *testing.T) (address string, messages func() string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = listener.Close() })
	var (
		mu   sync.Mutex
		text strings.Builder
	)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				lines := bufio.NewScanner(conn)
				_, _ = fmt.Fprint(conn, "220 mock\r\n")
				for data := false; lines.Scan(); {
					line := lines.Text()
					switch {
					case data && line == ".":
						data = false
						_, _ = fmt.Fprint(conn, "250 kept\r\n")
					case data:
						mu.Lock()
						text.WriteString(line + "\n")
						mu.Unlock()
					case strings.HasPrefix(line, "DATA"):
						data = true
						_, _ = fmt.Fprint(conn, "354 go on\r\n")
					case strings.HasPrefix(line, "QUIT"):
						_, _ = fmt.Fprint(conn, "221 bye\r\n")
						return
					default:
						_, _ = fmt.Fprint(conn, "250 ok\r\n")
					}
				}
			}()
		}
	}()
	return listener.Addr().String(), func() string {
		mu.Lock()
		defer mu.Unlock()
		return text.String()
	}
}

func TestMail(t *testing.T) {
	g := NewWithT(t)
	address, messages := mailbox(t)
	d := startDelivery(t, clock.RealClock{},
		"smtp://"+address+"/?auth=None&encryption=None&useStartTLS=no&fromAddress=operator@example.com&toAddresses=team@example.com", true)
	d.Send(expiring("Warning"))
	g.Eventually(d.outcome, 10*time.Second).Should(Equal([]string{"success"}), d.log())
	g.Expect(messages()).To(And(ContainSubstring("team@example.com"), ContainSubstring("shop/marketing"), ContainSubstring("Act before 2026-12-30")))
}
