// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package notification sends what people are told to a sink of CloudEvents, best effort: nothing waits for it.
package notification

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/go-logr/logr"
	"k8s.io/utils/clock"
)

const (
	// queued is how many notices may wait; more are dropped, and counted.
	queued = 1000
	// tries is how often one is sent at most.
	tries = 3
	// firstPause is how long after the first try the second one is made; it doubles.
	firstPause = time.Second
	// timeout is how long one try may take.
	timeout = 10 * time.Second
)

// Notice is one thing to tell. It holds no value of a passcode.
type Notice struct {
	// Namespace and Name are the object's, and Path is its API path.
	Namespace, Name, Path string
	Reason                string
	// At is when it happened.
	At   time.Time
	Data Data
}

// Data is the body of a notice.
type Data struct {
	// Severity is Normal or Warning, as the event's type.
	Severity  string `json:"severity"`
	AccountID string `json:"accountID"`
	Region    string `json:"region"`
	// Passcode is its name on the dashboard; absent where nothing is published.
	Passcode string `json:"passcode,omitempty"`
	Message  string `json:"message"`
	// DueTime is when a person must have acted; absent where there is no such time.
	DueTime *time.Time `json:"dueTime,omitempty"`
}

// Options are what a sender is made of.
type Options struct {
	// Sink is the URL; a secret may be part of it.
	Sink  string
	Clock clock.Clock
	Log   logr.Logger
	// Sent is told what became of each: success, error or dropped.
	Sent func(result string)
}

// Sender sends notices one after the other. The zero value can't be used, but nil can: it sends nothing.
type Sender struct {
	client cloudevents.Client
	queue  chan Notice
	down   bool // as far as the log was told
	Options
}

// New returns a sender; nil where there is no sink. An error does not show the sink, which may hold a secret.
func New(o Options) (*Sender, error) {
	if o.Sink == "" {
		return nil, nil
	}
	target, err := url.Parse(o.Sink)
	if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return nil, errors.New("--notification-sink must be an http or https URL")
	}
	client, err := cloudevents.NewClientHTTP(cloudevents.WithTarget(o.Sink), cehttp.WithClient(http.Client{
		Timeout: timeout,
		// A redirect would take the URL, which may hold a secret, along as Referer, and the notice to whom nobody named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}))
	if err != nil {
		return nil, errors.New("preparing the client of --notification-sink failed")
	}
	return &Sender{client: client, queue: make(chan Notice, queued), Options: o}, nil
}

// Send queues a notice, and drops it where too many wait.
func (s *Sender) Send(n Notice) {
	if s == nil {
		return
	}
	select {
	case s.queue <- n:
	default:
		s.Sent("dropped")
	}
}

// Start sends until the context ends; what waits then is dropped.
func (s *Sender) Start(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case n := <-s.queue:
			s.deliver(ctx, n)
		}
	}
}

// NeedLeaderElection says that replicas which wait have nothing to send.
func (s *Sender) NeedLeaderElection() bool { return true }

func (s *Sender) deliver(ctx context.Context, n Notice) {
	event, err := n.event()
	for try := 1; err == nil; try++ {
		if problem := s.try(ctx, event); problem == "" {
			s.recovered()
			s.Sent("success")
			return
		} else if try == tries {
			s.failed(problem)
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-s.Clock.After(firstPause << (try - 1)):
		}
	}
	s.Sent("error")
}

// event has an id of its own, which stays the same when it is sent again.
func (n Notice) event() (cloudevents.Event, error) {
	event := cloudevents.NewEvent()
	event.SetType("clevertap.passcode-operator.io." + n.Reason)
	event.SetSource(n.Path)
	event.SetSubject(n.Namespace + "/" + n.Name)
	event.SetTime(n.At)
	event.SetID(fmt.Sprintf("%s/%s/%s/%d", n.Namespace, n.Name, n.Reason, n.At.UnixNano()))
	if err := event.SetData(cloudevents.ApplicationJSON, n.Data); err != nil {
		return event, fmt.Errorf("encoding a notice: %w", err)
	}
	return event, nil
}

// try is "" where the sink took it, or what was wrong, without the sink's URL.
func (s *Sender) try(ctx context.Context, event cloudevents.Event) string {
	result := s.client.Send(ctx, event)
	if cloudevents.IsACK(result) {
		return ""
	}
	var (
		answered *cehttp.Result
		unsent   *url.Error
	)
	switch {
	case errors.As(result, &answered):
		return fmt.Sprintf("it answered %d", answered.StatusCode)
	case errors.As(result, &unsent):
		return unsent.Err.Error() // url.Error itself shows the URL
	}
	return "it could not be reached"
}

// failed logs once that the sink is down, and not again until it has answered.
func (s *Sender) failed(problem string) {
	if !s.down {
		s.Log.Info("The sink of notices does not take them; nothing else is affected, and the next ones are tried", "problem", problem)
	}
	s.down = true
}

func (s *Sender) recovered() {
	if s.down {
		s.Log.Info("The sink of notices takes them again")
	}
	s.down = false
}
