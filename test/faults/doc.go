// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package faults injects faults at every point of every workload, on a real API server, and checks every state that was
// against named invariants. One plan is one test:
//
//	go test ./test/faults -run 'Workload/rotation_when_due/point=17/fault=conflict' -v
//
// prints the numbered requests of that plan, with the states of target and object between them. make test runs a sample
// (-short), make faults runs all. FAULTS_EVERY=N has every Nth plan run, whatever else is said.
package faults
