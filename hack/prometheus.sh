#!/bin/sh
# Prints the folder of promtool and prometheus: the PATH's, or Debian's package unpacked into bin/prometheus, which
# needs no root and installs nothing.
set -eu
cd "$(dirname "$0")/.."

if command -v promtool prometheus >/dev/null; then
	dirname "$(command -v promtool)"
	exit 0
fi
folder=$PWD/bin/prometheus
if [ ! -x "$folder/usr/bin/promtool" ]; then
	how="put promtool and prometheus on the PATH, as Debian's package prometheus does"
	command -v apt-get >/dev/null || { echo "$how" >&2; exit 1; }
	mkdir -p "$folder"
	cd "$folder"
	{ apt-get download prometheus || { apt-get update && apt-get download prometheus; }; } >/dev/null 2>&1 ||
		{ echo "the package prometheus could not be downloaded: $how" >&2; exit 1; }
	dpkg -x prometheus_*.deb .
fi
echo "$folder/usr/bin"
