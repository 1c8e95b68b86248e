/** Tar works in blocks of 512 bytes: a header is one, content is padded to whole ones, two empty ones end the file. */
export const BLOCK_BYTES = 512;
export const TRAILER_BYTES = 2 * BLOCK_BYTES;

/** The largest size that eleven octal digits hold; beyond it the field is base-256. */
const MAX_OCTAL_SIZE = 8 ** 11 - 1;
const SIZE_FIELD = { start: 124, length: 12 };
const CHECKSUM_FIELD = { start: 148, length: 8 };

/**
 * The one header that a bundle has for an entry: ustar, a regular file, mode 0644, owner and time 0, no prefix. The same name
 * and size always give the same bytes, so a reader checks a header by making it again.
 *
 * @param name - ASCII, at most 100 bytes
 * @param sizeBytes - from 8 GiB on the size field is base-256 (GNU, and read by every tar since)
 * @see https://www.gnu.org/software/tar/manual/html_node/Standard.html
 */
export function tarHeader(name: string, sizeBytes: number): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  if (Buffer.byteLength(name) > 100 || Buffer.byteLength(name) !== name.length)
    throw new Error(`not an entry name: ${name}`);
  header.write(name, 0, "latin1");
  header.write("0000644\0", 100, "latin1");
  header.write("0000000\0", 108, "latin1");
  header.write("0000000\0", 116, "latin1");
  writeSize(header, sizeBytes);
  header.write("00000000000\0", 136, "latin1");
  header.write("0", 156, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  header.write("0000000\0", 329, "latin1");
  header.write("0000000\0", 337, "latin1");
  header.write(`${checksum(header).toString(8).padStart(6, "0")}\0 `, CHECKSUM_FIELD.start, "latin1");
  return header;
}

/** The name and size a header claims, or undefined where it is none that `tarHeader` would make: a flipped bit, a link, a foreign tar. */
export function readTarHeader(header: Uint8Array): { readonly name: string; readonly sizeBytes: number } | undefined {
  const bytes = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
  if (bytes.length !== BLOCK_BYTES) return undefined;
  const end = bytes.indexOf(0);
  const name = bytes.toString("latin1", 0, end < 0 || end > 100 ? 100 : end);
  const sizeBytes = readSize(bytes);
  if (sizeBytes === undefined || !/^[\x21-\x7e]{1,100}$/.test(name)) return undefined;
  return tarHeader(name, sizeBytes).equals(bytes) ? { name, sizeBytes } : undefined;
}

/** Bytes of zeros after content of this size, up to the next block. */
export function paddingOf(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

function writeSize(header: Buffer, sizeBytes: number): void {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw new Error(`not a size: ${sizeBytes}`);
  if (sizeBytes <= MAX_OCTAL_SIZE) {
    header.write(`${sizeBytes.toString(8).padStart(11, "0")}\0`, SIZE_FIELD.start, "latin1");
    return;
  }
  header[SIZE_FIELD.start] = 0x80;
  header.writeBigUInt64BE(BigInt(sizeBytes), SIZE_FIELD.start + SIZE_FIELD.length - 8);
}

function readSize(header: Buffer): number | undefined {
  const field = header.subarray(SIZE_FIELD.start, SIZE_FIELD.start + SIZE_FIELD.length);
  if (field[0] === 0x80) {
    const size = field.readBigUInt64BE(SIZE_FIELD.length - 8);
    return size <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(size) : undefined;
  }
  const digits = field.toString("latin1", 0, 11);
  return /^[0-7]{11}$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

/** The sum of all bytes with the checksum field taken as spaces. */
function checksum(header: Buffer): number {
  let sum = 0;
  for (const [index, byte] of header.entries()) {
    const inField = index >= CHECKSUM_FIELD.start && index < CHECKSUM_FIELD.start + CHECKSUM_FIELD.length;
    sum += inField ? 0x20 : byte;
  }
  return sum;
}
