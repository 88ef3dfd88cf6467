// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

// A mutant whose right place is gone, or is there twice, proves nothing.
func TestMutantsHaveOnePlaceEach(t *testing.T) {
	for _, m := range mutants() {
		path, source, err := m.apply()
		if err != nil {
			t.Errorf("%s: %v", m.mistake, err)
			continue
		}
		if _, err := parser.ParseFile(token.NewFileSet(), path, source, parser.SkipObjectResolution); err != nil {
			t.Errorf("%s: %v", m.mistake, err)
		}
	}
}

// How a function is laid out, and what its comments say, moves no mutant's place.
func TestMutantsPlaceGoesByTokens(t *testing.T) {
	source := []byte("package p\nfunc f() {\n\tif a && // why\n\t\tb {\n\t\treturn\n\t}\n}\n")
	for right, places := range map[string]int{"if a && b { return }": 1, "a&&b": 1, "if a || b": 0, "a": 1} {
		if found := occurrences(lexemes(source), lexemes([]byte(right))); len(found) != places {
			t.Errorf("%d places of %q", len(found), right)
		}
	}
}

// apply returns the file that has the function, and its source with the mistake.
func (m mutant) apply() (path string, source []byte, err error) {
	folder, function, _ := strings.Cut(m.in, ": ")
	files, err := filepath.Glob(filepath.Join(harness.Root(), folder, "*.go"))
	if err != nil {
		return "", nil, fmt.Errorf("looking for %s: %w", m.in, err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return "", nil, fmt.Errorf("looking for %s: %w", m.in, err)
		}
		from, to, err := bodyOf(source, function)
		if err != nil {
			return "", nil, fmt.Errorf("reading %s: %w", path, err)
		}
		if to == 0 {
			continue
		}
		found := occurrences(lexemes(source[from:to]), lexemes([]byte(m.right)))
		if len(found) != 1 {
			return "", nil, fmt.Errorf("%s has %d places with %s", m.in, len(found), m.right)
		}
		from, to = from+found[0].from, from+found[0].to
		return path, slices.Concat(source[:from], []byte(m.wrong), source[to:]), nil
	}
	return "", nil, fmt.Errorf("there is no %s", m.in)
}

// bodyOf returns where a function begins and ends; zeros if the source has none of this name.
func bodyOf(source []byte, function string) (from, to int, err error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", source, parser.SkipObjectResolution)
	if err != nil {
		return 0, 0, err
	}
	for _, declared := range file.Decls {
		if f, isFunction := declared.(*ast.FuncDecl); isFunction && nameOf(f) == function {
			return set.Position(f.Body.Pos()).Offset, set.Position(f.Body.End()).Offset, nil
		}
	}
	return 0, 0, nil
}

// nameOf is a function's name after its receiver's.
func nameOf(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	receiver := f.Recv.List[0].Type
	if pointer, isPointer := receiver.(*ast.StarExpr); isPointer {
		receiver = pointer.X
	}
	return fmt.Sprintf("%s.%s", receiver, f.Name.Name)
}

// lexeme is a token, and where it is.
type lexeme struct {
	text     string
	from, to int
}

// lexemes are those of a part of a source, without comments and semicolons.
func lexemes(source []byte) (list []lexeme) {
	set := token.NewFileSet()
	file := set.AddFile("", set.Base(), len(source))
	var s scanner.Scanner
	s.Init(file, source, nil, 0)
	for {
		position, kind, text := s.Scan()
		switch {
		case kind == token.EOF:
			return list
		case kind == token.SEMICOLON: // a line's end is one too
			continue
		case text == "":
			text = kind.String()
		}
		from := file.Offset(position)
		list = append(list, lexeme{text, from, from + len(text)})
	}
}

// occurrences are the places of a sequence of tokens.
func occurrences(in, of []lexeme) (found []lexeme) {
	same := func(a, b lexeme) bool { return a.text == b.text }
	for i := range len(in) - len(of) + 1 {
		if slices.EqualFunc(in[i:i+len(of)], of, same) {
			found = append(found, lexeme{"", in[i].from, in[i+len(of)-1].to})
		}
	}
	return found
}
