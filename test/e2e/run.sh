#!/bin/sh
# Plays the whole story on a real node: make e2e.
#
# The node is a cluster of one, in a network namespace of its own: it needs root, and containerd and runc from Debian's
# packages, which it installs. Where that is not to be had it says so and fails, or with E2E_OPTIONAL=1 passes.
set -eu
cd "$(dirname "$0")/../.."
node=$PWD/test/e2e/node.sh
image=ghcr.io/passcode-operator/clevertap-passcode-operator:v0.1.0

say() { echo "e2e: $*" >&2; }

# not_run says so here, and again at the end of the gate.
not_run() {
	say "NOT RUN: $*"
	echo "e2e: $*" >>"${NOT_RUN:-/dev/null}"
}

cannot() {
	not_run "the whole story, on this machine: $*"
	[ "${E2E_OPTIONAL:-}" = 1 ] || exit 1
	exit 0
}

[ "$(id -u)" = 0 ] || cannot "a node needs root"
packages="containerd runc containernetworking-plugins busybox-static iproute2 iptables conntrack openssl curl"
if ! command -v containerd ctr runc conntrack iptables ip openssl busybox curl >/dev/null || [ ! -d /usr/lib/cni ]; then
	command -v apt-get >/dev/null || cannot "containerd and runc are not installed, and there is no apt-get"
	say "installing $packages"
	{ apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $packages; } >/dev/null 2>&1 ||
		cannot "$packages could not be installed"
fi

BIN=$(hack/controlplane/find.sh etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl)
export BIN
# What is played is what a release attaches: all of it, if DIST names what make dist has built, else its image, with the manifests
# and the chart of this checkout.
say "building the operator and the tests"
if [ -n "${DIST:-}" ]; then
	dist=$(cd "$DIST" && pwd)
	INSTALL=$dist/install.yaml
	CHART=$(echo "$dist"/*.tgz)
	export INSTALL CHART
else
	dist=$PWD/bin/e2e/dist
	go run ./hack/dist -image-only -out "$dist" >&2
fi
CGO_ENABLED=0 go test -c -o bin/e2e/e2e.test ./test/e2e

# The version before this one, until there is a tag: the first commit of which the chart's names follow the release.
previous=925322d33e0877630de7f9db9e03da0053bce627
build_previous() {
	git cat-file -e "$previous^{commit}" 2>/dev/null || return 1
	say "building the version before"
	rm -rf bin/e2e/previous
	mkdir -p bin/e2e/previous
	git archive "$previous" | tar -x -C bin/e2e/previous &&
		(cd bin/e2e/previous && CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o ../operator-before .)
	built=$?
	rm -rf bin/e2e/previous
	return $built
}
if build_previous; then
	PREVIOUS=1
	export PREVIOUS
else
	not_run "the upgrade from the version before, which cannot be built from this clone ($previous)"
fi

trap '"$node" down' EXIT
trap 'exit 1' INT TERM
"$node" down
say "starting a node"
"$node" up >/dev/null || cannot "the node did not become ready (are network namespaces and cgroups allowed?)"
"$node" load "$dist/image_linux_$(go env GOARCH).tar" "$image"
[ -z "${PREVIOUS:-}" ] || "$node" image "${image%:*}:previous" clevertap-passcode-operator=bin/e2e/operator-before -- /clevertap-passcode-operator
# curl, with the libraries that it is linked with, reads a file of headers in a Pod.
curl_files=
for path in $(command -v curl) $(ldd "$(command -v curl)" | grep -o '/[^ ]*'); do
	curl_files="$curl_files ${path#/}=$path"
done
"$node" image local/app:1 bin/sh=/bin/busybox bin/cat=/bin/busybox bin/sleep=/bin/busybox $curl_files -- /bin/sleep 100000
cd test/e2e
"$node" exec ../../bin/e2e/e2e.test -ginkgo.v -ginkgo.no-color -test.timeout 30m
