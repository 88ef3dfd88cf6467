// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Command site builds the documentation as a site: make site.
package main

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
)

var layout = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.Title}}</title>
<style>
body{font:16px/1.55 system-ui,sans-serif;max-width:62rem;margin:0 auto;padding:1rem;color:#222}
nav a{margin-right:.9rem}pre{background:#f5f5f4;padding:.8rem;overflow:auto;font-size:.85rem}code{font-size:.92em}
table{border-collapse:collapse}td,th{border:1px solid #ddd;padding:.3rem .6rem;text-align:left;vertical-align:top}img{max-width:100%}
</style>
<nav>{{range .Pages}}<a href="{{$.Root}}docs/{{.}}.html">{{.}}</a>{{end}}</nav>
{{.Body}}
</html>
`))

func main() {
	if err := build("bin/site"); err != nil {
		fmt.Fprintln(os.Stderr, "site:", err)
		os.Exit(1)
	}
}

func build(out string) error {
	markdown := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()),
		goldmark.WithRendererOptions(html.WithUnsafe()))
	files := []string{"README.md", "SECURITY.md"}
	if err := filepath.WalkDir("docs", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return err
	}); err != nil {
		return fmt.Errorf("finding pages: %w", err)
	}
	for _, file := range files {
		if err := copyPage(markdown, file, out); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// copyPage renders a page, or copies what is none.
func copyPage(markdown goldmark.Markdown, file, out string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err //nolint:wrapcheck // it names the file
	}
	target := filepath.Join(out, file)
	if filepath.Ext(file) == ".md" {
		target = strings.TrimSuffix(target, ".md") + ".html"
		if content, err = render(markdown, file, content); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil { // a site is read by everyone
		return err //nolint:wrapcheck // it names the folder
	}
	return os.WriteFile(target, content, 0o644) //nolint:wrapcheck // a site is read by everyone
}

var toPage = regexp.MustCompile(`(href="[^":]*)\.md(["#])`)

func render(markdown goldmark.Markdown, file string, content []byte) ([]byte, error) {
	var body, page bytes.Buffer
	if err := markdown.Convert(content, &body); err != nil {
		return nil, fmt.Errorf("rendering: %w", err)
	}
	title, _, _ := strings.Cut(strings.TrimPrefix(string(content), "# "), "\n")
	err := layout.Execute(&page, map[string]any{
		"Title": title, "Root": strings.Repeat("../", strings.Count(file, "/")),
		"Pages": []string{"README", "tutorial", "concepts", "how-to", "plugin", "reference", "gitops", "disasters", "comparison"},
		"Body":  template.HTML(toPage.ReplaceAllString(body.String(), "$1.html$2")), // the project's own pages
	})
	return page.Bytes(), err //nolint:wrapcheck // a buffer takes every write
}
