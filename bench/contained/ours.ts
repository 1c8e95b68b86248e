import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { commandRack, type MachineStatus, rackPaths } from "../../src/lab/index.ts";
import { type Measured, runMeasured } from "../support/processes.ts";
import type { Desk } from "./desk.ts";

/** One run of `skerry up` on a contained rack. */
export interface OurRun {
  readonly up: Measured;
  /** Phases in seconds, those under a tenth left out: `apply 1.2 · …`. */
  readonly phases: string;
  /** From the last applied config to the step that saw the last node Ready. */
  readonly lastApplyToReadySeconds: number;
  /** When all nodes are Ready and what up deploys is deployed. */
  readonly machines: readonly MachineStatus[];
  /** What each machine was given, from its STATE partition. */
  readonly configs: ReadonlyMap<string, string>;
}

interface Event {
  readonly kind: string;
  readonly time: string;
  readonly phase?: string;
}

/** Starts a contained rack of the site, brings it up with the built command line, and takes it down. */
export async function bringUp(desk: Desk, rack: string, options: { readonly signal: AbortSignal }): Promise<OurRun> {
  const run = (args: readonly string[]) =>
    runMeasured([process.execPath, desk.skerry, ...args], { cwd: desk.folder, env: desk.env, isQuiet: true });
  await run(["lab", "up", rack, "--site", join(desk.folder, `${rack}.yaml`), "--interior", "contained"]);
  try {
    const up = await run(["up", "--rack", rack, "--yes", "--events"]);
    const events = up.stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Event);
    const { machines } = await commandRack(rack, { do: "status" }, { stateDir: desk.stateDir, ...options });
    const { nodes } = rackPaths(desk.stateDir, rack);
    const configs = await Promise.all(
      machines.map(
        async ({ name }) => [name, await readFile(join(nodes, name, "state", "config.yaml"), "utf8")] as const,
      ),
    );
    return {
      up,
      phases: phasesOf(events),
      lastApplyToReadySeconds: (lastOf(events, "nodes-ready") - lastOf(events, "apply")) / 1000,
      machines,
      configs: new Map(configs),
    };
  } finally {
    await run(["lab", "down", rack]);
  }
}

/** When the last step of a phase was done, in ms. */
function lastOf(events: readonly Event[], phase: string): number {
  const done = events.findLast((event) => event.kind === "step.succeeded" && event.phase === phase);
  if (done === undefined) throw new Error(`up had nothing to do in its phase ${phase}`);
  return Date.parse(done.time);
}

function phasesOf(events: readonly Event[]): string {
  const started = new Map<string, number>();
  const parts: string[] = [];
  for (const { kind, phase = "", time } of events) {
    if (kind === "phase.started") started.set(phase, Date.parse(time));
    if (kind !== "phase.succeeded") continue;
    const seconds = (Date.parse(time) - (started.get(phase) ?? 0)) / 1000;
    if (seconds >= 0.1) parts.push(`${phase} ${seconds.toFixed(1)}`);
  }
  return parts.join(" · ");
}
