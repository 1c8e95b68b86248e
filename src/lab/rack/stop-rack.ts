import { rmSync } from "node:fs";
import { systemClock } from "../../lib/clock.ts";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { endGently } from "./end-processes.ts";
import { endRack, type Removed, removeGroups } from "./end-rack.ts";
import { strayGroups, strayLogs, strayProcesses } from "./find-strays.ts";
import { askToStop } from "./known-racks.ts";
import { type RackFile, rackPaths, readRackFile } from "./rack-file.ts";
import { rackNames } from "./slots.ts";
import { unknownRack } from "./start-rack.ts";

interface Where {
  readonly stateDir: string;
  readonly signal: AbortSignal;
}

/**
 * Takes a rack down: tells the supervisor to stop, ends what is still there by its record and its mark, and removes its control groups and
 * its folder. Works as well when the supervisor hangs or was killed, or the computer was restarted. Safe to repeat.
 *
 * @throws OperatorError LAB_RACK_UNKNOWN, LAB_NEEDS_ROOT
 */
export async function stopRack(name: string, { stateDir, signal }: Where): Promise<Removed> {
  const paths = rackPaths(stateDir, name);
  const rack = readRackFile(paths.rackFile);
  if (rack === undefined) throw unknownRack(name, stateDir);
  needRoot(rack);
  try {
    await askToStop(name, { stateDir, signal });
  } catch (error) {
    if (!isOperatorError(error, "LAB_RACK_NOT_RUNNING")) throw error;
  }
  const removed = await endRack(paths, rack.id, { signal });
  rmSync(paths.folder, { recursive: true, force: true });
  return removed;
}

export interface RemovedRacks {
  readonly racks: readonly string[];
  /** Of racks of this state folder that have no folder any more. */
  readonly strayProcesses: number;
  /** Control groups in which nothing runs. */
  readonly strayGroups: number;
  /** Folders with nothing but the log of a rack that did not start. */
  readonly strayFolders: readonly string[];
}

/**
 * Takes every rack of a state folder down, and removes what earlier crashes left: processes that carry the mark of a rack of this state folder,
 * and control groups with a rack's name in which nothing runs and which no rack that runs could be about to use. Racks of other state folders are left
 * alone. Safe to repeat.
 */
export async function stopAllRacks({ stateDir, signal }: Where): Promise<RemovedRacks> {
  const racks: string[] = [];
  const dead = new Set<string>();
  for (const name of rackNames(stateDir)) {
    const rack = readRackFile(rackPaths(stateDir, name).rackFile);
    if (rack === undefined) continue;
    dead.add(rack.id);
    await stopRack(name, { stateDir, signal });
    racks.push(name);
  }
  const strays = strayProcesses(stateDir);
  for (const { mark } of strays) dead.add(mark.id);
  const ended = await endGently(strays, { clock: systemClock, signal });
  return {
    racks,
    strayProcesses: ended,
    strayGroups: await removeStrayGroups(dead, signal),
    strayFolders: removeLogs(stateDir),
  };
}

async function removeStrayGroups(dead: ReadonlySet<string>, signal: AbortSignal): Promise<number> {
  let count = 0;
  for (const id of strayGroups(dead)) count += await removeGroups(id, signal);
  return count;
}

function removeLogs(stateDir: string): readonly string[] {
  const names = strayLogs(stateDir);
  for (const name of names) rmSync(rackPaths(stateDir, name).folder, { recursive: true, force: true });
  return names;
}

/** @throws OperatorError LAB_NEEDS_ROOT */
export function needRoot(rack: RackFile): void {
  if (rack.interior === "modelled" || process.getuid?.() === 0) return;
  throw new OperatorError("LAB_NEEDS_ROOT", `rack ${rack.name} is contained: only root can do that`, {
    next: ["run the same command with sudo"],
  });
}
