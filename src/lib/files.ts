import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { OperatorError } from "./errors/index.ts";

/**
 * Writes a file so that it is there whole or not at all: a temporary file beside it, synced, then renamed over it.
 * Safe to repeat; an existing file is replaced, also in its mode.
 *
 * @param options.mode - default 0o644; secrets get 0o600
 * @throws OperatorError FILE_UNWRITABLE; nothing is left behind
 */
export async function writeFileWhole(
  path: string,
  content: Uint8Array | string,
  options: { readonly mode?: number } = {},
): Promise<void> {
  const mode = options.mode ?? 0o644;
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const handle = await open(temporary, "wx", mode);
    try {
      // The umask may have taken bits away.
      await handle.chmod(mode);
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw unwritable(path, error);
  }
}

/**
 * Makes a folder and those above it. Safe to repeat; the mode applies to what is newly made.
 *
 * @param options.mode - default 0o755
 * @throws OperatorError FILE_UNWRITABLE
 */
export async function makeFolder(path: string, options: { readonly mode?: number } = {}): Promise<void> {
  try {
    await mkdirs(resolve(path), options.mode ?? 0o755);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** Not `recursive: true`: where a file system answers ENOENT for a parent that is there (/proc), Node 24 tries for ever. */
async function mkdirs(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EEXIST" && (await stat(path)).isDirectory()) return;
    if (code !== "ENOENT" || dirname(path) === path || (await exists(dirname(path)))) throw error;
    await mkdirs(dirname(path), mode);
    await mkdirs(path, mode);
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Reads a UTF-8 text file.
 *
 * @param options.sizeLimitBytes - default 4 MiB
 * @throws OperatorError FILE_UNREADABLE when it is missing, too large, not a file or not UTF-8
 */
export async function readTextFile(path: string, options: { readonly sizeLimitBytes?: number } = {}): Promise<string> {
  const limit = options.sizeLimitBytes ?? 4 * 1024 * 1024;
  const bytes = await readBounded(path, limit);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw unreadable(path, "it is not UTF-8 text", error);
  }
}

async function readBounded(path: string, limit: number): Promise<Uint8Array> {
  try {
    const handle = await open(path, "r");
    try {
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      for await (const chunk of handle.createReadStream({ autoClose: false, end: limit })) {
        sizeBytes += (chunk as Buffer).length;
        chunks.push(chunk as Buffer);
      }
      if (sizeBytes > limit) throw unreadable(path, `it is larger than ${limit} bytes`);
      return Buffer.concat(chunks);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw error instanceof OperatorError ? error : unreadable(path, reasonOf(error), error);
  }
}

/** After a rename the folder must be synced too, or a power cut may bring the old file back. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unwritable(path: string, cause: unknown): OperatorError {
  return new OperatorError("FILE_UNWRITABLE", `${path} could not be written: ${reasonOf(cause)}`, {
    where: { file: path },
    next: [`make ${dirname(path)} writable, or choose another place`],
    retry: "later",
    cause,
  });
}

function unreadable(path: string, reason: string, cause?: unknown): OperatorError {
  return new OperatorError("FILE_UNREADABLE", `${path} could not be read: ${reason}`, {
    where: { file: path },
    next: [`check that ${path} is the file you mean`],
    cause,
  });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "permission is denied",
  EPERM: "it is not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is not a folder",
  EEXIST: "a file is in the way",
};

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "";
  return reasons[code] ?? (code === "" ? "the system refused" : `the system says ${code}`);
}
