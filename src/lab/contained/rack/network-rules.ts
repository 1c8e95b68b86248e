import { LAPTOP, type NetworkFault } from "../../faults.ts";
import { LAPTOP_PORT, portOf, stagePortOf } from "./network-plan.ts";

const TABLE = "table bridge skerry";
const PARTS = 1000;

/** The switch's port of a machine or the laptop. */
export function portOfName(nodes: readonly string[], name: string): string {
  return name === LAPTOP ? LAPTOP_PORT : portOf(nodes.indexOf(name));
}

/**
 * The nftables file that makes the switch lose and separate what the faults say; it replaces what was there in one step.
 *
 * @param nodes - names of all machines, in their order
 * @see https://wiki.nftables.org/wiki-nftables/index.php/Bridge_filtering
 */
export function networkRules(nodes: readonly string[], faults: readonly NetworkFault[]): string {
  const rules = faults.flatMap((fault) => rulesOf(nodes, fault));
  const chain = [
    `${TABLE} {`,
    "  chain forward {",
    "    type filter hook forward priority 0; policy accept;",
    ...rules.map((rule) => `    ${rule}`),
    "  }",
    "}",
  ];
  return [TABLE, `delete ${TABLE}`, ...(rules.length === 0 ? [] : chain), ""].join("\n");
}

function rulesOf(nodes: readonly string[], fault: NetworkFault): readonly string[] {
  switch (fault.kind) {
    case "loss": {
      const ports = portSet(nodes, [fault.node]);
      const often = Math.round((fault.percent * PARTS) / 100);
      const verdict = often >= PARTS ? "drop" : `numgen random mod ${PARTS} < ${often} drop`;
      return often === 0 ? [] : [`oifname ${ports} ${verdict}`, `iifname ${ports} ${verdict}`];
    }
    case "partition": {
      const group = [fault.node, ...fault.with];
      const inside = portSet(nodes, group);
      const outside = portSet(
        nodes,
        nodes.filter((node) => !group.includes(node)),
      );
      if (inside === undefined || outside === undefined) return [];
      return [`iifname ${inside} oifname ${outside} drop`, `iifname ${outside} oifname ${inside} drop`];
    }
    default:
      return [];
  }
}

function portSet(nodes: readonly string[], names: readonly string[]): string | undefined {
  // While its packets are delayed, another link stands in the switch for a machine's own.
  const ports = names.map((name) => portOfName(nodes, name)).flatMap((port) => [port, stagePortOf(port).switchSide]);
  return ports.length === 0 ? undefined : `{ ${ports.map((port) => `"${port}"`).join(", ")} }`;
}

/** Whether what one machine sends gets to the other at all. Loss and delay are no separation. */
export function isReachable(from: string, to: string, faults: readonly NetworkFault[]): boolean {
  return !faults.some((fault) => {
    if (fault.kind === "unplug") return fault.node === from || fault.node === to;
    if (fault.kind !== "partition" || from === LAPTOP || to === LAPTOP) return false;
    const group = [fault.node, ...fault.with];
    return group.includes(from) !== group.includes(to);
  });
}
