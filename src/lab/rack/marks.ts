import { readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { isRackId } from "../contained/node/cgroups.ts";
import { type ProcessRecord, recordOf } from "../process-record.ts";

/** What every process of a rack carries in its environment, and every command that was started in its laptop's network. */
export interface RackMark {
  readonly id: string;
  /** The rack's folder. */
  readonly folder: string;
}

const ID = "SKERRY_RACK";
const FOLDER = "SKERRY_RACK_FOLDER";

/** The environment variables that mark a process. */
export function markOf({ id, folder }: RackMark): Readonly<Record<string, string>> {
  return { [ID]: id, [FOLDER]: folder };
}

/** The mark in an environment; undefined where there is none, or one that is not ours. */
export function markIn(environment: Readonly<Record<string, string | undefined>>): RackMark | undefined {
  const { [ID]: id, [FOLDER]: folder } = environment;
  return id === undefined || folder === undefined || !isRackId(id) ? undefined : { id, folder };
}

export interface MarkedProcess extends ProcessRecord {
  readonly mark: RackMark;
}

/**
 * Every process of this computer that carries a rack's mark and that may be looked into, but for this one and those that started it: who
 * takes a rack down from a shell inside it keeps the shell.
 */
export function markedProcesses(): readonly MarkedProcess[] {
  if (process.platform !== "linux") return [];
  const own = ancestors(process.pid);
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || own.has(pid)) return [];
    const mark = markIn(environmentOf(pid));
    const record = mark === undefined ? undefined : recordOf(pid, `process of rack ${mark.id}`);
    return mark === undefined || record === undefined ? [] : [{ ...record, mark }];
  });
}

/** Whether a rack's folder is in `racks/` of the state folder. */
export function isOfState(mark: RackMark, racksFolder: string): boolean {
  return dirname(mark.folder) === racksFolder;
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_environ.5.html */
function environmentOf(pid: number): Readonly<Record<string, string>> {
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
    return Object.fromEntries(
      entries
        .filter((entry) => entry.startsWith(ID))
        .map((entry) => [
          entry.slice(0, entry.indexOf("=")),
          Buffer.from(entry.slice(entry.indexOf("=") + 1), "latin1").toString(),
        ]),
    );
  } catch {
    return {};
  }
}

function ancestors(pid: number): ReadonlySet<number> {
  const found = new Set<number>();
  for (let each = pid; each > 0 && !found.has(each); each = parentOf(each)) found.add(each);
  return found;
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0;
  }
}
