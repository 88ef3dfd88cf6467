#!/bin/sh
# Builds the image with whatever answers: docker, podman or buildah.
#
#   hack/image.sh NAME
set -eu
cd "$(dirname "$0")/.."
# A client can be there without an engine behind it, so each is asked and not only looked for.
if docker info >/dev/null 2>&1; then
	exec docker build -t "$1" .
elif podman info >/dev/null 2>&1; then
	exec podman build -t "$1" .
elif buildah info >/dev/null 2>&1; then
	exec buildah build -t "$1" .
fi
echo "image: neither docker, podman nor buildah answers; make e2e makes its image from the binary alone" >&2
exit 1
