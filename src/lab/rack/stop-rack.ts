import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { systemClock } from "../../lib/clock.ts";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { findRackGroups, processesOfRack } from "../contained/node/cgroups.ts";
import { endGently } from "./end-processes.ts";
import { endRack, type Removed, removeGroups } from "./end-rack.ts";
import { askToStop } from "./known-racks.ts";
import { isOfState, markedProcesses } from "./marks.ts";
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

const YOUNG_MS = 60_000;

/**
 * Takes every rack of a state folder down, and removes what earlier crashes left: processes that carry the mark of a rack of this state folder,
 * and control groups with a rack's name in which nothing runs and which no rack that runs could be about to use. Racks of other state folders are left
 * alone. Safe to repeat.
 */
export async function stopAllRacks({ stateDir, signal }: Where): Promise<RemovedRacks> {
  const racksFolder = join(stateDir, "racks");
  const racks: string[] = [];
  const dead = new Set<string>();
  for (const name of rackNames(stateDir)) {
    const rack = readRackFile(rackPaths(stateDir, name).rackFile);
    if (rack === undefined) continue;
    dead.add(rack.id);
    await stopRack(name, { stateDir, signal });
    racks.push(name);
  }
  const strays = markedProcesses().filter(({ mark }) => isOfState(mark, racksFolder));
  for (const { mark } of strays) dead.add(mark.id);
  const strayProcesses = await endGently(strays, { clock: systemClock, signal });
  return {
    racks,
    strayProcesses,
    strayGroups: await removeStrayGroups(dead, signal),
    strayFolders: removeLogs(stateDir),
  };
}

async function removeStrayGroups(dead: ReadonlySet<string>, signal: AbortSignal): Promise<number> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return 0;
  const living = new Set(markedProcesses().map(({ mark }) => mark.id));
  let count = 0;
  for (const [id, folders] of findRackGroups()) {
    const isOld = folders.every((folder) => Date.now() - modifiedMs(folder) > YOUNG_MS);
    if (living.has(id) || processesOfRack(id).length > 0 || !(isOld || dead.has(id))) continue;
    count += await removeGroups(id, signal);
  }
  return count;
}

/** Of a folder that may be gone by now: long ago. */
function modifiedMs(folder: string): number {
  return statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function removeLogs(stateDir: string): readonly string[] {
  return rackNames(stateDir).filter((name) => {
    const { folder, rackFile, log } = rackPaths(stateDir, name);
    if (existsSync(rackFile) || !readdirSync(folder).every((entry) => entry === basename(log))) return false;
    rmSync(folder, { recursive: true, force: true });
    return true;
  });
}

/** @throws OperatorError LAB_NEEDS_ROOT */
export function needRoot(rack: RackFile): void {
  if (rack.interior === "modelled" || process.getuid?.() === 0) return;
  throw new OperatorError("LAB_NEEDS_ROOT", `rack ${rack.name} is contained: only root can do that`, {
    next: ["run the same command with sudo"],
  });
}
