import { randomBytes } from "node:crypto";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  measureZstd,
  releaseFrame,
  ZstdError,
  type ZstdLimits,
  zstdCompress,
  zstdDecompress,
} from "../../../src/lib/zstd/index.ts";

const { signal } = new AbortController();

async function* inChunks(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += chunkBytes) yield bytes.subarray(from, from + chunkBytes);
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

const decode = (bytes: Uint8Array, options: { readonly chunkBytes?: number; readonly limits?: ZstdLimits } = {}) =>
  collect(
    zstdDecompress(inChunks(bytes, options.chunkBytes ?? 65_536), {
      signal,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    }),
  );

const readAt = (bytes: Buffer) => ({
  sizeBytes: bytes.length,
  read: async (offset: number, length: number) => bytes.subarray(offset, offset + length),
});

const faultOf = (work: Promise<unknown>) =>
  work.then(
    () => "none",
    (error: unknown) => (error instanceof ZstdError ? error.fault : String(error)),
  );

/** Both readers say the same of where frames begin and end. */
async function bothFaults(bytes: Buffer): Promise<readonly string[]> {
  return [await faultOf(decode(bytes)), await faultOf(measureZstd(readAt(bytes), { signal }))];
}

function skippable(payload: Uint8Array, variant = 0): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(0x184d2a50 + variant, 0);
  header.writeUInt32LE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

const text = Buffer.from("the quick brown fox jumps over the lazy dog; ".repeat(400));
const checked = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
const frame = zstdCompressSync(text, checked);

describe("zstdDecompress()", () => {
  property.prop([
    fc.array(fc.oneof(fc.uint8Array({ maxLength: 400_000 }), fc.constant(undefined)), { maxLength: 6 }),
    fc.integer({ min: 1, max: 70_000 }),
  ])("gives back frames in a row, with skippable ones anywhere, in chunks of any size", async (pieces, chunkBytes) => {
    const stored = pieces.map((piece, index) =>
      piece === undefined
        ? skippable(randomBytes(index * 40), index)
        : zstdCompressSync(piece, index % 2 === 0 ? checked : {}),
    );

    const whole = await decode(Buffer.concat(stored), { chunkBytes });

    expect(whole.equals(Buffer.concat(pieces.filter((piece) => piece !== undefined)))).toBe(true);
  });

  it("streams a frame that is larger than what it decodes in one call", async () => {
    const large = Buffer.concat([randomBytes(9 << 20), Buffer.alloc(12 << 20, "abc")]);

    const whole = await decode(Buffer.concat([frame, zstdCompressSync(large), frame]));

    expect(whole.equals(Buffer.concat([text, large, text]))).toBe(true);
  });

  it("reads the frames of a streaming writer, which do not say their size", async () => {
    const streamed = await collect(zstdStreamOf(text));

    expect((await decode(streamed, { chunkBytes: 7 })).equals(text)).toBe(true);
  });

  it.each([
    ["garbage", Buffer.from("this is no archive"), "foreign"],
    ["gzip", Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), "foreign"],
    ["zeros after a frame", Buffer.concat([frame, Buffer.alloc(64)]), "trailing"],
    ["text after a frame", Buffer.concat([frame, Buffer.from("more")]), "trailing"],
    ["one byte after a frame", Buffer.concat([frame, Buffer.from("x")]), "trailing"],
    ["a skippable frame that is cut", skippable(Buffer.alloc(40)).subarray(0, 30), "truncated"],
    ["the first two bytes of a frame", frame.subarray(0, 2), "truncated"],
  ])("refuses %s", async (_what, bytes, fault) => {
    expect(await bothFaults(bytes)).toEqual([fault, fault]);
  });

  it("takes nothing for nothing", async () => {
    expect(await decode(Buffer.alloc(0))).toHaveLength(0);
    expect(await decode(skippable(Buffer.from("note")))).toHaveLength(0);
  });

  property.prop([fc.integer({ min: 1, max: frame.length - 1 })])("refuses a frame cut anywhere", async (length) => {
    expect(await bothFaults(frame.subarray(0, length))).toEqual(["truncated", "truncated"]);
  });

  property.prop([fc.integer({ min: 0, max: frame.length - 1 }), fc.integer({ min: 1, max: 255 })])(
    "never gives other bytes than those of the writer where a bit has changed",
    async (at, change) => {
      const changed = Buffer.from(frame);
      changed[at] = (changed[at] ?? 0) ^ change;
      // The first byte may turn the frame into a skippable one, whose content is nobody's business.
      const outcome = await decode(changed).catch((error: unknown) => error);

      expect(outcome instanceof ZstdError || (outcome as Buffer).length === 0 || (outcome as Buffer).equals(text)).toBe(
        true,
      );
    },
  );

  it("stops at the limit in bytes and in ratio, before it has decoded beyond it", async () => {
    const bomb = zstdCompressSync(Buffer.alloc(64 << 20));

    expect(await faultOf(decode(bomb, { limits: { maxBytes: 1 << 20 } }))).toBe("too-large");
    expect(await faultOf(decode(bomb, { limits: { maxRatio: 100, slackBytes: 1 << 20 } }))).toBe("too-large");
    expect(await decode(bomb, { limits: { maxRatio: 100_000 } })).toHaveLength(64 << 20);
  });

  it("refuses a window beyond 128 MiB, which would take the reader's memory", async () => {
    const wide = zstdCompressSync(Buffer.alloc(64), {
      params: { [constants.ZSTD_c_windowLog]: 28, [constants.ZSTD_c_contentSizeFlag]: 0 },
    });
    // The one-shot encoder narrows the window to its input, so the descriptor is written here.
    const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 18 << 3]);

    expect(await bothFaults(Buffer.concat([header, Buffer.from([1, 0, 0])]))).toEqual(["window", "window"]);
    expect(zstdDecompressSync(wide)).toHaveLength(64);
  });

  it("ends when it is aborted", async () => {
    const abort = new AbortController();
    async function* endless() {
      for (;;) yield frame;
    }
    const reading = (async () => {
      for await (const chunk of zstdDecompress(endless(), { signal: abort.signal }))
        if (chunk.length > 0) abort.abort(new Error("enough"));
    })();

    await expect(reading).rejects.toThrow("enough");
  });
});

describe("zstdCompress()", () => {
  property.prop([fc.integer({ min: 0, max: 9 << 20 }), fc.integer({ min: 10_000, max: 5 << 20 })], { numRuns: 6 })(
    "gives the same bytes however the input is cut, and they decode to it",
    async (sizeBytes, chunkBytes) => {
      const content = Buffer.concat([randomBytes(sizeBytes >> 1), Buffer.alloc(sizeBytes - (sizeBytes >> 1), "ab")]);

      const first = await collect(zstdCompress(inChunks(content, chunkBytes), { signal, concurrency: 1 }));
      const second = await collect(zstdCompress(inChunks(content, 65_536), { signal }));

      expect(first.equals(second)).toBe(true);
      expect((await decode(first)).equals(content)).toBe(true);
      expect((await measureZstd(readAt(first), { signal })).maxContentBytes).toBe(content.length);
    },
  );

  it("gives the memory of a frame back when it is told, and that of nobody else", async () => {
    for await (const frame of zstdCompress(inChunks(randomBytes(5 << 20), 65_536), { signal })) {
      releaseFrame(frame);
      expect(frame.buffer.byteLength).toBe(0);
    }
    const other = Buffer.from("other");
    releaseFrame(other);
    expect(other.toString()).toBe("other");
  });
});

describe("measureZstd()", () => {
  it("bounds what a streaming writer made to within a block", async () => {
    const content = Buffer.alloc(3 << 20, "some text ");
    const streamed = await collect(zstdStreamOf(content));

    const measure = await measureZstd(readAt(streamed), { signal });

    expect(measure.maxContentBytes).toBeGreaterThanOrEqual(content.length);
    expect(measure.maxContentBytes).toBeLessThan(content.length + 2 * 128 * 1024);
  });

  it("sees through a bomb by its headers alone", async () => {
    const bomb = zstdCompressSync(Buffer.alloc(256 << 20));

    const measure = await measureZstd(readAt(bomb), { signal });

    expect(measure.maxContentBytes).toBe(256 << 20);
    expect(bomb.length).toBeLessThan(64 << 10);
  });
});

async function* zstdStreamOf(content: Buffer): AsyncGenerator<Uint8Array> {
  const { createZstdCompress } = await import("node:zlib");
  const encoder = createZstdCompress();
  encoder.end(content);
  for await (const chunk of encoder) yield chunk as Uint8Array;
}
