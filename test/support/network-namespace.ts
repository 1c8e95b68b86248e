import { spawnSync } from "node:child_process";

/** How to start a program where there is no network: as root, or as anybody where the kernel lets people be root in their own namespace. */
const ways = [
  ["unshare", "--net"],
  ["unshare", "--user", "--map-root-user", "--net"],
] as const;

/** What `isolated()` needs, for whoever reads that a test was skipped. */
export const isolationNeeds =
  "needs Linux, `unshare` (util-linux), `ip` (iproute2), and root or unprivileged user namespaces";

/** The words before a command that give it a network namespace of its own, in which `ip link set lo up` works; undefined: impossible here. */
export function isolated(): readonly string[] | undefined {
  return ways.find(([program, ...args]) => {
    const { status } = spawnSync(program, [...args, "ip", "link", "set", "lo", "up"], { stdio: "ignore" });
    return status === 0;
  });
}

/** Names of the network interfaces, from `/proc/net/dev`. */
export function interfacesOf(procNetDev: string): readonly string[] {
  return [...procNetDev.matchAll(/^\s*([^\s:|]+):/gm)].map(([, name = ""]) => name);
}

/** A counter of `/proc/net/snmp`: two lines of names and numbers per protocol. */
export function counterOf(procNetSnmp: string, protocol: string, name: string): number {
  const [names = [], numbers = []] = procNetSnmp
    .split("\n")
    .filter((line) => line.startsWith(`${protocol}: `))
    .map((line) => line.split(" "));
  return Number(numbers[names.indexOf(name)]);
}
