import { resolve } from "node:path";
import type { JourneyWorld } from "../journeys/index.ts";
import type { Call } from "./command.ts";
import { cacheFolderOf } from "./folders.ts";

const DEFAULT_CONCURRENCY = 8;

/** What every journey is handed. */
export function worldOf(call: Call, notice?: (text: string) => void): JourneyWorld {
  const identity = call.flags.identity ?? call.environment["SKERRY_IDENTITY"];
  return {
    ...(identity === undefined || identity === "" ? {} : { identityFile: resolve(call.workingFolder, identity) }),
    clock: call.clock,
    random: call.random,
    signal: call.signal,
    notice: notice ?? ((text) => (call.flags.quiet ? undefined : call.terminal.stderr.write(`${text}\n`))),
    self: call.self,
    cacheDir: cacheFolderOf(call),
    concurrency: call.flags.concurrency ?? DEFAULT_CONCURRENCY,
  };
}
