import type { PartName } from "./catalog.ts";
import { busybox, type ImageFile } from "./image-catalog.ts";

/** Busybox's programs of a node, without those that Debian's own tools do better. */
const applets = [
  "[ ash awk base64 basename cat chgrp chmod chown chroot clear cmp cp cut date dd df diff dirname dmesg du echo egrep env expr",
  "false fgrep find free fuser getopt grep groups gunzip gzip head hexdump hostname id ionice kill killall less ln losetup ls",
  "lsmod md5sum mkdir mkfifo mknod mktemp more mv nc netstat nl nproc nslookup od pidof ping ping6 pivot_root printf ps pwd",
  "readlink realpath renice rm rmdir sed seq setpriv setsid sh sha256sum sleep sort stat stty sync sysctl tac tail tar taskset",
  "tee test time timeout top touch tr traceroute true truncate tty uname uniq uptime vi watch wc wget which whoami xargs xxd",
  "yes zcat",
].flatMap((line) => line.split(" "));

const iptables = ["iptables", "ip6tables"].flatMap((name) => [name, `${name}-save`, `${name}-restore`]);

/** Mount points: a node mounts or binds something over each. */
const folders = [
  "/dev",
  "/etc/cni/net.d",
  "/etc/cri/conf.d",
  "/etc/kubernetes",
  "/etc/ssl/certs",
  "/opt/cni/bin",
  "/proc",
  "/root",
  "/run",
  "/sys",
  "/system",
  "/usr/lib/modules",
  "/usr/local",
  "/var",
] as const;

/** Files that a node binds its own over, because the root filesystem is read-only. */
const bindPoints = ["/etc/hostname", "/etc/machine-id", "/etc/resolv.conf"] as const;

const osRelease = `NAME="Talos"
ID=talos
VERSION_ID=v1.13.9
PRETTY_NAME="Talos (v1.13.9)"
VARIANT="node of a Skerry lab: a simulated machine, not Talos"
VARIANT_ID=skerry-lab
`;

function program(part: PartName): ImageFile {
  return { kind: "part", path: `/usr/bin/${part}`, part };
}

function plugin(path: string, part: PartName): ImageFile {
  return { kind: "part", path: `/opt/cni/bin/${path}`, part };
}

/** The files of a simulated node's root, in the words of image layers. `/bin`, `/sbin` and `/lib` are those of `/usr`. */
export const labRootfs: readonly ImageFile[] = [
  ...busybox(applets),
  { kind: "debian", tools: "node" },
  { kind: "link", path: "/lib", target: "usr/lib" },
  { kind: "link", path: "/sbin", target: "usr/sbin" },
  { kind: "link", path: "/var/run", target: "/run" },
  ...iptables.map((name) => ({ kind: "link", path: `/usr/sbin/${name}`, target: "xtables-nft-multi" }) as const),
  program("containerd"),
  program("containerd-shim-runc-v2"),
  program("ctr"),
  plugin("bridge", "cni-bridge"),
  plugin("firewall", "cni-firewall"),
  plugin("flannel", "rack-net"),
  plugin("host-local", "cni-host-local"),
  plugin("loopback", "cni-loopback"),
  plugin("portmap", "cni-portmap"),
  ...folders.map((path) => ({ kind: "directory", path, mode: 0o755 }) as const),
  { kind: "directory", path: "/tmp", mode: 0o1777 },
  ...bindPoints.map((path) => ({ kind: "text", path, text: "" }) as const),
  { kind: "text", path: "/etc/group", text: "root:x:0:\netcd:x:60:\nnogroup:x:65534:\n" },
  { kind: "text", path: "/etc/hosts", text: "127.0.0.1 localhost\n::1 localhost\n" },
  { kind: "text", path: "/etc/nsswitch.conf", text: "hosts: files dns\n" },
  { kind: "text", path: "/etc/os-release", text: osRelease },
  {
    kind: "text",
    path: "/etc/passwd",
    text: "root:x:0:0:root:/root:/bin/sh\netcd:x:60:60:etcd:/:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n",
  },
];
