import { ZstdError } from "./zstd-error.ts";

/** Longest possible header: magic, descriptor, window, dictionary, content size. */
export const maxHeaderBytes = 18;
/** What a reader of foreign data grants: 128 MiB, as much as `zstd --long=27` writes. */
export const maxWindowBytes = 2 ** 27;
/** No block gives more than this, whatever the window is. */
export const maxBlockBytes = 128 * 1024;

export type FrameHeader =
  | {
      readonly kind: "data";
      readonly headerBytes: number;
      readonly windowBytes: number;
      /** Absent where the writer streamed and did not know it. */
      readonly contentBytes?: number;
      readonly hasChecksum: boolean;
    }
  /** Carries something for other programs; a reader passes over it. */
  | { readonly kind: "skippable"; readonly headerBytes: number; readonly payloadBytes: number };

const dataMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;

/**
 * Reads the header of a frame.
 *
 * @param bytes - from the first byte of the frame on
 * @returns undefined while there are too few bytes to tell
 * @throws ZstdError "foreign" for what is no frame, "window" beyond 128 MiB, "damaged" for a reserved bit
 * @see https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1
 */
export function readFrameHeader(bytes: Buffer): FrameHeader | undefined {
  if (bytes.length < 5) return startsLikeFrame(bytes) ? undefined : foreign();
  const magic = bytes.readUInt32LE(0);
  if ((magic & 0xfffffff0) >>> 0 === skippableMagic)
    return bytes.length < 8 ? undefined : { kind: "skippable", headerBytes: 8, payloadBytes: bytes.readUInt32LE(4) };
  if (magic !== dataMagic) return foreign();
  const descriptor = bytes.readUInt8(4);
  if ((descriptor & 0x08) !== 0) throw new ZstdError("damaged", "a reserved bit of a frame header is set");
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeCode = descriptor >> 6;
  const sizeBytes = sizeCode === 0 ? (isSingleSegment ? 1 : 0) : 1 << sizeCode;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 0x03] ?? 0;
  const windowAt = 5;
  const dictionaryAt = windowAt + (isSingleSegment ? 0 : 1);
  const sizeAt = dictionaryAt + dictionaryBytes;
  const headerBytes = sizeAt + sizeBytes;
  if (bytes.length < headerBytes) return undefined;
  const contentBytes = readContentSize(bytes, sizeAt, sizeBytes);
  const windowBytes = isSingleSegment ? (contentBytes ?? 0) : windowOf(bytes.readUInt8(windowAt));
  if (windowBytes > maxWindowBytes && !isSingleSegment)
    throw new ZstdError("window", `a frame needs a window of ${windowBytes} bytes, more than ${maxWindowBytes}`);
  return {
    kind: "data",
    headerBytes,
    windowBytes,
    ...(contentBytes === undefined ? {} : { contentBytes }),
    hasChecksum: (descriptor & 0x04) !== 0,
  };
}

function startsLikeFrame(bytes: Buffer): boolean {
  const data = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
  const known = Math.min(bytes.length, 4);
  if (bytes.subarray(0, known).equals(data.subarray(0, known))) return true;
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18]);
  return (
    known > 0 && ((bytes[0] ?? 0) & 0xf0) === 0x50 && bytes.subarray(1, known).equals(skippable.subarray(1, known))
  );
}

function foreign(): never {
  throw new ZstdError("foreign", "these bytes do not begin a Zstandard frame");
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 0x07);
}

function readContentSize(bytes: Buffer, at: number, size: number): number | undefined {
  if (size === 0) return undefined;
  if (size === 1) return bytes.readUInt8(at);
  if (size === 2) return bytes.readUInt16LE(at) + 256;
  if (size === 4) return bytes.readUInt32LE(at);
  const value = bytes.readBigUInt64LE(at);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}

/** A block's header of three bytes. @see https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1.2 */
export interface BlockHeader {
  readonly isLast: boolean;
  /** Bytes that follow in the archive. */
  readonly storedBytes: number;
  /** The most that it can give. */
  readonly maxContentBytes: number;
}

/** @throws ZstdError "damaged" for a reserved type or a block that is larger than any may be */
export function readBlockHeader(bytes: Buffer, at: number): BlockHeader {
  const value = bytes.readUIntLE(at, 3);
  const size = value >>> 3;
  const type = (value >> 1) & 0x03;
  if (type === 3) throw new ZstdError("damaged", "a block has a reserved type");
  if (size > maxBlockBytes) throw new ZstdError("damaged", `a block of ${size} bytes is larger than any may be`);
  return {
    isLast: (value & 1) === 1,
    storedBytes: type === 1 ? 1 : size,
    maxContentBytes: type === 2 ? maxBlockBytes : size,
  };
}
