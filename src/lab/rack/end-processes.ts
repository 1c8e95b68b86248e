import { rmSync } from "node:fs";
import type { Clock } from "../../lib/clock.ts";
import { isAlive, type ProcessRecord, readRecords } from "../process-record.ts";

const POLL_MS = 50;
const WAIT_MS = 10_000;
const GRACE_MS = 3000;

interface Waiting {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Ends every process of a rack that its records name and that still runs, supervisor first; a process id that somebody else has by now
 * is left alone. Safe to repeat.
 *
 * @param file - `processes.ndjson` of the rack
 * @returns how many there were
 */
export async function endRecordedProcesses(file: string, options: Waiting): Promise<number> {
  const alive = readRecords(file).filter(isAlive);
  for (const record of alive) kill(record, "SIGKILL");
  await untilGone(alive, WAIT_MS, options);
  rmSync(file, { force: true });
  return alive.length;
}

/** Asks processes to end, and ends those that have not after a moment. @returns how many there were */
export async function endGently(records: readonly ProcessRecord[], options: Waiting): Promise<number> {
  const alive = records.filter(isAlive);
  for (const record of alive) kill(record, "SIGTERM");
  await untilGone(alive, GRACE_MS, options);
  for (const record of alive.filter(isAlive)) kill(record, "SIGKILL");
  await untilGone(alive, WAIT_MS, options);
  return alive.length;
}

async function untilGone(
  records: readonly ProcessRecord[],
  limitMs: number,
  { clock, signal }: Waiting,
): Promise<void> {
  const until = clock.now().getTime() + limitMs;
  while (records.some(isAlive) && clock.now().getTime() < until) await clock.sleep(POLL_MS, { signal });
}

function kill({ pid }: ProcessRecord, how: NodeJS.Signals): void {
  try {
    process.kill(pid, how);
  } catch {
    // It has just ended by itself.
  }
}
