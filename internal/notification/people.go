// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nicholas-fedor/shoutrrr"
	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"
)

// people is a chat, a mailbox or a pager, by shoutrrr.
type people struct {
	router *router.ServiceRouter
	// position and scheme are all that may be said of the URL: tokens are in hosts and paths.
	position int
	scheme   string
	// busy has one place: a destination that hangs blocks no more than one call.
	busy chan struct{}
}

// NewPeople returns a sender to a shoutrrr service URL, the position-th of them, from 1. An error names position and scheme
// only.
func NewPeople(position int, address string, o Options) (*Sender, error) {
	scheme, _, found := strings.Cut(address, "://")
	if !found || strings.ContainsAny(scheme, " \t/@:") {
		scheme = "no scheme"
	}
	services, err := shoutrrr.CreateSender(address)
	if err != nil {
		return nil, fmt.Errorf("--notification-url %d (%s) is no valid service URL: see the documentation of shoutrrr for its form", position, scheme)
	}
	services.Timeout = timeout
	return newSender(&people{router: services, position: position, scheme: scheme, busy: make(chan struct{}, 1)}, o), nil
}

func (p *people) name() string {
	return fmt.Sprintf("--notification-url %d (%s)", p.position, p.scheme)
}

// send does not show what the library says: its errors quote URLs.
func (p *people) send(ctx context.Context, n Notification) string {
	select {
	case p.busy <- struct{}{}:
	default:
		return "an earlier notification is still being sent"
	}
	sent := make(chan bool, 1)
	go func() {
		defer func() { <-p.busy }()
		sent <- p.accepted(n)
	}()
	waiting, stop := context.WithTimeout(ctx, timeout)
	defer stop()
	select {
	case ok := <-sent:
		if !ok {
			return "it was not accepted"
		}
		return ""
	case <-waiting.Done():
		return "it did not respond in time"
	}
}

func (p *people) accepted(n Notification) bool {
	params := types.Params{"title": n.title()}
	for _, err := range p.router.Send(n.text(), &params) {
		if err != nil {
			return false
		}
	}
	return true
}

func (n Notification) title() string {
	return neutral(fmt.Sprintf("%s: %s of CleverTapPasscode %s/%s", n.Data.Severity, n.Reason, n.Namespace, n.Name))
}

// text has every fact, because some services drop the title.
func (n Notification) text() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s\nCleverTapPasscode %s/%s, account %s, region %s", n.Data.Severity, n.Reason, n.Namespace, n.Name, n.Data.AccountID,
		n.Data.Region)
	if n.Data.Passcode != "" {
		fmt.Fprintf(&text, ", passcode %q", neutral(n.Data.Passcode))
	}
	fmt.Fprintf(&text, "\n%s", neutral(n.Data.Message))
	if n.Data.DueTime != nil {
		fmt.Fprintf(&text, "\nAct before %s.", n.Data.DueTime.UTC().Format("2006-01-02 15:04 UTC"))
	}
	fmt.Fprintf(&text, "\nhttps://%s.dashboard.clevertap.com (%s)", n.Data.Region, n.At.UTC().Format(time.RFC3339))
	return text.String()
}

// neutral takes from what a tenant can name what a chat would act on: line breaks, markup and mentions.
func neutral(text string) string {
	return strings.NewReplacer("\r", " ", "\n", " ", "<", "‹", ">", "›", "@", "(at)").Replace(text)
}
