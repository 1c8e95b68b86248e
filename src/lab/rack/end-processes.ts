import { rmSync } from "node:fs";
import type { Clock } from "../../lib/clock.ts";
import { isAlive, readRecords } from "../process-record.ts";

const POLL_MS = 50;
const WAIT_MS = 10_000;

/**
 * Ends every process of a rack that its records name and that still runs, supervisor first; a process id that somebody else has by now
 * is left alone. Safe to repeat.
 *
 * @param file - `processes.ndjson` of the rack
 */
export async function endRecordedProcesses(
  file: string,
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const alive = readRecords(file).filter(isAlive);
  for (const record of alive) kill(record.pid);
  const until = options.clock.now().getTime() + WAIT_MS;
  while (alive.some(isAlive) && options.clock.now().getTime() < until) await options.clock.sleep(POLL_MS, options);
  rmSync(file, { force: true });
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has just ended by itself.
  }
}
