import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { findRackGroups, processesOfRack } from "../contained/node/cgroups.ts";
import { isOfState, type MarkedProcess, markedProcesses } from "./marks.ts";
import { rackPaths, readRackFile } from "./rack-file.ts";
import { rackNames } from "./slots.ts";

/** A group this young may be of a rack that is just being started. */
const YOUNG_MS = 60_000;

/** Processes with the mark of a rack of this state folder that is not there any more. */
export function strayProcesses(stateDir: string): readonly MarkedProcess[] {
  const racksFolder = join(stateDir, "racks");
  const known = new Set(rackNames(stateDir).map((name) => readRackFile(rackPaths(stateDir, name).rackFile)?.id));
  return markedProcesses().filter(({ mark }) => isOfState(mark, racksFolder) && !known.has(mark.id));
}

/**
 * Racks, by their ids, of which there are only control groups: nothing runs in them, and no rack that runs could be about to use them. None
 * for others than root, who could not tell.
 *
 * @param dead - ids of racks whose end is certain, so that their groups may be young
 */
export function strayGroups(dead: ReadonlySet<string> = new Set()): readonly string[] {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return [];
  const living = new Set(markedProcesses().map(({ mark }) => mark.id));
  return [...findRackGroups()].flatMap(([id, folders]) => {
    const isOld = folders.every((folder) => Date.now() - modifiedMs(folder) > YOUNG_MS);
    return living.has(id) || processesOfRack(id).length > 0 || !(isOld || dead.has(id)) ? [] : [id];
  });
}

/** Names under which there is nothing but the log of a rack that did not start. */
export function strayLogs(stateDir: string): readonly string[] {
  return rackNames(stateDir).filter((name) => {
    const { folder, rackFile, log } = rackPaths(stateDir, name);
    return !existsSync(rackFile) && readdirSync(folder).every((entry) => entry === basename(log));
  });
}

/** Of a folder that may be gone by now: long ago. */
function modifiedMs(folder: string): number {
  return statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
