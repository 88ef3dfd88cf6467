#!/bin/sh
# Runs every fuzz target for FUZZTIME each, 30 s where that is not set.
set -eu
for package in $(go list ./api/... ./controllers/... ./internal/...); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "$package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-30s}" "$package"
	done
done
