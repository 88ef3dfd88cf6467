// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package clevertaptest

import (
	"net/http"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

// Fault responds in CleverTap's place.
type Fault = http.HandlerFunc

// Break has the regions, or all if none is named, respond with the fault; nil ends it.
func (s *Server) Break(fault Fault, regions ...clevertap.Region) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(regions) == 0 {
		regions = clevertap.Regions()
	}
	for _, region := range regions {
		s.faults[region] = fault
	}
}

// Responds gives a status and a body, whatever the request.
func Responds(status int, body string) Fault {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // a caller that went away needs no response
	}
}

// Hangs gives no response until the caller has had enough.
func Hangs(_ http.ResponseWriter, r *http.Request) {
	<-r.Context().Done()
}

// HangsUp closes the connection.
func HangsUp(http.ResponseWriter, *http.Request) {
	panic(http.ErrAbortHandler)
}
