// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

// sink is a program that receives CloudEvents.
type sink struct{ client cloudevents.Client }

// NewSink returns a sender of CloudEvents to a URL. An error does not show the URL, which may contain a token.
func NewSink(address string, o Options) (*Sender, error) {
	target, err := url.Parse(address)
	if err != nil || target.Host == "" || (target.Scheme != "http" && target.Scheme != "https") {
		return nil, errors.New("--notification-sink must be an http or https URL")
	}
	client, err := cloudevents.NewClientHTTP(cloudevents.WithTarget(address), cehttp.WithClient(*Client()))
	if err != nil {
		return nil, errors.New("preparing the client of --notification-sink failed")
	}
	return newSender(&sink{client}, o), nil
}

// Client is what notifications are sent by: it waits for a while only, and follows no redirect, which would take the URL
// along as Referer, and the notification to a destination that nobody named.
func Client() *http.Client {
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (*sink) name() string { return "--notification-sink" }

func (s *sink) send(ctx context.Context, n Notification) string {
	event, err := n.event()
	if err != nil {
		return "it cannot be encoded"
	}
	result := s.client.Send(ctx, event)
	if cloudevents.IsACK(result) {
		return ""
	}
	if response, ok := errors.AsType[*cehttp.Result](result); ok {
		return fmt.Sprintf("it responded with HTTP %d", response.StatusCode)
	}
	if unsent, ok := errors.AsType[*url.Error](result); ok {
		return unsent.Err.Error() // url.Error itself shows the URL
	}
	return "it could not be reached"
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
