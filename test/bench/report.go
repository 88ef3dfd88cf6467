// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
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

// report prints a table, and writes it, the same as JSON and a plot into the folder.
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
	for name, content := range map[string]string{"bench.md": table, "bench.json": string(text) + "\n", "growth.svg": plot(all)} {
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
		var floor, same time.Duration
		for _, r := range g.Results {
			switch r.Phase {
			case "floor, all":
				floor = r.Published
			case sameWrites:
				same = r.Settled
			}
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

// cpu is in seconds, or, where nothing was done, as a share of one core.
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

// perOperation are requests of the API server for each operation; those of a phase without any are told as they are.
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

// plot draws how long onboarding and rotation take, and what memory they need, by N on both logarithmic axes.
func plot(all []group) string {
	const width, height, left, bottom = 640, 340, 70, 290
	x := func(n int) float64 { return left + 170*(math.Log10(float64(n))-2) }
	y := func(v float64) float64 { return bottom - 60*(math.Log10(v)+1) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12"><title>Growth with the number of objects</title><rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height, width, height)
	for _, n := range []int{100, 1_000, 10_000} {
		fmt.Fprintf(&b, `<line x1="%.0f" x2="%.0f" y1="40" y2="%d" stroke="#eee"/><text x="%.0f" y="%d" text-anchor="middle">%d</text>`+"\n", x(n), x(n),
			bottom, x(n), bottom+18, n)
	}
	for _, v := range []float64{.1, 1, 10, 100, 1000} {
		fmt.Fprintf(&b, `<line x1="%d" x2="600" y1="%.0f" y2="%.0f" stroke="#eee"/><text x="%d" y="%.0f" text-anchor="end">%g</text>`+"\n", left, y(v), y(v),
			left-8, y(v)+4, v)
	}
	for i, line := range []struct {
		name, phase, colour string
		of                  func(result) float64
	}{
		{"onboarding published, s", "onboard", "#27a", func(r result) float64 { return r.Published.Seconds() }},
		{"rotations published, s", "rotate all", "#2a7", func(r result) float64 { return r.Published.Seconds() }},
		{"peak memory, MB", "onboard", "#a52", func(r result) float64 { return float64(r.Peak >> 20) }},
	} {
		var points []string
		for _, r := range byNumber(all, line.phase) {
			points = append(points, fmt.Sprintf("%.1f,%.1f", x(r.N), y(line.of(r))))
		}
		fmt.Fprintf(&b, `<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/><text x="%d" y="%d" fill="%s">%s</text>`+"\n", line.colour,
			strings.Join(points, " "), left+10, 56+16*i, line.colour, line.name)
	}
	return b.String() + "</svg>\n"
}

// byNumber are a phase's results in the scenarios that grow, the smallest first.
func byNumber(all []group, phase string) []result {
	var list []result
	for _, g := range all {
		for _, r := range g.Results {
			if slices.Contains([]string{"growth", "large", huge}, g.Scenario) && r.Phase == phase {
				list = append(list, r)
			}
		}
	}
	slices.SortFunc(list, func(a, b result) int { return a.N - b.N })
	return list
}
