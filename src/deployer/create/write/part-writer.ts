import { createHash } from "node:crypto";
import { type FileHandle, open, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { OperatorError } from "../../../lib/errors/index.ts";
import { diskFull } from "../stage/free-space.ts";

/** Three digits name a part. */
const maxParts = 999;

export interface WrittenFiles {
  /** The archive, or the header and its parts, absolute. */
  readonly files: readonly string[];
  readonly sizeBytes: number;
  /** Hex, of the archive as a whole. */
  readonly sha256: string;
}

/**
 * Writes an archive beside its place and puts it there when it is whole; one that is larger than `maxPartBytes` becomes parts
 * (`.part001` …) and a header (`.part000`). What was there under this name before is replaced; a failure leaves nothing.
 *
 * @throws OperatorError FILE_UNWRITABLE, PACKAGE_NO_SPACE, PACKAGE_TOO_MANY_PARTS
 */
export async function writeParts(
  file: string,
  source: AsyncIterable<Uint8Array>,
  options: { readonly maxPartBytes?: number; readonly signal: AbortSignal; readonly onBytes?: (bytes: number) => void },
): Promise<WrittenFiles> {
  const parts: string[] = [];
  try {
    const { sizeBytes, sha256 } = await fill(file, source, parts, options);
    await removeStale(file, parts);
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) {
      await rename(only, file);
      return { files: [file], sizeBytes, sha256 };
    }
    const files = [`${file}.part000`, ...parts.map((_, index) => partName(file, index))];
    for (const [index, part] of parts.entries()) await rename(part, partName(file, index));
    await writeHeader(files[0] ?? file, { Sha256Sum: sha256, Bytes: sizeBytes, Count: parts.length });
    return { files, sizeBytes, sha256 };
  } catch (error) {
    await Promise.all(parts.map(async (part) => await rm(part, { force: true })));
    options.signal.throwIfAborted();
    throw error instanceof OperatorError ? error : unwritable(file, error);
  }
}

const partName = (file: string, index: number): string => `${file}.part${String(index + 1).padStart(3, "0")}`;
const temporaryName = (file: string, index: number): string =>
  path.join(path.dirname(file), `.${path.basename(file)}.${String(index + 1).padStart(3, "0")}.partial`);

async function fill(
  file: string,
  source: AsyncIterable<Uint8Array>,
  parts: string[],
  options: { readonly maxPartBytes?: number; readonly signal: AbortSignal; readonly onBytes?: (bytes: number) => void },
): Promise<{ readonly sizeBytes: number; readonly sha256: string }> {
  const { maxPartBytes = Number.POSITIVE_INFINITY, signal } = options;
  const hash = createHash("sha256");
  let sizeBytes = 0;
  let handle: FileHandle | undefined;
  let partBytes = 0;
  const next = async (): Promise<FileHandle> => {
    await finish(handle);
    if (parts.length === maxParts) throw tooMany(file);
    const part = temporaryName(file, parts.length);
    parts.push(part);
    partBytes = 0;
    handle = await open(part, "w", 0o644);
    return handle;
  };
  try {
    let current = await next();
    for await (const chunk of source) {
      signal.throwIfAborted();
      hash.update(chunk);
      sizeBytes += chunk.length;
      options.onBytes?.(chunk.length);
      for (let from = 0; from < chunk.length; ) {
        if (partBytes === maxPartBytes) current = await next();
        const piece = chunk.subarray(from, from + Math.min(chunk.length - from, maxPartBytes - partBytes));
        await current.write(piece);
        partBytes += piece.length;
        from += piece.length;
      }
    }
    await finish(handle);
    handle = undefined;
  } finally {
    await handle?.close();
  }
  return { sizeBytes, sha256: hash.digest("hex") };
}

async function finish(handle: FileHandle | undefined): Promise<void> {
  await handle?.sync();
  await handle?.close();
}

/** An archive whole and in parts under one name would be two packages. */
async function removeStale(file: string, except: readonly string[]): Promise<void> {
  const folder = path.dirname(file);
  const base = path.basename(file);
  for (const name of await readdir(folder)) {
    const isPart = name.startsWith(`${base}.part`) && /^\d{3}$/.test(name.slice(`${base}.part`.length));
    if ((name === base || isPart) && !except.includes(path.join(folder, name)))
      await rm(path.join(folder, name), { force: true });
  }
}

async function writeHeader(file: string, header: object): Promise<void> {
  const handle = await open(file, "w", 0o644);
  try {
    await handle.writeFile(JSON.stringify(header));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function tooMany(file: string): OperatorError {
  return new OperatorError("PACKAGE_TOO_MANY_PARTS", `${file} would need more than ${maxParts} parts`, {
    next: ["give a larger --max-package-size"],
  });
}

function unwritable(file: string, cause: unknown): OperatorError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === undefined) throw cause;
  const full = diskFull(file, cause);
  if (full !== undefined) return full;
  return new OperatorError("FILE_UNWRITABLE", `${file} could not be written (${code})`, {
    where: { file },
    next: ["make the folder writable, or choose another one with --out"],
    retry: "later",
    cause,
  });
}
