import type { FileHandle } from "node:fs/promises";
import { OperatorError } from "../../lib/errors/index.ts";
import { chunksPassed } from "../../lib/young-garbage.ts";

/** Small chunks from a network are gathered to so much before they are written. */
const WRITE_BYTES = 1024 * 1024;
/** Of such buffers so many are kept for the next blob. */
const MAX_SPARE = 8;

const spare: Buffer[] = [];

/**
 * Writes a stream at its place, one write running while the next megabyte is gathered, so that at most two are held. The
 * stream bounds itself; `sizeBytes` guards the neighbours all the same. Chunks are copied: held until they are written, they would
 * outlive the young generation, and a hundred megabytes of them would wait for the garbage collector.
 *
 * @throws OperatorError FILE_UNWRITABLE, and what the stream throws
 */
export async function writeBlob(
  target: { readonly handle: FileHandle; readonly path: string },
  place: { readonly offset: number; readonly sizeBytes: number },
  chunks: AsyncIterable<Uint8Array>,
  options: { readonly onBytes: (bytes: number) => void },
): Promise<void> {
  const end = place.offset + place.sizeBytes;
  let position = place.offset;
  let filling = takeBuffer(place.sizeBytes);
  let idle = takeBuffer(place.sizeBytes);
  let filledBytes = 0;
  let writing: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    await writing;
    writing = writeAll(target, [filling.subarray(0, filledBytes)], position);
    // Awaited before the next write; until then a failure must not count as unhandled.
    writing.catch(() => undefined);
    position += filledBytes;
    chunksPassed(filledBytes);
    [filling, idle, filledBytes] = [idle, filling, 0];
  };
  try {
    for await (const chunk of chunks) {
      if (position + filledBytes + chunk.length > end) throw new Error("a blob is longer than its place");
      for (let taken = 0; taken < chunk.length; ) {
        const part = chunk.subarray(taken, taken + filling.length - filledBytes);
        filling.set(part, filledBytes);
        filledBytes += part.length;
        taken += part.length;
        if (filledBytes === filling.length) await flush();
      }
      options.onBytes(chunk.length);
    }
    if (filledBytes > 0) await flush();
  } finally {
    await writing;
    for (const buffer of [filling, idle]) giveBack(buffer);
  }
  if (position !== end) throw new Error("a blob is shorter than its place");
}

function takeBuffer(sizeBytes: number): Buffer {
  if (sizeBytes < WRITE_BYTES) return Buffer.allocUnsafeSlow(sizeBytes);
  return spare.pop() ?? Buffer.allocUnsafeSlow(WRITE_BYTES);
}

function giveBack(buffer: Buffer): void {
  if (buffer.length === WRITE_BYTES && spare.length < MAX_SPARE) spare.push(buffer);
}

/** Writes bytes at a place, whole. */
export async function writeAll(
  { handle, path }: { readonly handle: FileHandle; readonly path: string },
  buffers: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let left: readonly Uint8Array[] = buffers;
  let at = position;
  while (left.length > 0) {
    const { bytesWritten } = await handle.writev([...left], at).catch((error: unknown) => {
      throw unwritable(path, error);
    });
    at += bytesWritten;
    left = without(left, bytesWritten);
  }
}

/** What is left of buffers after their first bytes. */
function without(buffers: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let skip = count;
  const rest = buffers.map((buffer) => {
    const part = buffer.subarray(Math.min(skip, buffer.length));
    skip -= buffer.length - part.length;
    return part;
  });
  return rest.filter(({ length }) => length > 0);
}

/** A failed write in our words. */
export function unwritable(path: string, error: unknown): OperatorError {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "";
  const reason = code === "ENOSPC" || code === "EDQUOT" ? "the disk is full" : `the system says ${code}`;
  return new OperatorError("FILE_UNWRITABLE", `${path} could not be written: ${reason}`, {
    where: { file: path },
    next: ["make room or choose another disk with --out; what was fetched is kept"],
    retry: "later",
    cause: error,
  });
}
