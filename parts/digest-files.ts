import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";

export interface FileDigest {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Relative path ("/" between names) to digest, sorted. */
export type FileDigests = Readonly<Record<string, FileDigest>>;

/** Reads a file once, as a stream, and says its size and SHA-256. */
export async function digestFile(file: string, options: { readonly signal: AbortSignal }): Promise<FileDigest> {
  const hash = createHash("sha256");
  const stream = createReadStream(file, { highWaterMark: 1 << 20 });
  await pipeline(stream, hash, { signal: options.signal });
  return { sha256: hash.digest("hex"), sizeBytes: stream.bytesRead };
}

/** Digests of every regular file below `folder`. */
export async function digestFolder(folder: string, options: { readonly signal: AbortSignal }): Promise<FileDigests> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = found
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
  const digests: Record<string, FileDigest> = {};
  for (const name of names) digests[name] = await digestFile(path.join(folder, name), options);
  return digests;
}

/**
 * Compares what is in `folder` with what should be there.
 *
 * @param options.thorough - true reads every byte; false looks at sizes only
 * @returns the first difference in words, or undefined when there is none
 */
export async function findDifference(
  folder: string,
  expected: FileDigests,
  options: { readonly thorough: boolean; readonly signal: AbortSignal },
): Promise<string | undefined> {
  for (const [name, digest] of Object.entries(expected)) {
    const file = path.join(folder, name);
    const stats = await stat(file).catch(() => undefined);
    if (stats === undefined || !stats.isFile()) return `${name} is missing`;
    if (stats.size !== digest.sizeBytes) return `${name} has ${stats.size} bytes, not ${digest.sizeBytes}`;
    if (options.thorough && (await digestFile(file, options)).sha256 !== digest.sha256) {
      return `${name} has another digest`;
    }
  }
  return undefined;
}
