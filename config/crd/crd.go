// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package crd contains the generated CustomResourceDefinition, so that a client can validate objects without a cluster.
package crd

import _ "embed"

//go:embed bases/clevertap.passcode-operator.io_clevertappasscodes.yaml
var yaml string

// YAML returns the CustomResourceDefinition of CleverTapPasscode.
func YAML() []byte { return []byte(yaml) }
