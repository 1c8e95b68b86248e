import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { OperatorError } from "../../lib/errors/index.ts";

/** Where Skerry keeps what it remembers: `$XDG_STATE_HOME/skerry`, else `~/.local/state/skerry`; absolute. */
export function defaultStateFolder(environment: { readonly [name: string]: string | undefined }): string {
  const base = environment["XDG_STATE_HOME"];
  return base === undefined || base === "" ? join(homedir(), ".local", "state", "skerry") : resolve(base, "skerry");
}

/** Files of one site in the state folder. */
export function siteStateFiles(stateFolder: string, site: string) {
  const folder = join(stateFolder, "sites", site);
  return {
    folder,
    journal: join(folder, "journal.jsonl"),
    lock: join(folder, "lock.json"),
    events: join(folder, "events.ndjson"),
    kubeconfig: join(folder, "kubeconfig"),
    talosconfig: join(folder, "talosconfig"),
  } as const;
}

/** Says that the state folder cannot be written, and what to do about it. */
export function stateUnwritable(path: string, cause: unknown): OperatorError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? "the system refused";
  return new OperatorError("FILE_UNWRITABLE", `the state file ${path} could not be written (${code})`, {
    where: { file: path },
    next: ["choose a folder that can be written: --state-dir DIR", "or make room and run the same command again"],
    retry: "later",
    cause,
  });
}
