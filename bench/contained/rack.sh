#!/bin/bash
# A cluster by hand, as a person would who has every file ready: namespaces and cables, then the programs. Started as the first process of
# mount, PID, network, IPC and UTS namespaces of its own; with it all of them end. Its argument is the folder that files.ts has filled.
# Prints "start SECONDS" before the first containerd starts, and "ready SECONDS" when every node is Ready.
set -eu
cd "$1"
. ./settings # NODE, MIRROR, BUNDLE, MIRROR_ADDRESS, MIRROR_PORT, KUBECTL, VIRTUAL_IP

mount -t tmpfs tmpfs /run
mkdir /run/netns
ip link set lo up
ip link add sw0 type bridge
ip link set sw0 up
number=0
plug() { # NAME ADDRESS
  ip netns add "$1"
  ip link add "p$number" type veth peer name eth0 netns "$1"
  ip link set "p$number" master sw0 up
  ip -n "$1" link set lo up
  ip -n "$1" address add "$2/24" dev eth0
  ip -n "$1" link set eth0 up
  number=$((number + 1))
}
plug laptop "$MIRROR_ADDRESS"
nsenter --net=/run/netns/laptop "$NODE" "$MIRROR" "$BUNDLE" cert.pem key.pem "$MIRROR_ADDRESS" "$MIRROR_PORT" >mirror.out 2>mirror.err &
kubectl() { nsenter --net=/run/netns/laptop "$KUBECTL" --kubeconfig admin.kubeconfig "$@"; }

join() { # NAME: puts this shell into the node's control groups
  while read -r group; do echo 0 >"$group/cgroup.procs"; done <"$1/groups"
}
declare -A first
while read -r name address role; do
  plug "$name" "$address"
  ip -n "$name" route add default via "$MIRROR_ADDRESS"
  ip -n "$name" address add 169.254.116.108/32 dev lo
  nsenter --net="/run/netns/$name" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
  (
    join "$name"
    exec nsenter --net="/run/netns/$name" unshare --mount --pid --uts --ipc --cgroup --fork --kill-child sh "$name/root.sh"
  ) >"$name/root.out" 2>"$name/root.err" &
  holder=$!
  until grep -q ready "$name/root.out"; do
    [ -d "/proc/$holder" ] || { cat "$name/root.err" >&2; exit 1; }
    sleep 0.05
  done
  child=$(tr -d ' ' <"/proc/$holder/task/$holder/children")
  first[$name]=$child
  cp -a "$name/files/." "/proc/$child/root/"
done <nodes
if [ -n "$VIRTUAL_IP" ]; then ip -n cp-1 address add "$VIRTUAL_IP/32" dev eth0; fi
until grep -q . mirror.out; do
  [ ! -s mirror.err ] || { cat mirror.err >&2; exit 1; }
  sleep 0.05
done

echo "start $EPOCHREALTIME"
while read -r name address role; do
  (
    join "$name"
    exec nsenter --target "${first[$name]}" --mount --uts --ipc --net --pid --cgroup -- /bin/sh /run/node.sh "$role"
  ) >"$name/node.out" 2>&1 &
done <nodes

until kubectl get --raw /readyz >/dev/null 2>&1; do sleep 0.2; done
echo "api $EPOCHREALTIME"
while read -r name address role; do
  kubernetes=/proc/${first[$name]}/root/etc/kubernetes
  if [ "$role" = controlplane ]; then mv "$kubernetes"/later/* "$kubernetes/manifests/"; fi
done <nodes
kubectl create -f manifests.json >create.out
while read -r name address role; do
  if [ "$role" = worker ]; then : >"/proc/${first[$name]}/root/run/join"; fi
done <nodes
while read -r name address role; do
  kubectl wait --for=create "node/$name" --timeout=300s </dev/null >/dev/null
  echo "registered-$name $EPOCHREALTIME"
done <nodes
kubectl wait --for=condition=Ready node --all --timeout=300s >/dev/null
echo "ready $EPOCHREALTIME"
sleep infinity
