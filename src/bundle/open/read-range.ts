import { readInChunks } from "../../oci/index.ts";
import type { BundleFile } from "./bundle-file.ts";

/**
 * Bytes of a file in chunks, one read ahead of the consumer, who may give their memory back with `recycleChunk`.
 *
 * @param range.end - the byte after the last one
 */
export function readRange(
  file: BundleFile,
  range: { readonly start: number; readonly end: number },
  options: { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array, void, undefined> {
  const read = async (buffer: Uint8Array, position: number): Promise<number> => {
    await file.readInto(buffer, position);
    return buffer.length;
  };
  return readInChunks({ ...range, read, signal: options.signal });
}
