import { type FileHandle, lstat, open, readdir, readlink, stat } from "node:fs/promises";
import path from "node:path";
import { OperatorError } from "../../../lib/errors/index.ts";
import { readInChunks } from "../../../oci/index.ts";
import { pathProblem } from "../../package/path-rules.ts";
import type { StagedEntry, StagedFile, StagedTree } from "./staged.ts";

/** How many entries a folder may have, so that a folder named by mistake (`/`) is refused. */
const entryLimit = 200_000;

/**
 * A file on disk.
 *
 * @param mode - default: 0755 where anybody may execute it, else 0644, so that it does not depend on a umask
 * @throws OperatorError FILE_UNREADABLE
 */
export async function stagedFile(file: string, mode?: number): Promise<StagedFile> {
  const found = await statOf(file);
  if (!found.isFile()) throw unreadable(file, "it is not a file");
  return fileEntry(file, found, mode ?? normalMode(found.mode));
}

/** What a file looked like when it was staged. */
interface Seen {
  readonly size: number;
  readonly mtimeMs: number;
}

function fileEntry(file: string, { size, mtimeMs }: Seen, mode: number): StagedFile {
  return {
    type: "file",
    mode,
    sizeBytes: size,
    open: ({ signal }) => readWhole(file, { size, mtimeMs }, signal),
  };
}

/** A file that is written to meanwhile would break the archive around it, or have another sum than the package says. */
async function* readWhole(file: string, seen: Seen, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let seenBytes = 0;
  let handle: FileHandle | undefined;
  try {
    const opened = await open(file, "r");
    handle = opened;
    const read = async (buffer: Uint8Array, position: number): Promise<number> =>
      (await opened.read(buffer, 0, buffer.length, position)).bytesRead;
    const isSame = async (): Promise<boolean> => {
      const { size, mtimeMs } = await opened.stat();
      return size === seen.size && mtimeMs === seen.mtimeMs;
    };
    if (!(await isSame())) throw changed(file);
    for await (const chunk of readInChunks({ start: 0, end: seen.size, read, signal })) {
      seenBytes += chunk.length;
      yield chunk;
    }
    if (seenBytes !== seen.size || !(await isSame())) throw changed(file);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof OperatorError ? error : unreadable(file, "reading it failed", error);
  } finally {
    await handle?.close();
  }
}

function changed(file: string): OperatorError {
  return new OperatorError("PACKAGE_SOURCE_CHANGED", `${file} changed while the package was made`, {
    where: { file },
    next: ["run the same command again when nothing writes to it"],
    retry: "same",
  });
}

const normalMode = (mode: number): number => ((mode & 0o111) === 0 ? 0o644 : 0o755);

/** A file, or a folder with everything in it. */
export async function readSourceTree(
  source: string,
  call: { readonly signal: AbortSignal },
): Promise<{ readonly top: StagedEntry; readonly below: StagedTree }> {
  const found = await statOf(source);
  if (found.isFile()) return { top: fileEntry(source, found, normalMode(found.mode)), below: new Map() };
  if (!found.isDirectory()) throw unreadable(source, "it is neither a file nor a folder");
  const below = new Map<string, StagedEntry>();
  await readInto(below, source, "", call.signal);
  return { top: { type: "folder", mode: 0o755 }, below };
}

/** Everything in a folder, by path below it; links stay links where they stay inside. */
export async function readFolder(folder: string, call: { readonly signal: AbortSignal }): Promise<StagedTree> {
  return (await readSourceTree(folder, call)).below;
}

async function readInto(
  tree: Map<string, StagedEntry>,
  folder: string,
  below: string,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  for (const name of (await readdir(path.join(folder, below))).sort()) {
    const inner = below === "" ? name : `${below}/${name}`;
    const file = path.join(folder, inner);
    const problem = pathProblem(name);
    if (problem !== undefined) throw unusable(file, problem);
    if (tree.size >= entryLimit) throw unreadable(folder, `it has more than ${entryLimit} files`);
    const found = await lstat(file);
    if (found.isDirectory()) {
      tree.set(inner, { type: "folder", mode: 0o755 });
      await readInto(tree, folder, inner, signal);
    } else if (found.isFile()) tree.set(inner, fileEntry(file, found, normalMode(found.mode)));
    else if (found.isSymbolicLink()) tree.set(inner, { type: "link", target: await insideLink(folder, inner) });
    else throw unusable(file, "is neither a file, a folder nor a link");
  }
}

/** Readers refuse an archive with a link that leaves it, so it is refused here, where it can be mended. */
async function insideLink(folder: string, inner: string): Promise<string> {
  const target = await readlink(path.join(folder, inner));
  const meant = path.posix.normalize(path.posix.join(path.posix.dirname(inner), target));
  if (path.isAbsolute(target) || meant === ".." || meant.startsWith("../") || target.includes("\\"))
    throw unusable(path.join(folder, inner), `is a link that leaves the folder: ${target}`);
  return target;
}

async function statOf(file: string) {
  try {
    return await stat(file);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw unreadable(file, isMissing ? "there is no such file or folder" : "looking at it failed", error);
  }
}

function unusable(file: string, problem: string): OperatorError {
  return new OperatorError("PACKAGE_SOURCE_UNUSABLE", `${file} cannot go into a package: it ${problem}`, {
    where: { file },
    next: ["rename it or take it out of the folder; the same rules hold for every reader of packages"],
  });
}

function unreadable(file: string, reason: string, cause?: unknown): OperatorError {
  return new OperatorError("FILE_UNREADABLE", `${file} could not be read: ${reason}`, {
    where: { file },
    next: [`check that ${file} is the file you mean`],
    cause,
  });
}
