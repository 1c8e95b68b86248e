import { homedir } from "node:os";
import path from "node:path";

/**
 * Folder of everything built here: `$XDG_CACHE_HOME/skerry/parts`, else `~/.cache/skerry/parts`. It may be removed at any time.
 *
 * @see https://specifications.freedesktop.org/basedir-spec/latest/ (a relative XDG_CACHE_HOME is to be ignored)
 */
export function partsCacheFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const configured = environment["XDG_CACHE_HOME"];
  const base = configured !== undefined && path.isAbsolute(configured) ? configured : path.join(homedir(), ".cache");
  return path.join(base, "skerry", "parts");
}
