import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { digestFolder, type FileDigests, findDifference } from "./digest-files.ts";
import { lock } from "./lock.ts";
import type { Report } from "./report.ts";

const digestsName = "digests.json";
const temporaryPrefix = ".tmp-";

/** One thing in the cache, `<root>/<name>/<key>/`, with the digests of its files beside them in `digests.json`. */
export interface CacheEntry {
  /** Cache folder of all things, absolute. */
  readonly root: string;
  readonly name: string;
  /** Says what the entry was made from; another key is another entry. */
  readonly key: string;
}

/** Absolute folder of an entry, whether it exists or not. */
export function entryFolder(entry: CacheEntry): string {
  return path.join(entry.root, entry.name, entry.key);
}

export type EntryState =
  | { readonly kind: "absent" }
  | { readonly kind: "damaged"; readonly problem: string }
  | { readonly kind: "whole"; readonly files: FileDigests };

/**
 * Looks whether an entry is there and is what was put there.
 *
 * @param options.thorough - true hashes every file (about 1.5 GB/s); false compares sizes
 */
export async function inspectEntry(
  entry: CacheEntry,
  options: { readonly thorough: boolean; readonly signal: AbortSignal },
): Promise<EntryState> {
  const folder = entryFolder(entry);
  const text = await readFile(path.join(folder, digestsName), "utf8").catch(() => undefined);
  if (text === undefined) return { kind: "absent" };
  const files = parseDigests(text);
  if (files === undefined) return { kind: "damaged", problem: `${digestsName} is not readable` };
  const problem = await findDifference(folder, files, options);
  return problem === undefined ? { kind: "whole", files } : { kind: "damaged", problem };
}

export interface MakeOptions {
  readonly version: string;
  /** The verb of the progress line: "building". */
  readonly action: string;
  readonly thorough: boolean;
  readonly signal: AbortSignal;
  readonly report: Report;
  /** Writes the files into the empty folder it is given; whatever it leaves there becomes the entry. */
  readonly make: (folder: string) => Promise<void>;
}

/**
 * Makes sure that an entry is there and whole, making it where it is not. Safe to repeat and to run several times at once.
 *
 * It is made in a temporary folder beside its place and renamed there, so an interrupted build leaves litter (removed
 * by the next one) but never half an entry.
 *
 * @returns the entry's absolute folder
 */
export async function ensureEntry(entry: CacheEntry, options: MakeOptions): Promise<string> {
  const { name } = entry;
  const cached = await useCached(entry, options);
  if (cached.kind === "whole") return entryFolder(entry);

  const home = path.join(entry.root, name);
  await mkdir(home, { recursive: true });
  await using _held = await lock(home, {
    signal: options.signal,
    onWait: (holder) => options.report({ kind: "waiting", name, holder }),
  });
  const now = await useCached(entry, options);
  if (now.kind === "whole") return entryFolder(entry);
  if (now.kind === "damaged") options.report({ kind: "damaged", name, problem: now.problem });

  await removeLitter(home);
  const temporary = await mkdtemp(path.join(home, `${temporaryPrefix}${process.pid}-`));
  options.report({ kind: "started", name, version: options.version, action: options.action });
  try {
    await options.make(temporary);
    const files = await digestFolder(temporary, options);
    await writeFile(path.join(temporary, digestsName), `${JSON.stringify(files, undefined, 2)}\n`);
    options.signal.throwIfAborted();
    await moveIntoPlace(temporary, entry, options);
    const sizeBytes = Object.values(files).reduce((sum, file) => sum + file.sizeBytes, 0);
    options.report({ kind: "finished", name, sizeBytes });
  } catch (error) {
    options.report({ kind: "failed", name });
    throw error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return entryFolder(entry);
}

async function useCached(entry: CacheEntry, options: MakeOptions): Promise<EntryState> {
  const state = await inspectEntry(entry, options);
  if (state.kind === "whole") options.report({ kind: "cached", name: entry.name, version: options.version });
  return state;
}

/**
 * A process that the lock does not reach (another network namespace, a shared cache) may have been faster: its whole
 * entry stays, and ours, made from the same key, is dropped. Anything else in the place is damaged and makes way.
 */
async function moveIntoPlace(temporary: string, entry: CacheEntry, options: MakeOptions): Promise<void> {
  const folder = entryFolder(entry);
  if ((await inspectEntry(entry, options)).kind === "whole") return;
  await rm(folder, { recursive: true, force: true });
  try {
    await rename(temporary, folder);
  } catch (error) {
    if ((await inspectEntry(entry, options)).kind !== "whole") throw error;
  }
}

/** Removes what interrupted builds left behind; a folder whose process still runs is somebody's work. */
async function removeLitter(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    if (!name.startsWith(temporaryPrefix)) continue;
    const pid = Number.parseInt(name.slice(temporaryPrefix.length), 10);
    if (pid === process.pid || isRunning(pid)) continue;
    await rm(path.join(home, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function parseDigests(text: string): FileDigests | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) return undefined;
  const rows = Object.entries(value as Record<string, unknown>);
  const wellFormed = rows.every(([name, row]) => {
    if (name.startsWith("/") || name.split("/").includes("..")) return false;
    if (typeof row !== "object" || row === null) return false;
    return "sha256" in row && typeof row.sha256 === "string" && "sizeBytes" in row && typeof row.sizeBytes === "number";
  });
  return wellFormed ? (value as FileDigests) : undefined;
}
