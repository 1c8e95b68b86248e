import { type FrameHeader, maxHeaderBytes, readBlockHeader, readFrameHeader } from "./frame-header.ts";
import { ZstdError } from "./zstd-error.ts";

/** What passes while frames are walked. Bytes are those of the frame itself, headers included; skippable frames give no bytes. */
export type FrameEvent =
  | { readonly kind: "start"; readonly header: Extract<FrameHeader, { kind: "data" }> }
  /** `maxContentBytes`: the most that the blocks begun so far can give. */
  | { readonly kind: "bytes"; readonly bytes: Buffer; readonly maxContentBytes: number }
  | { readonly kind: "end"; readonly maxContentBytes: number };

/** Takes bytes out of a stream in the pieces that a parser wants. */
class Intake {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);
  #isOver = false;
  takenBytes = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** At least `count` bytes where there are so many, without taking them. */
  async peek(count: number): Promise<Buffer> {
    while (this.#held.length < count && !this.#isOver) {
      const next = await this.#source.next();
      if (next.done === true) this.#isOver = true;
      else {
        const chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
        this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
      }
    }
    return this.#held;
  }

  /** Up to `count` bytes, as many as are at hand; none at the end. */
  async take(count: number): Promise<Buffer> {
    const held = await this.peek(1);
    const taken = held.subarray(0, count);
    this.#held = held.subarray(taken.length);
    this.takenBytes += taken.length;
    return taken;
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.#source.return?.();
  }
}

const truncated = () => new ZstdError("truncated", "the data end in the middle of a frame");

/**
 * Takes a stream apart into its frames. Node 24's decoder stops silently after the first frame, so nothing may reach it but one frame
 * at a time.
 *
 * @param source - chunks of any size; they are not copied
 * @throws ZstdError "foreign", "truncated", "damaged", "trailing", "window"
 * @see https://www.rfc-editor.org/rfc/rfc8878#section-3.1
 */
export async function* walkFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<FrameEvent> {
  const intake = new Intake(source);
  try {
    for (let isFirst = true; (await intake.peek(1)).length > 0; isFirst = false) {
      const header = headerOf(await intake.peek(maxHeaderBytes), isFirst);
      if (header.kind === "skippable") await skip(intake, header.headerBytes + header.payloadBytes);
      else yield* walkFrame(intake, header);
    }
  } finally {
    await intake.close();
  }
}

function headerOf(bytes: Buffer, isFirst: boolean): FrameHeader {
  try {
    const header = readFrameHeader(bytes);
    if (header === undefined) throw truncated();
    return header;
  } catch (error) {
    if (isFirst || !(error instanceof ZstdError) || error.fault !== "foreign") throw error;
    throw new ZstdError("trailing", "something that is no Zstandard frame follows the last frame");
  }
}

async function* walkFrame(intake: Intake, header: Extract<FrameHeader, { kind: "data" }>): AsyncGenerator<FrameEvent> {
  yield { kind: "start", header };
  let maxContentBytes = 0;
  async function* pass(count: number): AsyncGenerator<FrameEvent> {
    for (let left = count; left > 0; ) {
      const bytes = await intake.take(left);
      if (bytes.length === 0) throw truncated();
      left -= bytes.length;
      yield { kind: "bytes", bytes, maxContentBytes };
    }
  }
  yield* pass(header.headerBytes);
  for (let isLast = false; !isLast; ) {
    // Blocks that are whole in the same chunk pass together; most are.
    const held = await intake.peek(3);
    let length = 0;
    while (!isLast && held.length - length >= 3) {
      const block = readBlockHeader(held, length);
      ({ isLast } = block);
      maxContentBytes += block.maxContentBytes;
      length += 3 + block.storedBytes;
    }
    if (length === 0) throw truncated();
    yield* pass(length);
  }
  if (header.hasChecksum) yield* pass(4);
  yield { kind: "end", maxContentBytes: Math.min(maxContentBytes, header.contentBytes ?? maxContentBytes) };
}

async function skip(intake: Intake, count: number): Promise<void> {
  for (let left = count; left > 0; ) {
    const { length } = await intake.take(left);
    if (length === 0) throw truncated();
    left -= length;
  }
}
