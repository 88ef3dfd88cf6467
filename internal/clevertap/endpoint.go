// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package clevertap

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// endpoints maps every region to the base URL that is called. An empty template means CleverTap's own hosts.
func endpoints(template string) (map[Region]*url.URL, error) {
	bases := make(map[Region]*url.URL, len(Regions()))
	for _, region := range Regions() {
		raw := region.Endpoint()
		if template != "" {
			raw = strings.ReplaceAll(template, "{region}", string(region))
		}
		base, err := parseBase(raw)
		if err != nil {
			return nil, fmt.Errorf("the endpoint %w", err)
		}
		bases[region] = base
	}
	return bases, nil
}

// parseBase never repeats what it was given: it may contain a password.
func parseBase(raw string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimRight(raw, "/"))
	switch {
	case err != nil:
		return nil, errors.New("is not a URL")
	case base.Scheme != "https" && base.Scheme != "http":
		return nil, errors.New("must begin with https:// or http://")
	case base.Hostname() == "":
		return nil, errors.New("names no host")
	case base.User != nil:
		return nil, errors.New("must not contain a user name or password")
	case base.RawQuery != "" || base.ForceQuery || base.Fragment != "":
		return nil, errors.New("must not have a query or fragment")
	}
	if base.Path == "" {
		base.Path = "/" // or what is joined to it is no absolute path
	}
	return base, nil
}
