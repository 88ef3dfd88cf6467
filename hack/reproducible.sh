#!/bin/sh
# Builds the binary twice, from two folders, and fails where the bytes differ.
set -eu
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/elsewhere"
cp -R go.mod go.sum main.go api controllers internal "$scratch/elsewhere/"
CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w' -o "$scratch/one" .
(cd "$scratch/elsewhere" && CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w' -o "$scratch/two" .)
cmp "$scratch/one" "$scratch/two"
echo "reproducible: $(sha256sum "$scratch/one" | cut -d' ' -f1), twice"
