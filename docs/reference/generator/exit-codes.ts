import type { ExitCode } from "../../../src/lib/errors/index.ts";

/** What each exit code says to a script. */
export const exitCodes = {
  0: "Done.",
  1: "A bug in Skerry. Run it again with `--debug` and report what it prints.",
  2: "Wrong usage: unknown command or flag, missing argument, or a question answered with no. Nothing was done.",
  3: "An invalid file, site, package or bundle.",
  4: "Something could not be reached, or did not happen in time.",
  5: "Not permitted: by the laptop's system, a registry, a node or the cluster.",
  6: "A digest, a signature or an identity does not match.",
  7: "A node or the cluster refused, or did not become ready.",
  8: "Another run holds the lock.",
  9: "Done, except for nodes that were set aside; they are named in the summary and in `--json`.",
  10: "Changes are pending. Kept for plans that are asked for it; no command of this version ends with it.",
  130: "Interrupted (Ctrl-C). Run the same command again to go on.",
  143: "Terminated by a signal. Run the same command again to go on.",
} as const satisfies Readonly<Record<ExitCode, string>>;

/** In ascending order, as numbers. */
export function exitCodeList(): readonly ExitCode[] {
  return Object.keys(exitCodes)
    .map((key) => Number(key) as ExitCode)
    .sort((a, b) => a - b);
}
