#!/bin/sh
# Opens the built site in Chromium: make site-test. Needs Node.js, and Chromium, which it installs from Debian where it can.
# With SITE_OPTIONAL=1 it passes where they are not to be had, and says so.
set -eu
cd "$(dirname "$0")"
cannot() {
	echo "site: NOT RUN: $*" >&2
	echo "site: the site in a browser, on this machine: $*" >>"${NOT_RUN:-/dev/null}"
	[ "${SITE_OPTIONAL:-}" = 1 ] || exit 1
	exit 0
}
command -v npm >/dev/null || cannot "Node.js is not installed"
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$chromium" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "site: installing chromium" >&2
	{ apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium; } >/dev/null 2>&1 || true
	chromium=$(command -v chromium || true)
fi
[ -n "$chromium" ] || cannot "Chromium is not installed"
npm ci --no-audit --no-fund --loglevel=error >&2 || cannot "its packages could not be installed"
npm run --silent build
CHROMIUM=$chromium npm run --silent test
