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
