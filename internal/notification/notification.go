// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package notification sends what people are told to a sink of CloudEvents, best effort: nothing waits for it.
package notification

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/go-logr/logr"
	"k8s.io/utils/clock"
)

const (
	// queued is how many notices may wait, and queuedPerNamespace how many of one namespace; more are dropped, and counted.
	queued, queuedPerNamespace = 1000, 100
	// tries is how often one is sent at most.
	tries = 3
	// firstPause is how long after the first try the second one is made; it doubles.
	firstPause = time.Second
	// timeout is how long one try may take.
	timeout = 10 * time.Second
)

// Notification is one thing to tell. It holds no value of a passcode.
type Notification struct {
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
	down   bool // as far as the log was told

	mu      sync.Mutex
	waiting map[string][]Notification // by namespace
	turns   []string                  // namespaces that have one waiting, the next one first
	count   int
	ready   chan struct{} // sent when one waits

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
	return &Sender{client: client, waiting: map[string][]Notification{}, ready: make(chan struct{}, 1), Options: o}, nil
}

// Send queues a notice, and drops one where too many wait: of its namespace or, in all, of the namespace that has the most.
func (s *Sender) Send(n Notification) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting[n.Namespace]) >= queuedPerNamespace {
		s.Sent("dropped")
		return
	}
	if s.count >= queued {
		s.dropOfTheMost()
	}
	if len(s.waiting[n.Namespace]) == 0 {
		s.turns = append(s.turns, n.Namespace)
	}
	s.waiting[n.Namespace] = append(s.waiting[n.Namespace], n)
	s.count++
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// dropOfTheMost drops the last notice of the namespace that has the most waiting.
func (s *Sender) dropOfTheMost() {
	most := slices.MaxFunc(s.turns, func(a, b string) int { return cmp.Compare(len(s.waiting[a]), len(s.waiting[b])) })
	list := s.waiting[most]
	s.waiting[most] = list[:len(list)-1]
	s.count--
	if len(list) == 1 {
		s.leave(most)
		delete(s.waiting, most)
	}
	s.Sent("dropped")
}

// next is the first notice of the namespace whose turn it is; false for none.
func (s *Sender) next() (Notification, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.turns) == 0 {
		return Notification{}, false
	}
	namespace := s.turns[0]
	n := s.waiting[namespace][0]
	s.waiting[namespace] = s.waiting[namespace][1:]
	s.count--
	s.leave(namespace)
	if len(s.waiting[namespace]) > 0 {
		s.turns = append(s.turns, namespace)
	} else {
		delete(s.waiting, namespace)
	}
	return n, true
}

func (s *Sender) leave(namespace string) {
	s.turns = slices.DeleteFunc(s.turns, func(other string) bool { return other == namespace })
}

// Start sends until the context ends; what waits then is dropped.
func (s *Sender) Start(ctx context.Context) error {
	for {
		for n, waits := s.next(); waits && ctx.Err() == nil; n, waits = s.next() {
			s.deliver(ctx, n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.ready:
		}
	}
}

// NeedLeaderElection says that replicas which wait have nothing to send.
func (s *Sender) NeedLeaderElection() bool { return true }

func (s *Sender) deliver(ctx context.Context, n Notification) {
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
func (n Notification) event() (cloudevents.Event, error) {
	event := cloudevents.NewEvent()
	event.SetType("clevertap.passcode-operator.io." + n.Reason)
	event.SetSource(n.Path)
	event.SetSubject(n.Namespace + "/" + n.Name)
	event.SetTime(n.At)
	event.SetID(fmt.Sprintf("%s/%s/%s/%d", n.Namespace, n.Name, n.Reason, n.At.UnixNano()))
	if err := event.SetData(cloudevents.ApplicationJSON, n.Data); err != nil {
		return event, fmt.Errorf("encoding a notification: %w", err)
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
		return fmt.Sprintf("it responded with HTTP %d", answered.StatusCode)
	case errors.As(result, &unsent):
		return unsent.Err.Error() // url.Error itself shows the URL
	}
	return "it could not be reached"
}

// failed logs once that the sink is down, and not again until it has answered.
func (s *Sender) failed(problem string) {
	if !s.down {
		s.Log.Info("The notification sink fails; nothing else is affected, and later notifications are tried", "problem", problem)
	}
	s.down = true
}

func (s *Sender) recovered() {
	if s.down {
		s.Log.Info("The notification sink works again")
	}
	s.down = false
}
