import type { BundleFile } from "./bundle-file.ts";

const CHUNK_BYTES = 1024 * 1024;

/**
 * Bytes of a file in chunks of 1 MiB, one read ahead of the consumer. At most two chunks are held.
 *
 * @param range.end - the byte after the last one
 */
export async function* readRange(
  file: BundleFile,
  range: { readonly start: number; readonly end: number },
  options: { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array, void, undefined> {
  const readAt = (position: number): Promise<Buffer> | undefined =>
    position < range.end ? file.read(position, Math.min(CHUNK_BYTES, range.end - position)) : undefined;
  let pending = readAt(range.start);
  try {
    for (let position = range.start; pending !== undefined; ) {
      const chunk: Buffer = await pending;
      options.signal.throwIfAborted();
      position += chunk.length;
      pending = readAt(position);
      yield chunk;
    }
  } finally {
    // A consumer that stops early must not leave a failed read unhandled.
    await pending?.catch(() => undefined);
  }
}
