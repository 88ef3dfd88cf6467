// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Command words checks that what users read has the words of docs/development/glossary.md: documentation, the chart, the
// CRD, alerts, and every comment and string of the operator and of the plugin. It prints each word that has another one, with its
// place, and fails if there is any.
package main

import (
	"fmt"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// word is one that has another one.
type word struct {
	pattern *regexp.Regexp
	instead string
}

func words() []word {
	var list []word
	for _, w := range [][2]string{
		{`declarations?`, "CleverTapPasscode"},
		{`(listed|published|next) ones?|(listed|published) passcodes?`, "entry, active passcode, or successor"},
		{`(takes?|took|taken|taking) over`, "become active"},
		{`memory of|recollections?`, "expectations"},
		{`somebody`, "a person"},
		{`spares?`, "successor"},
		{`lives|life`, "validity"},
		{`switch(es|ed|ing)?`, "rotation, rotate"},
		{`ask(s|ed|ing)?|questions?|inquir(y|ies)`, "verify, request"},
		{`answer(s|ed|ing)?`, "result, response"},
		{`verdicts?`, "result"},
		{`silent|silence`, "unavailable"},
		{`refus(es?|ed|als?|ing)|turned away`, "reject, deny"},
		{`dead`, "ended"},
		{`hold(s|ers?|ing)?|held`, "use, contain"},
		{`look(s|ed|ing)? (it |them )?up|look-ups?|lookouts?`, "scan, read"},
		{`tells?|told|telling`, "report"},
		{`notices?|noticed`, "notification"},
		{`mend(s|ed|ing)?`, "fix"},
		{`obey(s|ed)?`, "handle"},
		{`hands off`, "pause, suspend"},
		{`stand-ins?`, "mock server"},
		{`oracles?|unrest`, "invariant, violation"},
		{`whoever|makes? do|what stands|must do`, "plain words"},
	} {
		list = append(list, word{regexp.MustCompile(`(?i)\b(` + w[0] + `)\b`), w[1]})
	}
	return list
}

// exceptions are phrases in which the word has another meaning.
func exceptions() []*regexp.Regexp {
	var list []*regexp.Regexp
	for _, phrase := range []string{
		`nothing takes over while spec\.suspend is true`, // the message's fixed text
		`Event Request Refused`,                          // the event's fixed name
		`Silence (Usage|Errors)`,                         // cobra's
		`connections? refused`, `refused connections?`, `answer(s|ed) (HTTP|with|4\d\d|5\d\d)`,
	} {
		list = append(list, regexp.MustCompile(`(?i)`+phrase))
	}
	return list
}

func main() {
	count, list, others := 0, words(), exceptions()
	for _, file := range files() {
		content, err := os.ReadFile(file)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		for _, p := range passages(file, content) {
			count += report(file, p, list, others)
		}
	}
	if count > 0 {
		fmt.Fprintf(os.Stderr, "%d words of the right column of docs/development/glossary.md\n", count)
		os.Exit(1)
	}
}

// boundary is where a word begins in camel case.
var boundary = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// passage is a line that users read.
type passage struct {
	line int
	text string
}

func report(file string, p passage, list []word, others []*regexp.Regexp) int {
	text := p.text
	for _, e := range others {
		text = e.ReplaceAllString(text, "")
	}
	count := 0
	for _, w := range list {
		for _, found := range w.pattern.FindAllString(text, -1) {
			fmt.Printf("%s:%d: %q: %s\n", file, p.line, found, w.instead)
			count++
		}
	}
	return count
}

// files are those that users read. The glossary names the words; LICENSE and Helm's own are others' texts.
func files() []string {
	var list []string
	for _, root := range []string{"README.md", "SECURITY.md", "docs", "charts", "config", "api", "controllers", "internal", "cmd", "hack/demo", "main.go"} {
		_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && isRead(path) {
				list = append(list, path)
			}
			return err
		})
	}
	return list
}

func isRead(path string) bool {
	if path == "docs/development/glossary.md" || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "clevertaptest") {
		return false
	}
	switch filepath.Ext(path) {
	case ".md", ".yaml", ".tpl", ".txt", ".go", ".json", ".svg", ".lua", ".mjs", ".py", ".java":
		return true
	}
	return false
}

// passages are all lines of a text, and the comments, strings and identifiers of a Go file.
func passages(file string, content []byte) []passage {
	if filepath.Ext(file) != ".go" {
		var list []passage
		for i, line := range strings.Split(string(content), "\n") {
			list = append(list, passage{i + 1, line})
		}
		return list
	}
	return stringsOf(file, content)
}

func stringsOf(file string, content []byte) []passage {
	var s scanner.Scanner
	set := token.NewFileSet()
	s.Init(set.AddFile(file, -1, len(content)), content, nil, scanner.ScanComments)
	var list []passage
	for {
		at, kind, text := s.Scan()
		switch {
		case kind == token.EOF:
			return list
		case kind == token.COMMENT, kind == token.STRING && strings.ContainsRune(text, ' '): // a single word is an identifier
			for i, line := range strings.Split(text, "\n") {
				list = append(list, passage{set.Position(at).Line + i, line})
			}
		case kind == token.IDENT:
			list = append(list, passage{set.Position(at).Line, spaced(text)})
		}
	}
}

// spaced has a space between the words of an identifier.
func spaced(identifier string) string {
	return boundary.ReplaceAllString(identifier, "$1 $2")
}
