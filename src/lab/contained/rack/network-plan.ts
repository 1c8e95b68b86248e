/** The network of every contained rack: each has one of its own, so all have the same. See docs/decisions/0005-contained-rack.md. */
export const CONTAINED_NETWORK = { laptop: "10.5.0.1", prefixLength: 24, virtualIp: "10.5.0.100" } as const;

const FIRST_HOST = 2;

/** As many as fit below the virtual IP. */
export const MAX_CONTAINED_NODES = 98;

/** The address of the `index`-th machine, from 0: 10.5.0.2 upwards. */
export function containedAddress(index: number): string {
  return `10.5.0.${FIRST_HOST + index}`;
}

/** The switch's port of the laptop. */
export const LAPTOP_PORT = "p0";

/** The switch's port of the `index`-th machine, from 0. Machines may have longer names than ports. */
export function portOf(index: number): string {
  return `p${index + 1}`;
}

/** The links that stand between a port and the switch while its packets are delayed by a process. */
export function stagePortOf(port: string) {
  const number = port.slice(1);
  return { switchSide: `s${number}`, relaySide: `r${number}`, tapA: `a${number}`, tapB: `b${number}` } as const;
}

/** Where the network namespaces of a rack have their names; a tmpfs of the rack's own hides the computer's. */
export const NAMESPACES = "/run/netns";
