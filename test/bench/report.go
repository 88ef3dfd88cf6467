// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// group is a scenario's results.
type group struct {
	Scenario string
	Results  []result
}

// report prints a table, and writes it and the same as JSON into the folder.
func report(all []group, out string) error {
	table := tableOf(all)
	fmt.Print(table)
	if out == "" {
		return nil
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the results: %w", err)
	}
	for name, content := range map[string]string{"bench.md": table, "bench.json": string(text) + "\n"} {
		if err := os.WriteFile(filepath.Join(out, name), []byte(content), 0o644); err != nil { // documentation is read by everyone
			return fmt.Errorf("writing the results: %w", err)
		}
	}
	return nil
}

func tableOf(all []group) string {
	var b strings.Builder
	b.WriteString("| scenario | phase | N | objects created | published | × floor | settled | × same writes | p50 | p99 | CPU | memory, peak | requests per operation | CleverTap |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, g := range all {
		floors := map[string]result{}
		for _, r := range g.Results {
			floors[fmt.Sprint(r.Phase, r.N)] = r
		}
		for _, r := range g.Results {
			floor, same := floors[fmt.Sprint(everyTarget, r.N)].Published, floors[fmt.Sprint(sameWrites, r.N)].Settled
			fmt.Fprintf(&b, "| %s | %s | %d | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %d |\n", g.Scenario, r.Phase, r.N, seconds(r.Created),
				seconds(r.Published), ratio(r.Published, floor), seconds(r.Settled), ratio(r.Settled, same),
				milliseconds(r.P50), milliseconds(r.P99), cpu(r), megabytes(r), perOperation(r), r.Calls)
		}
	}
	return b.String()
}

func seconds(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

func ratio(d, floor time.Duration) string {
	if d == 0 || floor == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", float64(d)/float64(floor))
}

func milliseconds(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

// cpu is in seconds, or, if nothing was done, as a share of one core.
func cpu(r result) string {
	switch {
	case strings.HasPrefix(r.Phase, "idle"):
		return fmt.Sprintf("%.2f %% of a core", 100*r.CPU.Seconds()/r.Lasted.Seconds())
	case r.CPU == 0:
		return ""
	}
	return fmt.Sprintf("%.2f s", r.CPU.Seconds())
}

func megabytes(r result) string {
	if r.Memory == 0 {
		return ""
	}
	return fmt.Sprintf("%d, %d MB", r.Memory>>20, r.Peak>>20)
}

// perOperation are requests of the API server for each operation; those of a phase without any are printed as they are.
func perOperation(r result) string {
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(r.Requests)) {
		count := r.Requests[what]
		if strings.HasPrefix(r.Phase, "idle") || r.Phase == "restart" {
			parts = append(parts, fmt.Sprintf("%d %s", count, what))
			continue
		}
		parts = append(parts, fmt.Sprintf("%.2f %s", float64(count)/float64(r.N), what))
	}
	if len(parts) == 0 && r.Memory > 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
