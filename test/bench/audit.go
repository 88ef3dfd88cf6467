// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// request is one that the operator made, as the API server's audit log has it.
type request struct {
	// What is verb and resource, such as "patch secrets".
	What string
	// At is when its response came, or, for a watch, begun.
	At     time.Time
	Object string
}

// auditLog is the API server's.
type auditLog struct {
	path string
	read int64
}

// since are the operator's requests that were not returned before.
func (a *auditLog) since() ([]request, error) {
	file, err := os.Open(a.path)
	if err != nil {
		return nil, fmt.Errorf("opening the audit log: %w", err)
	}
	defer func() { _ = file.Close() }()
	if _, err := file.Seek(a.read, 0); err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	var all []request
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return all, nil // what is not a whole line yet is for the next time
		}
		a.read += int64(len(line))
		r, ours, err := parseAudit(line)
		if err != nil {
			return nil, err
		}
		if ours {
			all = append(all, r)
		}
	}
}

func parseAudit(line []byte) (request, bool, error) {
	var event struct {
		Verb, UserAgent, StageTimestamp, RequestURI, Stage string
		ObjectRef                                          struct{ Resource, Subresource, Namespace, Name string }
	}
	if err := json.Unmarshal(line, &event); err != nil {
		return request{}, false, fmt.Errorf("reading the audit log: %w", err)
	}
	if !strings.HasPrefix(event.UserAgent, "clevertap-passcode-operator") || event.ObjectRef.Resource == "" ||
		(event.Stage == "ResponseStarted" && event.Verb != "watch") {
		return request{}, false, nil
	}
	if event.Verb == "watch" && event.Stage != "ResponseStarted" {
		return request{}, false, nil
	}
	at, err := time.Parse(time.RFC3339Nano, event.StageTimestamp)
	if err != nil {
		return request{}, false, fmt.Errorf("reading the audit log: %w", err)
	}
	what := event.Verb + " " + event.ObjectRef.Resource
	if event.ObjectRef.Subresource != "" {
		what += "/" + event.ObjectRef.Subresource
	}
	if event.Verb == "watch" && strings.Contains(event.RequestURI, "sendInitialEvents=true") {
		what = "list " + event.ObjectRef.Resource // a streaming list
	}
	return request{What: what, At: at, Object: event.ObjectRef.Namespace + "/" + event.ObjectRef.Name}, true, nil
}

// tally counts requests by what they are.
func tally(requests []request) map[string]int {
	counts := map[string]int{}
	for _, r := range requests {
		counts[r.What]++
	}
	return counts
}

// firstOfEach are when each object was requested in this way for the first time, in order.
func firstOfEach(requests []request, what string) []time.Time {
	seen := map[string]bool{}
	var times []time.Time
	for _, r := range requests {
		if r.What == what && !seen[r.Object] {
			seen[r.Object] = true
			times = append(times, r.At)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}

func timesOf(requests []request, what string) []time.Time {
	var times []time.Time
	for _, r := range requests {
		if r.What == what {
			times = append(times, r.At)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}
