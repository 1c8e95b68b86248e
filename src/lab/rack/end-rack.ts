import { systemClock } from "../../lib/clock.ts";
import { findRackGroups, removeRackGroups } from "../contained/node/cgroups.ts";
import { endGently, endRecordedProcesses } from "./end-processes.ts";
import { markedProcesses } from "./marks.ts";
import type { RackPaths } from "./rack-file.ts";

/** What there was to end and to remove. */
export interface Removed {
  readonly processes: number;
  /** Control groups, counted once per hierarchy. */
  readonly groups: number;
}

/**
 * Ends all that runs for a rack and removes its control groups, whatever state it is in. Of a contained rack one kill ends everything,
 * and the kernel takes mounts, namespaces and links with it; commands that were started in its laptop's network are asked to end. Safe to
 * repeat.
 */
export async function endRack(
  paths: RackPaths,
  id: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<Removed> {
  const options = { clock: systemClock, signal };
  const recorded = await endRecordedProcesses(paths.processes, options);
  const marked = await endGently(
    markedProcesses().filter(({ mark }) => mark.id === id),
    options,
  );
  return { processes: recorded + marked, groups: await removeGroups(id, signal) };
}

/** @returns how many there were */
export async function removeGroups(id: string, signal: AbortSignal): Promise<number> {
  if (process.platform !== "linux") return 0;
  const groups = findRackGroups().get(id)?.length ?? 0;
  if (groups > 0) await removeRackGroups(id, { clock: systemClock, signal });
  return groups;
}
