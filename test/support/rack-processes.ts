import { join } from "node:path";
import { isAlive, type ProcessRecord, readRecords } from "../../src/lab/process-record.ts";

/**
 * Everything that a rack has started and that runs: supervisor, etcd, API servers. Ask before it goes down, then compare.
 *
 * @param stateHome - what XDG_STATE_HOME was for the commands
 */
export function rackProcesses(stateHome: string, rack: string): readonly ProcessRecord[] {
  return readRecords(join(stateHome, "skerry", "racks", rack, "processes.ndjson")).filter(isAlive);
}

/** Those of `records` that still run, by name: the list to expect empty after `lab down`. */
export function stillAlive(records: readonly ProcessRecord[]): readonly string[] {
  return records.filter(isAlive).map((record) => record.what);
}
