//go:build tools

// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package oldest pins the API server of the oldest Kubernetes that is supported. Its etcd is that of the newest.
package oldest

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
)
