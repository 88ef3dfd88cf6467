// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package verification

import "github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"

// Verification returns what CleverTap said of the value so far, to this namespace, and retains nothing.
func (p *Pool) Verification(namespace, key string) clevertap.Verification {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.verification(namespace, key)
}
