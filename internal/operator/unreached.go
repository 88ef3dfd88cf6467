// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"errors"
	"fmt"
	"net"
)

// explainUnreached adds to an error what may be why the API server cannot be reached: the first line of a Pod that does
// not start is all that people see of it. Other errors stay as they are.
func explainUnreached(err error, server string) error {
	var dial *net.OpError
	var slow net.Error
	if !errors.As(err, &dial) && (!errors.As(err, &slow) || !slow.Timeout()) {
		return err
	}
	return fmt.Errorf("the API server %s cannot be reached. A NetworkPolicy may be why: the port of its endpoints must be in networkPolicy.apiServerPorts of the chart: %w", server, err)
}
