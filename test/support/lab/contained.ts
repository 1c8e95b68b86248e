import { tmpdir } from "node:os";
import { canContain } from "../../../src/lab/contained/rack/can-contain.ts";

/** Why no contained rack can run here, for whoever reads that tests were skipped; undefined where one can. */
export async function notContainable(nodes: number): Promise<string | undefined> {
  const can = await canContain({
    env: process.env,
    stateDir: tmpdir(),
    nodes,
    signal: AbortSignal.timeout(60_000),
  });
  return can.ok ? undefined : can.missing.map(({ detail }) => detail).join("; ");
}
