import { dirname, join } from "node:path";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { makeFolder } from "../../lib/files.ts";

/** Folder of what is remembered about a site. */
export function siteStateFolder(stateFolder: string, site: string): string {
  return join(stateFolder, "sites", site);
}

/** Folder of what is remembered about the site in a rack; it goes when the rack goes, since a new rack has done nothing yet. */
export function rackStateFolder(stateFolder: string, rack: string): string {
  return join(stateFolder, "racks", rack, "state");
}

/** Files in such a folder. */
export function stateFiles(folder: string) {
  return {
    folder,
    journal: join(folder, "journal.jsonl"),
    lock: join(folder, "lock.json"),
    events: join(folder, "events.ndjson"),
    kubeconfig: join(folder, "kubeconfig"),
    talosconfig: join(folder, "talosconfig"),
  } as const;
}

/** Makes the folder of a state file, 0700. @throws OperatorError FILE_UNWRITABLE, naming --state-dir */
export async function makeStateFolder(file: string): Promise<void> {
  try {
    await makeFolder(dirname(file), { mode: 0o700 });
  } catch (error) {
    throw stateUnwritable(file, isOperatorError(error) ? error.cause : error);
  }
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
