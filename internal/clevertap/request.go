// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package clevertap

import "slices"

// Region is where CleverTap keeps an account. Every other region rejects credentials that are right.
type Region string

// The regions of CleverTap.
const (
	Europe       Region = "eu1"
	India        Region = "in1"
	Singapore    Region = "sg1"
	UnitedStates Region = "us1"
	Indonesia    Region = "aps3"
	MiddleEast   Region = "mec1"
)

// Regions lists every region there is.
func Regions() []Region {
	return []Region{Europe, India, Singapore, UnitedStates, Indonesia, MiddleEast}
}

// Known reports whether CleverTap has this region.
func (r Region) Known() bool {
	return slices.Contains(Regions(), r)
}

// Endpoint is the base URL of the region's API, without a slash at its end; "" for an unknown region, so that what
// is no region never becomes part of a host's name.
func (r Region) Endpoint() string {
	switch {
	case !r.Known():
		return ""
	case r == Europe:
		return "https://api.clevertap.com"
	}
	return "https://" + string(r) + ".api.clevertap.com"
}

// Dashboard is the base URL of the region's dashboard, where people make and delete passcodes; "" for an unknown
// region.
func (r Region) Dashboard() string {
	if !r.Known() {
		return ""
	}
	return "https://" + string(r) + ".dashboard.clevertap.com"
}

// Mode is the call by which a passcode is verified.
type Mode string

const (
	// Connect calls the endpoint by which partners verify a customer's credentials.
	Connect Mode = "Connect"
	// Events requests events with a cursor that never existed, for accounts that may not use Connect.
	Events Mode = "Events"
)

// Request is what Verify verifies: does this passcode work for this account in this region?
type Request struct {
	AccountID string
	Region    Region
	Passcode  Passcode
	// Mode is the call; "" means Connect.
	Mode Mode
}
