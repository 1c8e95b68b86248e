/** Thrown by readBounded; its caller says what was too large. */
export class TooLarge extends Error {}

/**
 * Holds a whole stream in memory, up to a limit.
 * @throws TooLarge as soon as the limit is passed; the source is stopped
 */
export async function readBounded(source: AsyncIterable<Uint8Array>, limitBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of source) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw new TooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
