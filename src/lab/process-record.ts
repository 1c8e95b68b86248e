import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";

/** A process that belongs to a rack; the start time tells it from a later process with the same id. */
export interface ProcessRecord {
  readonly pid: number;
  /** As the system counts it; only compared, never read as a time. */
  readonly started: string;
  readonly what: string;
  /** Of the computer's start, where the system tells: after another one the process id is somebody else's. */
  readonly boot?: string;
}

/** What the system says about when `pid` was started; undefined when there is no such process. */
export function startedAt(pid: number): string | undefined {
  if (process.platform === "linux") {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // The name in parentheses may hold spaces; field 22 is the 20th after it, field 3 the state.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The record of a process that runs now; undefined when it has ended already. */
export function recordOf(pid: number, what: string): ProcessRecord | undefined {
  const started = startedAt(pid);
  const boot = currentBoot();
  return started === undefined ? undefined : { pid, started, what, ...(boot === undefined ? {} : { boot }) };
}

function currentBoot(): string | undefined {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return undefined;
  }
}

export function isAlive(record: ProcessRecord): boolean {
  if (startedAt(record.pid) !== record.started) return false;
  return record.boot === undefined || record.boot === currentBoot();
}

/** Appends to the list of a rack's processes, so that they can be ended after the supervisor was killed. */
export function appendRecord(file: string, record: ProcessRecord): void {
  appendFileSync(file, `${JSON.stringify(record)}\n`, { mode: 0o600 });
}

/** Every process recorded in the file; a line cut off by a crash is left out. */
export function readRecords(file: string): readonly ProcessRecord[] {
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch {
    return [];
  }
  return content.split("\n").flatMap((line) => {
    try {
      const value = JSON.parse(line) as ProcessRecord;
      return Number.isInteger(value.pid) && typeof value.started === "string" ? [value] : [];
    } catch {
      return [];
    }
  });
}
