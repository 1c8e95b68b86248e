/** What an entry of a tar archive is; "other" are devices, pipes, sparse files and what nobody puts into a package. */
export type TarEntryType = "file" | "folder" | "link" | "hard-link" | "other";

/** One header block, as it is stored. */
export interface TarHeader {
  readonly name: string;
  readonly type: TarEntryType | "pax" | "pax-global" | "long-name" | "long-link";
  readonly sizeBytes: number;
  /** Permission bits. */
  readonly mode: number;
  readonly linkTarget: string;
}

export const blockBytes = 512;

/** A tar archive that is broken, in words to put behind its name: "ends in the middle of an entry". */
export class TarError extends Error {
  override readonly name = "TarError";
  readonly isTruncated: boolean;

  constructor(message: string, options: { readonly isTruncated?: boolean; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.isTruncated = options.isTruncated ?? false;
  }
}

const types: Readonly<Record<string, TarHeader["type"]>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "1": "hard-link",
  "2": "link",
  "5": "folder",
  x: "pax",
  g: "pax-global",
  L: "long-name",
  K: "long-link",
};

/**
 * Reads a header block of any flavour: V7, USTAR, PAX, GNU.
 *
 * @returns undefined for the block of zeros that ends an archive
 * @throws TarError
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06
 */
export function readTarHeader(block: Buffer): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  const stored = octal(block, 148, 8);
  let sum = 0;
  // The checksum is taken with its own field full of spaces.
  for (const [at, byte] of block.entries()) sum += at >= 148 && at < 156 ? 0x20 : byte;
  if (stored !== sum) throw new TarError("has a header whose checksum is wrong");
  const isUstar = block.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isUstar ? text(block, 345, 155) : "";
  const ownName = text(block, 0, 100);
  const name = prefix === "" ? ownName : `${prefix}/${ownName}`;
  const type = types[String.fromCharCode(block[156] ?? 0)] ?? "other";
  const isFolder = type === "file" && name.endsWith("/");
  return {
    name,
    type: isFolder ? "folder" : type,
    // A folder or a link has no content, whatever its size field says, as Go reads it.
    sizeBytes: isFolder || type === "folder" || type === "link" || type === "hard-link" ? 0 : number(block, 124, 12),
    mode: number(block, 100, 8) & 0o7777,
    linkTarget: text(block, 157, 100),
  };
}

/** The records of a PAX header: `path`, `linkpath`, `size` and others. @throws TarError */
export function readPaxRecords(bytes: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(bytes.toString("latin1", at, space));
    const record = Number.isSafeInteger(length) ? decode(bytes.subarray(space + 1, at + length)) : "";
    const equals = record.indexOf("=");
    if (at + length > bytes.length || equals < 1 || !record.endsWith("\n"))
      throw new TarError("has an extended header that is not understood");
    records.set(record.slice(0, equals), record.slice(equals + 1, -1));
    at += length;
  }
  return records;
}

/** @throws TarError for what is not UTF-8 */
export function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new TarError("has a name that is not UTF-8", { cause: error });
  }
}

function text(block: Buffer, at: number, length: number): string {
  const end = block.indexOf(0, at);
  return decode(block.subarray(at, end < 0 || end > at + length ? at + length : end));
}

function octal(block: Buffer, at: number, length: number): number {
  const digits = block.toString("latin1", at, at + length).replace(/^[ \0]+|[ \0].*$/gs, "");
  if (digits !== "" && !/^[0-7]+$/.test(digits)) throw new TarError("has a header that is not one");
  return digits === "" ? 0 : Number.parseInt(digits, 8);
}

/** Octal, or the base-256 form for numbers beyond it. */
function number(block: Buffer, at: number, length: number): number {
  const first = block[at] ?? 0;
  if ((first & 0x80) === 0) return octal(block, at, length);
  let value = BigInt(first & 0x7f);
  for (const byte of block.subarray(at + 1, at + length)) value = (value << 8n) | BigInt(byte);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new TarError("has an entry of an impossible size");
  return Number(value);
}
