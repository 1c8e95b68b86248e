import { describe, expect, it } from "vitest";
import { readInChunks, recycleChunk } from "../../../../src/oci/index.ts";

const { signal } = new AbortController();
const source = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 31) % 251));
const read = async (buffer: Uint8Array, position: number): Promise<number> =>
  await Promise.resolve(source.copy(buffer, 0, position, position + buffer.length));

describe("readInChunks()", () => {
  it.each([
    [0, source.length],
    [1, 2_999_999],
    [700_000, 700_001],
    [5, 5],
    [2_999_000, 4_000_000],
  ])("gives the bytes from %i to %i, at most what there is", async (start, end) => {
    const chunks: Buffer[] = [];

    for await (const chunk of readInChunks({ start, end, read, signal })) chunks.push(Buffer.from(chunk));

    expect(Buffer.concat(chunks).equals(source.subarray(start, end))).toBe(true);
  });

  it("uses memory again only when it was given back", async () => {
    const kept: Uint8Array[] = [];
    for await (const chunk of readInChunks({ start: 0, end: source.length, read, signal })) kept.push(chunk);
    const memories = new Set<ArrayBufferLike>();
    for (let pass = 0; pass < 3; pass++) {
      for await (const chunk of readInChunks({ start: 0, end: source.length, read, signal })) {
        memories.add(chunk.buffer);
        recycleChunk(chunk);
        // Giving it back twice must not lend it twice.
        recycleChunk(chunk);
      }
    }

    expect(Buffer.concat(kept).equals(source)).toBe(true);
    expect(memories.size).toBeLessThan(10);
    expect(kept.some(({ buffer }) => memories.has(buffer))).toBe(false);
  });

  it("hands a failed read to whoever asks next, however long that takes", async () => {
    const failing = readInChunks({
      start: 0,
      end: source.length,
      read: (buffer, position) => (position === 0 ? read(buffer, position) : Promise.reject(new Error("unplugged"))),
      signal,
    });

    await failing.next();
    await new Promise((resolve) => setImmediate(resolve));

    await expect(failing.next()).rejects.toThrow("unplugged");
  });

  it("ends a stream that nobody reads on only when its last read is done", async () => {
    let reading = 0;
    const counted = async (buffer: Uint8Array, position: number): Promise<number> => {
      reading += 1;
      await new Promise((resolve) => setImmediate(resolve));
      reading -= 1;
      return await read(buffer, position);
    };

    for await (const _ of readInChunks({ start: 0, end: source.length, read: counted, signal })) break;

    expect(reading).toBe(0);
  });

  it("stops with the signal's reason", async () => {
    const controller = new AbortController();
    const stream = readInChunks({ start: 0, end: source.length, read, signal: controller.signal });
    await stream.next();
    const reason = new Error("interrupted");
    controller.abort(reason);

    await expect(stream.next()).rejects.toBe(reason);
  });
});
