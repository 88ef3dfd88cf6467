// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Command parentheses fails for an && within an || without parentheses: a reader must not have to know which
// of them binds more closely. Its arguments are Go files. No linter of golangci-lint checks this.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
)

func main() {
	found := false
	for _, path := range os.Args[1:] {
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		for node := range ast.Preorder(file) {
			if either, ok := node.(*ast.BinaryExpr); ok && either.Op == token.LOR && (isAnd(either.X) || isAnd(either.Y)) {
				fmt.Printf("%s: && within || has no parentheses\n", files.Position(either.OpPos))
				found = true
			}
		}
	}
	if found {
		os.Exit(1)
	}
}

func isAnd(e ast.Expr) bool {
	both, ok := e.(*ast.BinaryExpr)
	return ok && both.Op == token.LAND
}
