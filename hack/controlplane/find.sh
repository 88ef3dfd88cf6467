#!/bin/sh
# Prints a folder that holds the named Kubernetes and etcd binaries, after finding or building what is missing:
#
#   hack/controlplane/find.sh [--oldest] etcd kube-apiserver [kube-controller-manager kubectl ...]
#
# --oldest has the API server of the oldest Kubernetes that docs/support.md names, beside the other binaries of the newest.
#
# In this order: KUBEBUILDER_ASSETS, what an earlier run left, setup-envtest's download, a build from source.
# What it does goes to standard error, for people; the folder alone goes to standard output.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
module=$here
if [ "$1" = --oldest ]; then
	shift
	newest=$("$0" $(printf '%s\n' "$@" | grep -v kube-apiserver))
	module=$here/oldest
	unset KUBEBUILDER_ASSETS # which is for the newest
fi
kubernetes=$(cd "$module" && go list -m -f '{{.Version}}' k8s.io/kubernetes)
folder=$here/../../bin/controlplane/$kubernetes
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

say() { echo "controlplane: $*" >&2; }

missing() {
	for binary in "$@"; do
		[ -x "$folder/$binary" ] || printf '%s ' "$binary"
	done
}

# link_from FOLDER BINARY...: takes what the folder has and we have not.
link_from() {
	from=$1
	shift
	for binary in $(missing "$@"); do
		[ ! -x "$from/$binary" ] || ln -sf "$from/$binary" "$folder/$binary"
	done
}

# download asks setup-envtest, which has etcd, kube-apiserver and kubectl. Where there is no internet it fails at once.
download() {
	minor=${kubernetes%.*}
	path=$(cd "$here/../.." && go run "$SETUP_ENVTEST" use "${minor#v}.x" --bin-dir "$folder/.envtest" -p path 2>/dev/null) || return 0
	link_from "$path" "$@"
}

package_of() {
	case $1 in
	etcd) echo go.etcd.io/etcd/server/v3 ;;
	*) echo "k8s.io/kubernetes/cmd/$1" ;;
	esac
}

# build writes beside the name and moves, so that an interrupted build leaves nothing that looks whole.
build() {
	version=${kubernetes#v}
	major=${version%%.*}
	minor=${version#*.}
	minor=${minor%%.*}
	stamp=k8s.io/component-base/version
	flags="-s -w -X $stamp.gitVersion=$kubernetes -X $stamp.gitMajor=$major -X $stamp.gitMinor=$minor"
	say "building $1 $2 (once; kept in bin/controlplane)"
	began=$(date +%s)
	(cd "$module" && CGO_ENABLED=0 go build -trimpath -ldflags "$flags" -o "$folder/$1.building" "$(package_of "$1")")
	mv "$folder/$1.building" "$folder/$1"
	say "built $1 in $(($(date +%s) - began)) s"
}

how_long() {
	case $1 in
	kube-apiserver) echo "from source, 3 to 8 minutes on two cores" ;;
	kube-controller-manager) echo "from source, 1 to 3 minutes on two cores" ;;
	*) echo "from source, less than a minute on two cores" ;;
	esac
}

[ -z "${newest:-}" ] || link_from "$newest" $(printf '%s\n' "$@" | grep -v kube-apiserver)
[ -z "${KUBEBUILDER_ASSETS:-}" ] || link_from "$KUBEBUILDER_ASSETS" "$@"
[ -z "$(missing "$@")" ] || [ -z "${SETUP_ENVTEST:-}" ] || download $(missing "$@")
for binary in $(missing "$@"); do
	build "$binary" "$(how_long "$binary")"
done
echo "$folder"
