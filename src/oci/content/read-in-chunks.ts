import { chunkMemory, recycleChunk } from "./chunk-pool.ts";

/**
 * Reads a part of a file (or of anything with positions) as a stream of chunks of up to 512 KiB, one chunk ahead of its consumer. Many
 * may read one handle at once. A chunk is the consumer's; it may be given back with `recycleChunk`.
 *
 * @param options.end - byte after the last one
 * @param options.read - fills the buffer from a position on and tells with how many bytes; 0 ends the stream
 */
export async function* readInChunks(options: {
  readonly start: number;
  readonly end: number;
  readonly read: (buffer: Uint8Array, position: number) => Promise<number>;
  readonly signal: AbortSignal;
}): AsyncGenerator<Uint8Array, void, undefined> {
  const { start, end, read, signal } = options;
  const memory = chunkMemory();
  const readAt = async (position: number): Promise<Uint8Array> => {
    const buffer = memory.take(end - position);
    const filled = await read(buffer, position);
    return filled === buffer.length ? buffer : buffer.subarray(0, filled);
  };
  const readNext = (position: number): Promise<Uint8Array> | undefined => {
    const next = position < end ? readAt(position) : undefined;
    // It may fail while the consumer is busy; whoever asks for it gets the error.
    next?.catch(() => undefined);
    return next;
  };
  let pending = readNext(start);
  try {
    for (let position = start; pending !== undefined; ) {
      const chunk: Uint8Array = await pending;
      pending = undefined;
      signal.throwIfAborted();
      if (chunk.length === 0) return;
      position += chunk.length;
      pending = readNext(position);
      yield chunk;
    }
  } finally {
    memory.end();
    // Not returning before the read is done: the caller closes the file then.
    const unused = await pending?.catch(() => undefined);
    if (unused !== undefined) recycleChunk(unused);
  }
}
