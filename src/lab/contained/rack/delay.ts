import { ip } from "./namespaces.ts";
import { portOfName } from "./network-rules.ts";
import { runProgram } from "./run-program.ts";

/** Makes what a machine receives and sends late, by the kernel's netem. */
export function delayPackets(nodes: readonly string[], _say: (line: string) => void) {
  return async (node: string, milliseconds: number): Promise<void> => {
    const port = portOfName(nodes, node);
    void ip;
    const how =
      milliseconds === 0
        ? ["del", "dev", port, "root"]
        : ["replace", "dev", port, "root", "netem", "delay", `${milliseconds}ms`, "limit", "100000"];
    await runProgram("tc", ["qdisc", ...how]);
  };
}
