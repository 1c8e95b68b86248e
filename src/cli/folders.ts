import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Call } from "./command.ts";

/** Where Skerry remembers: --state-dir, else `$XDG_STATE_HOME/skerry`, else `~/.local/state/skerry`; absolute. */
export function stateFolderOf(call: Call): string {
  const { stateDir } = call.flags;
  if (stateDir !== undefined) return resolve(call.workingFolder, stateDir);
  return xdgFolder(call.environment["XDG_STATE_HOME"], join(".local", "state"));
}

/** Where Skerry keeps what can be made again: `$XDG_CACHE_HOME/skerry`, else `~/.cache/skerry`; absolute. */
export function cacheFolderOf(call: Call): string {
  return cacheFolderIn(call.environment);
}

/** As cacheFolderOf, before a command is known. */
export function cacheFolderIn(environment: Readonly<Record<string, string | undefined>>): string {
  return xdgFolder(environment["XDG_CACHE_HOME"], ".cache");
}

/** The XDG specification wants relative paths ignored. @see https://specifications.freedesktop.org/basedir-spec/latest/ */
function xdgFolder(base: string | undefined, below: string): string {
  return base?.startsWith("/") === true ? join(base, "skerry") : join(homedir(), below, "skerry");
}
