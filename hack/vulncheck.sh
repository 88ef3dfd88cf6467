#!/bin/sh
# Runs govulncheck. Where its database can't be reached it says so and passes: that is no finding.
set -u
cd "$(dirname "$0")/.."
out=$(go run "$1" ./... 2>&1)
status=$?
echo "$out"
case $status in
0) exit 0 ;;
esac
if echo "$out" | grep -q 'fetching vulnerabilities'; then
	echo "vulncheck: NOT CHECKED: the database of vulnerabilities can't be reached from here" >&2
	echo "vulncheck: the database of vulnerabilities can't be reached" >>"${NOT_RUN:-/dev/null}"
	exit 0
fi
exit "$status"
