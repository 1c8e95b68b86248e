#!/bin/sh
# One node by hand, inside its namespaces: containerd, then what Talos runs outside of Kubernetes. Its argument is the node's role.
set -eu
. /run/images.sh # KUBELET_IMAGE, ETCD_IMAGE
containerd --config /etc/cri/containerd.toml >/var/log/containerd.log 2>&1 &
until ctr version >/dev/null 2>&1; do sleep 0.05; done

pull() { # IMAGE FOLDER
  ctr --namespace system images pull --hosts-dir /system/registries "$1" >/dev/null
  mkdir -p "$2"
  ctr --namespace system images mount --rw "$1" "$2" >/dev/null
}
run() { # NAME
  runc --root /run/runc-talos run --bundle "/run/containers/$1" "$1" >"/var/log/$1.log" 2>&1
}

if [ "$1" = controlplane ]; then
  (pull "$ETCD_IMAGE" /run/images/etcd && run etcd) &
fi
pull "$KUBELET_IMAGE" /run/images/kubelet
# A kubelet that asks for its certificate too early asks again only after many seconds.
if [ "$1" = worker ]; then
  until [ -e /run/join ]; do sleep 0.05; done
fi
run kubelet
