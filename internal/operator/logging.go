// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"github.com/go-logr/logr"
	"go.uber.org/zap/zapcore"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// bodies is the verbosity from which on client-go logs what it sends and receives, Secrets included.
const bodies = zapcore.Level(-8)

// Logger logs as the flags say, but never at a verbosity at which client-go would log Secrets.
func Logger(options zap.Options, more ...zap.Opts) logr.Logger {
	if options.Level != nil {
		options.Level = belowBodies{options.Level}
	}
	return zap.New(append(more, zap.UseFlagOptions(&options))...)
}

type belowBodies struct{ zapcore.LevelEnabler }

func (b belowBodies) Enabled(level zapcore.Level) bool {
	return level > bodies && b.LevelEnabler.Enabled(level)
}
