import type { FileHandle } from "node:fs/promises";
import { OperatorError } from "../../lib/errors/index.ts";

/** Small chunks are gathered to so much before they are written. */
const WRITE_BYTES = 1024 * 1024;

/**
 * Writes a stream at its place, from two buffers in turn: one is written while the other fills. Chunks are copied out at once,
 * so that a network's many small buffers die young; kept until they are written, they would pile up to a hundred megabytes
 * before a collector looks. The stream bounds itself; `sizeBytes` guards the neighbours all the same.
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
  const bufferBytes = Math.min(WRITE_BYTES, Math.max(1, place.sizeBytes));
  let [filling, resting] = [Buffer.allocUnsafeSlow(bufferBytes), Buffer.allocUnsafeSlow(bufferBytes)];
  let filledBytes = 0;
  let position = place.offset;
  let writing: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    await writing;
    writing = writeAll(target, [filling.subarray(0, filledBytes)], position);
    // Awaited before the next write; until then a failure must not count as unhandled.
    writing.catch(() => undefined);
    position += filledBytes;
    filledBytes = 0;
    [filling, resting] = [resting, filling];
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
  }
  if (position !== end) throw new Error("a blob is shorter than its place");
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
