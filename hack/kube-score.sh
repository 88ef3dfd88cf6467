#!/bin/sh
# Scores the shipped manifests and the chart; fails if anything but these is amiss:
#
#   hack/kube-score.sh MODULE@VERSION HELM KUSTOMIZE
#
#   CPU limit              throttling would delay renewing the lease, and so lose it
#   ephemeral storage      the root filesystem is read-only: all that is written is the log, which the kubelet rotates
#   image pull policy      the tag names a version or a digest: a registry that is down must not keep a Pod from starting
#   host anti-affinity     topology spread constraints do that
set -eu
cd "$(dirname "$0")/.."
score() {
	if ! out=$(go run "$kube_score" score -o ci --ignore-container-cpu-limit \
		--ignore-test container-ephemeral-storage-request-and-limit \
		--ignore-test container-image-pull-policy \
		--ignore-test deployment-has-host-podantiaffinity -); then
		printf '%s\n' "$out" | grep -v '^\[\(OK\|SKIPPED\)\]' >&2
		echo "kube-score: $1 is not clean" >&2
		return 1
	fi
	echo "kube-score: $1 is clean"
}
kube_score=$1
for folder in config/default config/namespaced config/observe-only config/openshift; do
	[ ! -f "$folder/kustomization.yaml" ] || grep -q 'kind: Component' "$folder/kustomization.yaml" || "$3" build "$folder" | score "$folder"
done
"$2" template release charts/clevertap-passcode-operator --namespace system --kube-version 1.37.0 | score "the chart"
