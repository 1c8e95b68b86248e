import type { FileHandle } from "node:fs/promises";

const chunkBytes = 1024 * 1024;

/**
 * Reads a part of an open file in chunks of 1 MiB, one chunk ahead of its consumer. Many may read one handle at once. Ends early,
 * without an error, where the file does.
 *
 * @param range.end - byte after the last one
 */
export async function* readFileRange(
  handle: FileHandle,
  range: { readonly start: number; readonly end: number; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { end, signal } = range;
  let position = range.start;
  const readNext = (): Promise<Uint8Array> | undefined => {
    if (position >= end) return undefined;
    const next = readAt(handle, position, Math.min(chunkBytes, end - position));
    // It may fail while the consumer is busy; whoever asks for it gets the error.
    next.catch(() => undefined);
    return next;
  };
  let pending = readNext();
  try {
    while (pending !== undefined) {
      const chunk = await pending;
      signal.throwIfAborted();
      position += chunk.length;
      pending = chunk.length === 0 ? undefined : readNext();
      if (chunk.length > 0) yield chunk;
    }
  } finally {
    // The handle must not be closed under a read.
    await pending?.catch(() => undefined);
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return bytesRead === length ? buffer : buffer.subarray(0, bytesRead);
}
