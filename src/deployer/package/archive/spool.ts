import { createHash } from "node:crypto";
import { mkdtemp, open, readdir, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperatorError } from "../../../lib/errors/index.ts";
import { measureZstd, type ZstdLimits, zstdDecompress } from "../../../lib/zstd/index.ts";
import { digestOfHash } from "../digest-of-hash.ts";
import { type ByteFile, byteFileOf } from "./byte-file.ts";
import { type ContentFile, createFileList, type PackageContent } from "./package-content.ts";
import { archiveError, assertPlain, inPlace, notKept, tooLarge } from "./tar-content.ts";
import { tarInStream } from "./tar-input.ts";
import { walkTar } from "./walk-tar.ts";

export interface SpoolOptions {
  readonly signal: AbortSignal;
  /** Where the private folder is made; default the system's folder for temporary files. */
  readonly parent?: string;
  /** Told before anything is written: the most that will be. */
  readonly onSpool?: (need: { readonly folder: string; readonly bytes: number }) => void;
  /** Files to keep; the others are read and hashed all the same. Default all. */
  readonly keep?: (path: string) => boolean;
  /** How often more may come out than went in, beyond 64 MiB; default 200. */
  readonly maxRatio?: number;
  /** Free space of a folder; default: what the system says. */
  readonly freeBytesOf?: (folder: string) => Promise<number>;
  /** Sees the compressed bytes as they pass. */
  readonly onRead?: (chunk: Uint8Array) => void;
}

const slackBytes = 64 << 20;
const reserveBytes = 64 << 20;
const prefix = "skerry-package-";

/**
 * Reads a `.tar.zst` once: what it holds goes into one file in a private folder (0700), hashed as it passes. How much that can be is
 * known before from the headers of its blocks, told, and held against the free space.
 *
 * @returns its content; `close` removes the folder
 * @throws OperatorError PACKAGE_INVALID, PACKAGE_DAMAGED, PACKAGE_TOO_LARGE, PACKAGE_NO_SPACE, FILE_UNREADABLE; nothing is left behind
 */
export async function spoolContent(file: ByteFile, options: SpoolOptions): Promise<PackageContent> {
  const { signal, parent = tmpdir(), maxRatio = 200 } = options;
  const limits: ZstdLimits = { maxRatio, slackBytes };
  const bytes = await expandedBytes(file, limits, signal);
  await removeLitter(parent);
  assertSpace(file.label, parent, { bytes, freeBytes: await (options.freeBytesOf ?? freeBytesOf)(parent) });
  const folder = await mkdtemp(join(parent, `${prefix}${process.pid}-`)).catch((error: unknown) => {
    throw new OperatorError("FILE_UNWRITABLE", `no folder can be made in ${parent}`, {
      where: { file: parent },
      cause: error,
    });
  });
  try {
    options.onSpool?.({ folder, bytes });
    const content = await fill(file, join(folder, "content"), { ...options, limits });
    return { ...content, close: () => content.close().finally(() => rm(folder, { recursive: true, force: true })) };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    signal.throwIfAborted();
    throw archiveError(file.label, error);
  }
}

async function expandedBytes(file: ByteFile, limits: ZstdLimits, signal: AbortSignal): Promise<number> {
  const { maxRatio = 1 } = limits;
  const measure = await measureZstd(file, { signal }).catch((error: unknown) => {
    throw archiveError(file.label, error);
  });
  if (measure.maxContentBytes > slackBytes + measure.storedBytes * maxRatio)
    throw tooLarge(
      file.label,
      `its ${measure.storedBytes} bytes expand to as many as ${measure.maxContentBytes}, more than ${maxRatio} times their size`,
    );
  return measure.maxContentBytes;
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

function assertSpace(
  label: string,
  parent: string,
  { bytes, freeBytes }: { readonly bytes: number; readonly freeBytes: number },
): void {
  if (freeBytes >= bytes + reserveBytes) return;
  throw new OperatorError(
    "PACKAGE_NO_SPACE",
    `${label} needs up to ${bytes} bytes in ${parent} to be read, where ${freeBytes} are free`,
    {
      where: { file: parent },
      next: ["make room there, or set TMPDIR to a folder on another disk", "or zstd -d it once, and use the .tar"],
      retry: "later",
    },
  );
}

async function fill(
  file: ByteFile,
  path: string,
  options: SpoolOptions & { readonly limits: ZstdLimits },
): Promise<PackageContent> {
  const { signal, keep = () => true, onRead = () => undefined } = options;
  const list = createFileList<ContentFile & { readonly offset: number }>(file.label);
  const handle = await open(path, "wx+", 0o600);
  try {
    const compressed = tapped(file.stream({ start: 0, end: file.sizeBytes }, { signal }), onRead);
    const input = tarInStream(zstdDecompress(compressed, { signal, limits: options.limits }));
    let end = 0;
    for await (const entry of walkTar(input)) {
      const name = list.pathOf(entry.name);
      assertPlain(file.label, entry);
      if (entry.type === "folder" || name === undefined) continue;
      const hash = createHash("sha256");
      const isKept = keep(name);
      const offset = isKept ? end : notKept;
      for await (const chunk of input.pass(entry.sizeBytes)) {
        hash.update(chunk);
        if (isKept) end += (await writeAll(handle, chunk)).length;
      }
      list.add(name, { sizeBytes: entry.sizeBytes, digest: digestOfHash(hash), offset });
    }
    return inPlace(byteFileOf(handle, file.label, end), list.files, { isPrivate: true });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function writeAll(
  handle: { readonly write: (bytes: Uint8Array) => Promise<{ readonly bytesWritten: number }> },
  chunk: Uint8Array,
): Promise<Uint8Array> {
  try {
    for (let written = 0; written < chunk.length; )
      written += (await handle.write(chunk.subarray(written))).bytesWritten;
    return chunk;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new OperatorError("PACKAGE_NO_SPACE", `the unpacked package could not be written (${code})`, {
      retry: "later",
      cause: error,
    });
  }
}

async function* tapped(
  source: AsyncIterable<Uint8Array>,
  onRead: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    onRead(chunk);
    yield chunk;
  }
}

/** What a run that was killed left behind: folders named by a process that is no more. */
async function removeLitter(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid)))
      await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
