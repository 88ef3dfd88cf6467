// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

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
