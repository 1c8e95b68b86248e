import { systemClock } from "../../lib/clock.ts";
import { isAlive, readRecords } from "../process-record.ts";
import type { RackCommand, RackStatus } from "./control-protocol.ts";
import { askRack } from "./control-socket.ts";
import { type InteriorKind, rackPaths, readRackFile } from "./rack-file.ts";
import { rackNames } from "./slots.ts";
import { unknownRack } from "./start-rack.ts";

export interface RackListing {
  readonly name: string;
  readonly interior: InteriorKind;
  /** Modelled: its range of loopback addresses. */
  readonly slot?: number;
  readonly nodes: number;
  readonly kubernetes: boolean;
  /** Whether its supervisor runs; not so after it was killed or the computer was restarted. */
  readonly running: boolean;
  /** When its supervisor was last started, RFC 3339. */
  readonly started: string;
  /** The rack's own site.yaml. */
  readonly siteFile: string;
  /** The site.yaml that it was made from. */
  readonly sourceSite: string;
}

/** The racks of a state folder, running or left over. */
export function listRacks(stateDir: string): readonly RackListing[] {
  return rackNames(stateDir).flatMap((name) => {
    const paths = rackPaths(stateDir, name);
    const rack = readRackFile(paths.rackFile);
    if (rack === undefined) return [];
    const running = readRecords(paths.processes).some((record) => record.what === "supervisor" && isAlive(record));
    const { interior, kubernetes, sourceSite, started } = rack;
    const slot = rack.interior === "modelled" ? { slot: rack.slot } : {};
    const nodes = rack.nodes.length;
    return [{ name, interior, ...slot, nodes, kubernetes, running, started, siteFile: paths.site, sourceSite }];
  });
}

/** Asks a rack's supervisor, or tells it to do something; see control-protocol.ts. @throws as askRack, and LAB_RACK_UNKNOWN */
export async function commandRack(
  name: string,
  command: Exclude<RackCommand, { readonly do: "stop" }>,
  { stateDir, signal }: { readonly stateDir: string; readonly signal: AbortSignal },
): Promise<RackStatus> {
  const paths = rackPaths(stateDir, name);
  if (readRackFile(paths.rackFile) === undefined) throw unknownRack(name, stateDir);
  return await askRack(paths.socket, command, { name, signal });
}

const STOP_MS = 20_000;
const ANSWER_MS = 5000;
const POLL_MS = 50;

/** Asks a supervisor to stop and waits until it and all that it recorded has ended; in vain where it hangs or is gone. */
export async function askToStop(
  name: string,
  { stateDir, signal }: { readonly stateDir: string; readonly signal: AbortSignal },
): Promise<void> {
  const paths = rackPaths(stateDir, name);
  await askRack(paths.socket, { do: "stop" }, { name, limitMs: ANSWER_MS, signal });
  const until = Date.now() + STOP_MS;
  while (readRecords(paths.processes).some(isAlive) && Date.now() < until) await systemClock.sleep(POLL_MS, { signal });
}
