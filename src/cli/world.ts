import type { JourneyWorld } from "../journeys/index.ts";
import type { Call } from "./command.ts";
import { cacheFolderOf } from "./folders.ts";

const DEFAULT_CONCURRENCY = 8;

/** What every journey is handed. */
export function worldOf(call: Call, notice?: (text: string) => void): JourneyWorld {
  return {
    clock: call.clock,
    random: call.random,
    signal: call.signal,
    notice: notice ?? ((text) => (call.flags.quiet ? undefined : call.terminal.stderr.write(`${text}\n`))),
    cacheDir: cacheFolderOf(call),
    concurrency: call.flags.concurrency ?? DEFAULT_CONCURRENCY,
  };
}
