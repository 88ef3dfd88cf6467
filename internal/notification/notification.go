// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package notification sends events to people and programs outside the cluster, best effort: nothing waits for it.
package notification

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/utils/clock"
)

const (
	// queued is how many notifications may wait, and queuedPerNamespace how many of one namespace; more are dropped, and counted.
	queued, queuedPerNamespace = 1000, 100
	// tries is how often one is sent at most.
	tries = 3
	// firstPause is how long after the first try the second one is made; it doubles.
	firstPause = time.Second
	// timeout is how long one try may take.
	timeout = 10 * time.Second
)

// Notification is one event. It contains no value of a passcode.
type Notification struct {
	// Namespace and Name are the object's, and Path is its API path.
	Namespace, Name, Path string
	Reason                string
	// At is when it happened.
	At   time.Time
	Data Data
}

// Data is the body of a notification.
type Data struct {
	// Severity is Normal or Warning, as the event's type.
	Severity  string `json:"severity"`
	AccountID string `json:"accountID"`
	Region    string `json:"region"`
	// Passcode is its name on the dashboard; absent if nothing is published.
	Passcode string `json:"passcode,omitempty"`
	Message  string `json:"message"`
	// DueTime is when a person must have acted; absent if there is no such time.
	DueTime *time.Time `json:"dueTime,omitempty"`
}

// Options are what a sender is made of.
type Options struct {
	// Warnings reports whether only those of severity Warning are sent.
	Warnings bool
	Clock    clock.Clock
	Log      logr.Logger
	// Sent is called with what became of each: success, error or dropped.
	Sent func(result string)
}

// channel is a way to people or programs. send returns "" if the notification was accepted, or what was wrong, without
// anything of the URL; name is what the log calls it.
type channel interface {
	send(context.Context, Notification) string
	name() string
}

// Sender sends the notifications of one channel one after the other. The zero value cannot be used, but nil can: it sends
// nothing.
type Sender struct {
	channel channel
	down    bool // as far as the log says

	mu      sync.Mutex
	waiting map[string][]Notification // by namespace
	turns   []string                  // namespaces that have one waiting, the one whose turn it is first
	count   int
	ready   chan struct{} // sent when one waits

	Options
}

func newSender(c channel, o Options) *Sender {
	return &Sender{channel: c, waiting: map[string][]Notification{}, ready: make(chan struct{}, 1), Options: o}
}

// Send queues a notification, and drops one if too many wait: of its namespace or, in all, of the namespace that has the most.
func (s *Sender) Send(n Notification) {
	if s.Warnings && n.Data.Severity != "Warning" {
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

// dropOfTheMost drops the last notification of the namespace that has the most waiting.
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

// next is the first notification of the namespace whose turn it is; false for none.
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
	for try := 1; ; try++ {
		if problem := s.channel.send(ctx, n); problem == "" {
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

// failed logs once that the channel is down, and not again until it works.
func (s *Sender) failed(problem string) {
	if !s.down {
		s.Log.Info("Notifications fail; nothing else is affected, and later ones are tried", "destination", s.channel.name(), "problem", problem)
	}
	s.down = true
}

func (s *Sender) recovered() {
	if s.down {
		s.Log.Info("Notifications work again", "destination", s.channel.name())
	}
	s.down = false
}
