import type { NetworkFault } from "../../faults.ts";
import { ip } from "./namespaces.ts";
import { networkRules, portOfName } from "./network-rules.ts";
import { runProgram } from "./run-program.ts";

/** What is wrong with the network of a rack, and how it is made so. */
export interface Switchboard {
  readonly faults: () => readonly NetworkFault[];
  /** From now on these and no others. */
  readonly set: (faults: readonly NetworkFault[]) => Promise<void>;
}

export interface SwitchboardOptions {
  /** Names of all machines, in their order. */
  readonly nodes: readonly string[];
  /** The words before the arguments of nft. */
  readonly nft: readonly [string, ...string[]];
  /** Makes packets of one port late; 0: no longer. */
  readonly delay: (node: string, milliseconds: number) => Promise<void>;
}

export function createSwitchboard({ nodes, nft, delay }: SwitchboardOptions): Switchboard {
  let current: readonly NetworkFault[] = [];
  let turn: Promise<void> = Promise.resolve();
  const apply = async (faults: readonly NetworkFault[]): Promise<void> => {
    const [program, ...args] = nft;
    await runProgram(program, [...args, "-f", "-"], { input: networkRules(nodes, faults) });
    await plug(nodes, unplugged(current), unplugged(faults));
    const [before, after] = [delays(current), delays(faults)];
    for (const node of new Set([...before.keys(), ...after.keys()])) {
      const [was = 0, is = 0] = [before.get(node), after.get(node)];
      if (was !== is) await delay(node, is);
    }
    current = faults;
  };
  return {
    faults: () => current,
    set: (faults) => {
      // One after the other, also after a failure.
      turn = turn.catch(() => undefined).then(() => apply(faults));
      return turn;
    },
  };
}

async function plug(nodes: readonly string[], before: ReadonlySet<string>, after: ReadonlySet<string>): Promise<void> {
  const down = [...after].filter((name) => !before.has(name)).map((name) => `link set ${portOfName(nodes, name)} down`);
  const up = [...before].filter((name) => !after.has(name)).map((name) => `link set ${portOfName(nodes, name)} up`);
  if (down.length + up.length > 0) await ip([...down, ...up]);
}

function unplugged(faults: readonly NetworkFault[]): ReadonlySet<string> {
  return new Set(faults.filter(({ kind }) => kind === "unplug").map(({ node }) => node));
}

function delays(faults: readonly NetworkFault[]): ReadonlyMap<string, number> {
  return new Map(faults.flatMap((fault) => (fault.kind === "delay" ? [[fault.node, fault.milliseconds]] : [])));
}
