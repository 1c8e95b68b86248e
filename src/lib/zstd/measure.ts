import { type FrameHeader, maxHeaderBytes, readBlockHeader, readFrameHeader } from "./frame-header.ts";
import { ZstdError } from "./zstd-error.ts";

export interface ZstdMeasure {
  readonly storedBytes: number;
  /** The most that it expands to; exact where the writer said it, else to within a block of 128 KiB per frame, mostly. */
  readonly maxContentBytes: number;
  readonly frames: number;
}

/** Bytes that can be read at any place. */
export interface ReadAt {
  readonly sizeBytes: number;
  /** Fewer than `length` only at the end. */
  readonly read: (offset: number, length: number) => Promise<Buffer>;
}

const readAheadBytes = 256 * 1024;

/**
 * Says how much Zstandard data expand to, without decoding them: only the headers of frames and blocks are looked at.
 *
 * @throws ZstdError "foreign", "truncated", "damaged", "trailing", "window"
 */
export async function measureZstd(file: ReadAt, options: { readonly signal: AbortSignal }): Promise<ZstdMeasure> {
  const at = windowOver(file);
  let offset = 0;
  let maxContentBytes = 0;
  let frames = 0;
  while (offset < file.sizeBytes) {
    options.signal.throwIfAborted();
    const header = headerOf(await at(offset, maxHeaderBytes), frames === 0);
    frames += 1;
    if (header.kind === "skippable") offset += header.headerBytes + header.payloadBytes;
    else {
      const frame = await measureFrame(at, offset, header, options.signal);
      offset = frame.end;
      maxContentBytes += frame.maxContentBytes;
    }
    if (offset > file.sizeBytes) throw truncated();
  }
  return { storedBytes: file.sizeBytes, maxContentBytes, frames };
}

async function measureFrame(
  at: (offset: number, length: number) => Promise<Buffer>,
  start: number,
  header: Extract<FrameHeader, { kind: "data" }>,
  signal: AbortSignal,
): Promise<{ readonly end: number; readonly maxContentBytes: number }> {
  let end = start + header.headerBytes;
  let maxContentBytes = 0;
  for (let isLast = false; !isLast; ) {
    signal.throwIfAborted();
    const bytes = await at(end, 3);
    if (bytes.length < 3) throw truncated();
    const block = readBlockHeader(bytes, 0);
    ({ isLast } = block);
    maxContentBytes += block.maxContentBytes;
    end += 3 + block.storedBytes;
  }
  return {
    end: end + (header.hasChecksum ? 4 : 0),
    maxContentBytes: Math.min(maxContentBytes, header.contentBytes ?? maxContentBytes),
  };
}

const truncated = () => new ZstdError("truncated", "the data end in the middle of a frame");

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

/** Small reads out of larger ones, because the headers lie close together where data compress well. */
function windowOver(file: ReadAt): (offset: number, length: number) => Promise<Buffer> {
  let held: Buffer = Buffer.alloc(0);
  let heldAt = 0;
  return async (offset, length) => {
    const isHeld = offset >= heldAt && offset + length <= heldAt + held.length;
    if (!isHeld) {
      held = await file.read(offset, readAheadBytes);
      heldAt = offset;
    }
    return held.subarray(offset - heldAt, offset - heldAt + length);
  };
}
