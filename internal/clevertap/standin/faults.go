/*
Copyright 2026 The CleverTap Passcode Operator Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package standin

import (
	"net/http"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

// Fault answers in CleverTap's place.
type Fault = http.HandlerFunc

// Break has the regions, or all where none is named, answer with the fault; nil mends them.
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

// Answers gives a status and a body, whatever is asked.
func Answers(status int, body string) Fault {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // a caller that went away needs no answer
	}
}

// Hangs gives no answer until the caller has had enough.
func Hangs(_ http.ResponseWriter, r *http.Request) {
	<-r.Context().Done()
}

// HangsUp closes the connection.
func HangsUp(http.ResponseWriter, *http.Request) {
	panic(http.ErrAbortHandler)
}
