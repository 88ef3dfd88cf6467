#!/usr/bin/env bash
# A real one-node Kubernetes cluster without Docker or a virtual machine: etcd, kube-apiserver,
# kube-controller-manager, kube-scheduler, kubelet, kube-proxy and containerd, all inside a network
# namespace of its own. Needs root, and Debian's containerd runc containernetworking-plugins
# busybox-static iproute2 iptables conntrack openssl.
#
#   BIN=DIR node.sh up      start it; DIR holds the Kubernetes binaries and etcd; prints the kubeconfig
#   node.sh down            stop it and remove its state
#   node.sh exec CMD…       run CMD inside the network namespace (the API server answers only there)
#   node.sh load TARBALL TAG    load the image of a tarball into containerd, under one more tag
#   node.sh image NAME FILE=PATH… -- CMD…   make an image from static files and load it into containerd
set -eu
self=$(readlink -f "$0")
DIR=${DIR:-/tmp/one-node}; NS=${NS:-one-node}; IP=10.99.0.1; POD_NET=10.98.0.0/24
in_ns() { nsenter --net=/run/netns/$NS "$@"; }     # not `ip netns exec`: that hides the cgroup mounts
bg() { local n=$1; shift; nohup nsenter --net=/run/netns/$NS "$@" > "$DIR/$n.log" 2>&1 & echo $! > "$DIR/$n.pid"; }
case "${1:?up, down, exec, load or image}" in
exec) shift; export KUBECONFIG=$DIR/kubeconfig; exec nsenter --net=/run/netns/$NS "$@";;
down)
  for n in kube-proxy kubelet kube-scheduler kube-controller-manager; do [ -f "$DIR/$n.pid" ] && kill "$(cat "$DIR/$n.pid")" 2>/dev/null || true; done
  c="ctr -a $DIR/containerd.sock -n k8s.io"
  for t in $($c tasks ls -q 2>/dev/null); do $c tasks kill -s 9 "$t" >/dev/null 2>&1 || true; done; sleep 1
  for t in $($c tasks ls -q 2>/dev/null); do $c tasks delete -f "$t" >/dev/null 2>&1 || true; done   # ends the shims too
  pods=$(mount | awk '$3 ~ "^/run/netns/cni-"{print $3}')
  for n in containerd kube-apiserver etcd; do [ -f "$DIR/$n.pid" ] && kill "$(cat "$DIR/$n.pid")" 2>/dev/null || true; done
  sleep 2; [ -f "$DIR/kube-apiserver.pid" ] && kill -9 "$(cat "$DIR/kube-apiserver.pid")" 2>/dev/null || true   # it would drain for a minute
  mount | awk -v d="$DIR/" 'index($3,d)==1{print $3}' | sort -r | xargs -r -n1 umount -l 2>/dev/null || true
  for n in $pods; do ip netns del "${n##*/}" 2>/dev/null || true; done
  ip netns del $NS 2>/dev/null || true; rm -rf "$DIR"; exit 0;;
load)
  ctr -a "$DIR/containerd.sock" -n k8s.io images import "$2" >/dev/null
  name=$(tar -xOf "$2" manifest.json | grep -o '"RepoTags":\["[^"]*' | cut -d'"' -f4)
  [ "$name" = "$3" ] || ctr -a "$DIR/containerd.sock" -n k8s.io images tag --force "$name" "$3" >/dev/null; exit 0;;
image)
  shift; name=$1; shift; root=$(mktemp -d); mkdir -p "$root/rootfs/bin" "$root/rootfs/tmp" "$root/rootfs/etc"
  while [ $# -gt 0 ] && [ "$1" != -- ]; do mkdir -p "$root/rootfs/$(dirname "${1%%=*}")"; cp "${1#*=}" "$root/rootfs/${1%%=*}"; shift; done
  [ $# -gt 0 ] && shift
  echo 'nonroot:x:65532:65532:nonroot:/:/sbin/nologin' > "$root/rootfs/etc/passwd"; chmod 1777 "$root/rootfs/tmp"
  tar -C "$root/rootfs" --sort=name --mtime=@0 --owner=0 --group=0 -cf "$root/layer.tar" .
  sum=$(sha256sum "$root/layer.tar" | cut -d' ' -f1)
  cmd=$(printf '"%s",' "$@"); cmd="[${cmd%,}]"
  echo "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Entrypoint\":$cmd,\"Env\":[\"PATH=/bin\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:$sum\"]}}" > "$root/config.json"
  echo "[{\"Config\":\"config.json\",\"RepoTags\":[\"$name\"],\"Layers\":[\"layer.tar\"]}]" > "$root/manifest.json"
  tar -C "$root" -cf "$root/image.tar" manifest.json config.json layer.tar
  ctr -a "$DIR/containerd.sock" -n k8s.io images import "$root/image.tar" >/dev/null; rm -rf "$root"; exit 0;;
up) ;;
*) echo "node.sh: up, down, exec, load or image" >&2; exit 2;;
esac

: "${BIN:?a folder with etcd and the Kubernetes binaries}"
mkdir -p "$DIR/pki" "$DIR/cni" "$DIR/kubelet"; cd "$DIR"
ip netns add $NS; in_ns ip link set lo up
in_ns ip link add node0 type bridge; in_ns ip addr add $IP/24 dev node0; in_ns ip link set node0 up
in_ns sysctl -qw net.ipv4.ip_forward=1 2>/dev/null || true

# certificates: one CA, the server's, the admin's and the kubelet's
P=$DIR/pki
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=one-node-ca -keyout $P/ca.key -out $P/ca.crt 2>/dev/null
cert() { openssl req -newkey rsa:2048 -nodes -subj "$2" -keyout $P/$1.key -out $P/$1.csr 2>/dev/null
  openssl x509 -req -days 30 -in $P/$1.csr -CA $P/ca.crt -CAkey $P/ca.key -CAcreateserial -out $P/$1.crt -extfile <(printf '%s' "subjectAltName=$3") 2>/dev/null; }
cert server "/CN=kube-apiserver" "IP:127.0.0.1,IP:$IP,IP:10.0.0.1,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
cert admin "/O=system:masters/CN=admin" "DNS:admin"
cert node "/O=system:nodes/CN=system:node:node0" "IP:$IP,DNS:node0"
openssl genrsa -out $P/sa.key 2048 2>/dev/null; openssl rsa -in $P/sa.key -pubout -out $P/sa.pub 2>/dev/null
kubeconfig() { cat > "$1" <<K
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://$IP:6443", certificate-authority: $P/ca.crt}}]
users: [{name: u, user: {client-certificate: $P/$2.crt, client-key: $P/$2.key}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
K
}
kubeconfig kubeconfig admin; kubeconfig kubelet.kubeconfig node

bg etcd "$BIN/etcd" --data-dir etcd --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster default=http://127.0.0.1:2380 --log-level error
bg kube-apiserver "$BIN/kube-apiserver" --etcd-servers http://127.0.0.1:2379 --advertise-address $IP --secure-port 6443 --service-cluster-ip-range 10.0.0.0/24 --client-ca-file $P/ca.crt --tls-cert-file $P/server.crt --tls-private-key-file $P/server.key --service-account-key-file $P/sa.pub --service-account-signing-key-file $P/sa.key --service-account-issuer https://kubernetes.default.svc --authorization-mode Node,RBAC --allow-privileged --enable-aggregator-routing --kubelet-preferred-address-types InternalIP --kubelet-client-certificate $P/admin.crt --kubelet-client-key $P/admin.key --cert-dir certs
for _ in $(seq 120); do in_ns "$BIN/kubectl" --kubeconfig kubeconfig get --raw /readyz >/dev/null 2>&1 && break; sleep 0.5; done
bg kube-controller-manager "$BIN/kube-controller-manager" --kubeconfig kubeconfig --service-account-private-key-file $P/sa.key --root-ca-file $P/ca.crt --use-service-account-credentials --leader-elect=false
bg kube-scheduler "$BIN/kube-scheduler" --kubeconfig kubeconfig --leader-elect=false

# containerd, with a locally made pause image: no registry is ever asked
printf '#!/bin/sh\ntrap "exit 0" TERM INT\nwhile :; do sleep 3600 & wait $!; done\n' > pause.sh; chmod +x pause.sh
cat > cni/10-bridge.conflist <<C
{"cniVersion":"0.4.0","name":"pods","plugins":[{"type":"bridge","bridge":"cni0","isGateway":true,"ipMasq":false,"ipam":{"type":"host-local","ranges":[[{"subnet":"$POD_NET"}]],"routes":[{"dst":"0.0.0.0/0"}]}},{"type":"loopback"}]}
C
cat > containerd.toml <<T
version = 2
root = "$DIR/containerd/root"
state = "$DIR/containerd/state"
[grpc]
address = "$DIR/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "local/pause:1"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "$DIR/cni"
T
bg containerd containerd --config containerd.toml
for _ in $(seq 60); do ctr -a "$DIR/containerd.sock" version >/dev/null 2>&1 && break; sleep 0.5; done
"$self" image local/pause:1 bin/sh=/bin/busybox bin/sleep=/bin/busybox pause.sh=pause.sh -- /pause.sh

cat > kubelet.yaml <<K
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 0.0.0.0
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $P/ca.crt}}
authorization: {mode: Webhook}
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
syncFrequency: 10s
containerRuntimeEndpoint: unix://$DIR/containerd.sock
tlsCertFile: $P/node.crt
tlsPrivateKeyFile: $P/node.key
resolvConf: ""
podCIDR: $POD_NET
evictionHard: {imagefs.available: "1%", nodefs.available: "1%"}
# Images are loaded, and can be pulled from nowhere: kubelet removes none, however full the disk is.
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
K
bg kubelet "$BIN/kubelet" --kubeconfig kubelet.kubeconfig --config kubelet.yaml --root-dir "$DIR/kubelet" --hostname-override node0 --node-ip $IP
cat > proxy.yaml <<K
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $DIR/kubeconfig}
hostnameOverride: node0
clusterCIDR: $POD_NET
conntrack: {maxPerCore: 0}
K
bg kube-proxy "$BIN/kube-proxy" --config proxy.yaml
for _ in $(seq 120); do in_ns "$BIN/kubectl" --kubeconfig kubeconfig get node node0 2>/dev/null | grep -q ' Ready' &&
  in_ns "$BIN/kubectl" --kubeconfig kubeconfig get serviceaccount default >/dev/null 2>&1 && { echo "$DIR/kubeconfig"; exit 0; }; sleep 1; done
echo "node.sh: the node did not become ready; see $DIR/kubelet.log" >&2; exit 1
