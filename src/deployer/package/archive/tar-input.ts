import type { ByteFile } from "./byte-file.ts";
import { TarError } from "./tar-header.ts";

/** Where a tar archive is read from, from its first byte on. */
export interface TarInput {
  readonly position: () => number;
  /** Exactly so many bytes, or fewer at the end. */
  readonly take: (length: number) => Promise<Buffer>;
  /** The bytes from here on, up to so many. */
  readonly pass: (length: number) => AsyncIterable<Uint8Array>;
  /** Goes on at a later place. @throws TarError where the archive ends before it */
  readonly seek: (position: number) => Promise<void>;
}

/** In place: what is skipped is not read. */
export function tarInFile(file: ByteFile, call: { readonly signal: AbortSignal }): TarInput {
  let at = 0;
  return {
    position: () => at,
    take: async (length) => {
      call.signal.throwIfAborted();
      const bytes = await file.read(at, length);
      at += bytes.length;
      return bytes;
    },
    pass: async function* (length) {
      for await (const chunk of file.stream({ start: at, end: Math.min(at + length, file.sizeBytes) }, call)) {
        at += chunk.length;
        yield chunk;
      }
    },
    seek: async (position) => {
      if (position > file.sizeBytes) throw truncated();
      at = position;
    },
  };
}

/** As it comes: what is skipped passes by. */
export function tarInStream(source: AsyncIterable<Uint8Array>): TarInput & { readonly close: () => Promise<void> } {
  const chunks = source[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array();
  let at = 0;
  /** Up to so many bytes; none at the end. */
  const some = async (length: number): Promise<Uint8Array> => {
    while (held.length === 0) {
      const next = await chunks.next();
      if (next.done === true) return held;
      held = next.value;
    }
    const taken = held.subarray(0, length);
    held = held.subarray(taken.length);
    at += taken.length;
    return taken;
  };
  async function* pass(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      const chunk = await some(left);
      if (chunk.length === 0) return;
      left -= chunk.length;
      yield chunk;
    }
  }
  return {
    position: () => at,
    pass,
    take: async (length) => {
      const parts: Uint8Array[] = [];
      for await (const part of pass(length)) parts.push(part);
      return parts.length === 1 ? Buffer.from(parts[0] ?? []) : Buffer.concat(parts);
    },
    seek: async (position) => {
      while (at < position) if ((await some(position - at)).length === 0) throw truncated();
    },
    close: async () => {
      await chunks.return?.();
    },
  };
}

export const truncated = (): TarError => new TarError("ends in the middle of an entry", { isTruncated: true });
