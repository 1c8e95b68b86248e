import { createReadStream, createWriteStream } from "node:fs";
import { type FileHandle, mkdir, open, symlink } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createInflateRaw } from "node:zlib";
import { OperatorError } from "../../../lib/errors/index.ts";
import { pathProblem } from "../../package/path-rules.ts";
import type { ExtractRequest } from "./extract-request.ts";

const directoryLimitBytes = 64 << 20;
/** The end record is 22 bytes, and a comment of at most 64 KiB may follow it. */
const tailBytes = 22 + 0xffff;

interface ZipEntry {
  readonly path: string;
  readonly method: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  readonly headerAt: number;
  /** Unix mode with the type of the file, 0 where the archive has none. */
  readonly mode: number;
}

/**
 * Takes what is wanted out of a zip (stored and deflated; no encryption, no zip64, no split archives).
 *
 * @returns whether it was there
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export async function extractFromZip(request: ExtractRequest): Promise<boolean> {
  const handle = await open(request.archive, "r");
  try {
    const entries = await readDirectory(handle, request);
    const wanted = entries.filter(({ path: inner }) => {
      const plain = inner.replace(/\/+$/, "");
      return plain === request.wanted || plain.startsWith(`${request.wanted}/`);
    });
    for (const entry of wanted) await take(handle, entry, request);
    return wanted.length > 0;
  } finally {
    await handle.close();
  }
}

async function readDirectory(handle: FileHandle, request: ExtractRequest): Promise<readonly ZipEntry[]> {
  const { size } = await handle.stat();
  const tail = await readAt(handle, Math.max(0, size - tailBytes), Math.min(size, tailBytes));
  const end = tail.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  if (end < 0) throw unusable(request, "is not a zip archive");
  const count = tail.readUInt16LE(end + 10);
  const directoryBytes = tail.readUInt32LE(end + 12);
  const directoryAt = tail.readUInt32LE(end + 16);
  if (count === 0xffff || directoryAt === 0xffffffff) throw unusable(request, "is a zip64 archive, which is not read");
  if (directoryBytes > directoryLimitBytes || directoryAt + directoryBytes > size)
    throw unusable(request, "is not a whole zip archive");
  const directory = await readAt(handle, directoryAt, directoryBytes);
  const entries: ZipEntry[] = [];
  for (let at = 0; at + 46 <= directory.length && directory.toString("latin1", at, at + 4) === "PK\x01\x02"; ) {
    const nameBytes = directory.readUInt16LE(at + 28);
    if ((directory.readUInt16LE(at + 8) & 1) !== 0) throw unusable(request, "is encrypted");
    entries.push({
      path: directory.toString("utf8", at + 46, at + 46 + nameBytes),
      method: directory.readUInt16LE(at + 10),
      packedBytes: directory.readUInt32LE(at + 20),
      sizeBytes: directory.readUInt32LE(at + 24),
      headerAt: directory.readUInt32LE(at + 42),
      mode: directory.readUInt32LE(at + 38) >>> 16,
    });
    at += 46 + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

async function take(handle: FileHandle, entry: ZipEntry, request: ExtractRequest): Promise<void> {
  const inner = entry.path.replace(/\/+$/, "");
  const problem = pathProblem(inner);
  if (problem !== undefined) throw unusable(request, `holds ${JSON.stringify(inner.slice(0, 120))}, which ${problem}`);
  const target = path.join(request.into, inner);
  if (entry.path.endsWith("/")) {
    await mkdir(target, { recursive: true });
    return;
  }
  await mkdir(path.dirname(target), { recursive: true });
  if (entry.method !== 0 && entry.method !== 8) throw unusable(request, `packs ${inner} in a way that is not read`);
  const header = await readAt(handle, entry.headerAt, 30);
  const start = entry.headerAt + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const packed: Readable =
    entry.packedBytes === 0
      ? Readable.from([])
      : createReadStream(request.archive, { start, end: start + entry.packedBytes - 1 });
  const source: AsyncIterable<Uint8Array> = entry.method === 8 ? packed.pipe(createInflateRaw()) : packed;
  const isLink = (entry.mode & 0o170000) === 0o120000;
  const mode = (entry.mode & 0o111) === 0 ? 0o644 : 0o755;
  let seenBytes = 0;
  const chunks: Uint8Array[] = [];
  const counted = async function* (from: AsyncIterable<Uint8Array>) {
    for await (const chunk of from) {
      seenBytes += chunk.length;
      if (seenBytes > entry.sizeBytes) throw unusable(request, `says another size of ${inner} than it has`);
      if (isLink) chunks.push(chunk);
      yield chunk;
    }
  };
  try {
    if (isLink) {
      for await (const _ of counted(source)) request.signal.throwIfAborted();
      await symlink(Buffer.concat(chunks).toString("utf8"), target);
    } else await pipeline(source, counted, createWriteStream(target, { mode }), { signal: request.signal });
  } catch (error) {
    request.signal.throwIfAborted();
    throw error instanceof OperatorError ? error : unusable(request, `is damaged at ${inner}`);
  }
  if (seenBytes !== entry.sizeBytes) throw unusable(request, `ends in the middle of ${inner}`);
}

async function readAt(handle: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await handle.read(buffer, 0, bytes, position);
  return buffer.subarray(0, bytesRead);
}

function unusable({ name }: ExtractRequest, reason: string): OperatorError {
  return new OperatorError("PACKAGE_SOURCE_UNUSABLE", `${name} ${reason}`, {
    where: { file: name },
    next: ["check source and extractPath of the file in zarf.yaml"],
  });
}
