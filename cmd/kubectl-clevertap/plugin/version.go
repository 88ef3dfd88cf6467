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

package plugin

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// versions is the output of version.
type versions struct {
	Version   string `json:"version"`
	GoVersion string `json:"goVersion"`
	Platform  string `json:"platform"`
}

func (c *cli) version() *cobra.Command {
	command := &cobra.Command{Use: "version", Args: cobra.NoArgs, Short: "Print the plugin's version"}
	output := valueFlag(command)
	command.RunE = func(*cobra.Command, []string) error {
		v := versions{Version: "unknown", GoVersion: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
		if build, ok := debug.ReadBuildInfo(); ok {
			v.Version = build.Main.Version // of the tag, or of the commit
		}
		if done, err := c.printedValue(*output, v); done {
			return err
		}
		c.say("kubectl-clevertap %s (%s, %s)", v.Version, v.GoVersion, v.Platform)
		return nil
	}
	return command
}
