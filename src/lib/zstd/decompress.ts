import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { constants, createZstdDecompress, zstdDecompress as decompressWithCallback } from "node:zlib";
import { type FrameEvent, walkFrames } from "./walk-frames.ts";
import { ZstdError } from "./zstd-error.ts";

const decompressWhole = promisify(decompressWithCallback);

/** Frames up to this are decoded in one call each, several at a time; larger ones are streamed. */
const wholeFrameBytes = 8 << 20;
const framesAhead = 3;
const chunkBytes = 512 * 1024;

export interface ZstdLimits {
  /** The most that may come out; default no bound. */
  readonly maxBytes?: number;
  /** How often more may come out than went in, beyond `slackBytes`; default 1 000. */
  readonly maxRatio?: number;
  /** What any input may expand to without being held against `maxRatio`; default 64 MiB. */
  readonly slackBytes?: number;
}

/**
 * Decodes Zstandard: every frame of it, skippable ones left out. Memory is bounded by the window (128 MiB at most, 8 MiB for what
 * Zarf writes) whatever the input says.
 *
 * @param source - chunks of any size
 * @throws ZstdError with the fault
 */
export async function* zstdDecompress(
  source: AsyncIterable<Uint8Array>,
  options: { readonly signal: AbortSignal; readonly limits?: ZstdLimits },
): AsyncGenerator<Buffer> {
  const { signal } = options;
  const meter = createMeter(options.limits ?? {});
  const ahead: { readonly whole: Promise<Buffer> }[] = [];
  const events = walkFrames(source);
  try {
    for (;;) {
      signal.throwIfAborted();
      const frame = await nextFrame(events, meter);
      if (frame !== undefined && "parts" in frame) {
        const whole = decodeWhole(frame.parts, frame.maxContentBytes);
        // Its failure is told when its turn comes.
        whole.catch(() => undefined);
        ahead.push({ whole });
        if (ahead.length < framesAhead) continue;
      }
      for (const { whole } of ahead.splice(0, frame !== undefined && "parts" in frame ? 1 : ahead.length))
        yield meter.passed(await whole);
      if (frame === undefined) return;
      if ("stream" in frame) for await (const chunk of decodeStream(frame.stream, signal)) yield meter.passed(chunk);
    }
  } finally {
    await events.return(undefined);
  }
}

interface Meter {
  readonly taken: (bytes: number) => void;
  /** @throws ZstdError "too-large" when so much more may not come */
  readonly expect: (bytes: number) => void;
  readonly passed: (chunk: Buffer) => Buffer;
}

function createMeter({ maxBytes = Infinity, maxRatio = 1000, slackBytes = 64 << 20 }: ZstdLimits): Meter {
  let inBytes = 0;
  let outBytes = 0;
  const check = (bytes: number) => {
    if (bytes > maxBytes) throw new ZstdError("too-large", `it expands to more than ${maxBytes} bytes`);
    if (bytes > slackBytes + inBytes * maxRatio)
      throw new ZstdError("too-large", `it expands to more than ${maxRatio} times its size`);
  };
  return {
    taken: (bytes) => {
      inBytes += bytes;
    },
    expect: (bytes) => check(outBytes + bytes),
    passed: (chunk) => {
      outBytes += chunk.length;
      check(outBytes);
      return chunk;
    },
  };
}

type Frame =
  | { readonly parts: readonly Buffer[]; readonly maxContentBytes: number }
  | { readonly stream: AsyncIterable<Buffer> };

/** The next data frame: whole where it is small and says so, else as a stream that goes on where the first bytes end. */
async function nextFrame(events: AsyncGenerator<FrameEvent>, meter: Meter): Promise<Frame | undefined> {
  const first = await events.next();
  if (first.done === true) return undefined;
  const parts: Buffer[] = [];
  let storedBytes = 0;
  for (;;) {
    const next = await events.next();
    if (next.done === true) throw new Error("a frame has no end");
    const event = next.value;
    if (event.kind === "start") throw new Error("a frame begins in another");
    if (event.kind === "end") {
      meter.expect(event.maxContentBytes);
      return { parts, maxContentBytes: event.maxContentBytes };
    }
    meter.taken(event.bytes.length);
    parts.push(event.bytes);
    storedBytes += event.bytes.length;
    if (storedBytes > wholeFrameBytes || event.maxContentBytes > wholeFrameBytes)
      return { stream: restOf(parts, events, meter) };
  }
}

async function* restOf(
  begun: readonly Buffer[],
  events: AsyncGenerator<FrameEvent>,
  meter: Meter,
): AsyncGenerator<Buffer> {
  yield* begun;
  for (;;) {
    const next = await events.next();
    if (next.done === true || next.value.kind !== "bytes") return;
    meter.taken(next.value.bytes.length);
    yield next.value.bytes;
  }
}

const parameters = { params: { [constants.ZSTD_d_windowLogMax]: 27 }, rejectGarbageAfterEnd: true };

async function decodeWhole(parts: readonly Buffer[], maxContentBytes: number): Promise<Buffer> {
  const whole = Buffer.concat(parts);
  const maxOutputLength = Math.max(1, maxContentBytes);
  // In one piece of work, where Node would go back and forth for every 16 KiB.
  const chunkSize = Math.max(64, maxOutputLength);
  return await decompressWhole(whole, { ...parameters, maxOutputLength, chunkSize }).catch((error: unknown) => {
    throw faultOf(error);
  });
}

async function* decodeStream(frame: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  const decoder = createZstdDecompress({ ...parameters, chunkSize: chunkBytes });
  const done = pipeline(Readable.from(frame, { objectMode: true, highWaterMark: 2 }), decoder, { signal }).catch(
    (error: unknown) => error,
  );
  try {
    for await (const chunk of decoder) yield chunk as Buffer;
  } catch (error) {
    signal.throwIfAborted();
    throw faultOf(error);
  } finally {
    decoder.destroy();
    await done;
  }
}

function faultOf(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "";
  if (error instanceof ZstdError || !/^(Z_|ZSTD_|ERR_BUFFER_TOO_LARGE|ERR_TRAILING)/.test(code)) return error;
  const fault =
    code === "Z_BUF_ERROR" ? "truncated" : code === "ZSTD_error_frameParameter_windowTooLarge" ? "window" : "damaged";
  return new ZstdError(fault, `a frame cannot be decoded (${code})`, { cause: error });
}
