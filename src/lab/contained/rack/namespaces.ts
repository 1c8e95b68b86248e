import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { CONTAINED_NETWORK, LAPTOP_PORT, NAMESPACES, portOf } from "./network-plan.ts";
import { runProgram } from "./run-program.ts";

interface Plug {
  readonly name: string;
  readonly port: string;
  readonly address: string;
  /** Default: the kernel's choice. */
  readonly mac?: string;
  readonly isRouter: boolean;
}

/**
 * Makes the switch, the laptop's and the machines' network namespaces and the cables between them, inside the namespaces that this process
 * was started in. The switch is this process' own network namespace: a bridge without an address or a route, so nothing
 * leaves the rack.
 */
export async function buildNetwork(
  nodes: readonly { readonly name: string; readonly address: string; readonly mac: string }[],
): Promise<void> {
  const plugs: readonly Plug[] = [
    { name: "laptop", port: LAPTOP_PORT, address: CONTAINED_NETWORK.laptop, isRouter: false },
    ...nodes.map(({ name, address, mac }, index) => ({ name, port: portOf(index), address, mac, isRouter: true })),
  ];
  await hideNames();
  await ip(["link set lo up", "link add sw0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0"]);
  await inNamespace(undefined, switchSettings);
  await ip(["link set sw0 up"]);
  for (const { name } of plugs) await runProgram("ip", ["netns", "add", name]);
  await ip(
    plugs.flatMap(({ name, port, mac }) => [
      `link add ${port} type veth peer name eth0 ${mac === undefined ? "" : `address ${mac} `}netns ${name}`,
      `link set ${port} master sw0`,
      `link set ${port} up`,
    ]),
  );
  await Promise.all(plugs.map(connect));
}

async function connect({ name, address, isRouter }: Plug): Promise<void> {
  await inNamespace(name, isRouter ? machineSettings : laptopSettings);
  const route = isRouter ? [`route add default via ${CONTAINED_NETWORK.laptop}`] : [];
  await ip(
    [
      "link set lo up",
      `addr add ${address}/${CONTAINED_NETWORK.prefixLength} brd + dev eth0`,
      "link set eth0 up",
      ...route,
    ],
    name,
  );
}

/** Commands for `ip`, in this process' network namespace or a named one. */
export async function ip(commands: readonly string[], namespace?: string): Promise<void> {
  const where = namespace === undefined ? [] : ["-n", namespace];
  await runProgram("ip", [...where, "-batch", "-"], { input: `${commands.join("\n")}\n` });
}

/** The words before a command that put it into a network namespace of this rack. */
export function entering(namespace: string): readonly [string, ...string[]] {
  return ["nsenter", `--net=${join(NAMESPACES, namespace)}`, "--"];
}

async function hideNames(): Promise<void> {
  // Where nobody has made the folder yet, only the rack's own /run may get it.
  if (!existsSync(NAMESPACES)) await runProgram("mount", ["-t", "tmpfs", "-o", "mode=0755", "skerry", "/run"]);
  mkdirSync(NAMESPACES, { recursive: true });
  await runProgram("mount", ["-t", "tmpfs", "-o", "mode=0755", "skerry", NAMESPACES]);
}

/** No layer above Ethernet looks at what passes the switch. */
const switchSettings = [
  "net/ipv6/conf/all/disable_ipv6=1",
  "net/ipv6/conf/default/disable_ipv6=1",
  "net/bridge/bridge-nf-call-iptables=0",
  "net/bridge/bridge-nf-call-ip6tables=0",
  "net/bridge/bridge-nf-call-arptables=0",
];

/** A neighbour that has moved or gone is noticed in a second, not in a minute. */
const neighbours = ["net/ipv4/neigh/default/retrans_time_ms=250", "net/ipv4/neigh/default/delay_first_probe_time=1"];

/** The laptop is nobody's way out, whatever the computer forwards. */
const laptopSettings = ["net/ipv4/ip_forward=0", ...neighbours];

/** Pods are behind their node. An address is usable at once, without asking first whether somebody has it. */
const machineSettings = ["net/ipv4/ip_forward=1", "net/ipv6/conf/default/accept_dad=0", ...neighbours];

/** Kernels without a module lack its settings. */
async function inNamespace(namespace: string | undefined, settings: readonly string[]): Promise<void> {
  const [program = "sh", ...args] = [...(namespace === undefined ? [] : entering(namespace)), "sh", "-s"];
  const lines = settings.map((setting) => {
    const [path, value] = setting.split("=");
    return `if [ -e /proc/sys/${path} ]; then echo ${value} > /proc/sys/${path}; fi`;
  });
  await runProgram(program, args, { input: `set -e\n${lines.join("\n")}\n` });
}
