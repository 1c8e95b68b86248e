/** Reads the few DER shapes that issuing needs, and joins pieces; never recursive, lengths checked. X.690 §8, §10. */

export interface DerValue {
  readonly tag: number;
  /** The value without its header. */
  readonly content: Buffer;
  /** Header and value. */
  readonly whole: Buffer;
}

const SEQUENCE = 0x30;
const MAX_LENGTH_OCTETS = 4;

/** The values that follow one another in `bytes`. @throws Error when a length goes past the end */
export function readDerValues(bytes: Buffer): readonly DerValue[] {
  const values: DerValue[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = byteAt(bytes, at);
    const first = byteAt(bytes, at + 1);
    const octets = first < 0x80 ? 0 : first & 0x7f;
    if (octets > MAX_LENGTH_OCTETS || first === 0x80) throw new Error("not DER: bad length");
    const header = 2 + octets;
    const length = octets === 0 ? first : bytes.subarray(at + 2, at + header).reduce((sum, o) => sum * 256 + o, 0);
    const end = at + header + length;
    if (end > bytes.length) throw new Error("not DER: value goes past the end");
    values.push({ tag, content: bytes.subarray(at + header, end), whole: bytes.subarray(at, end) });
    at = end;
  }
  return values;
}

/** A value of this tag around `parts`. */
export function derValue(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(content.length)]), content]);
}

export function derSequence(...parts: readonly Buffer[]): Buffer {
  return derValue(SEQUENCE, ...parts);
}

/** An INTEGER of the unsigned number in `bytes`, most significant first. */
export function derUnsigned(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((octet) => octet !== 0);
  const magnitude = start === -1 ? Buffer.from([0]) : Buffer.from(bytes.subarray(start));
  const isHigh = byteAt(magnitude, 0) >= 0x80;
  return derValue(0x02, isHigh ? Buffer.from([0]) : Buffer.alloc(0), magnitude);
}

function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

function byteAt(bytes: Uint8Array, index: number): number {
  const value = bytes[index];
  if (value === undefined) throw new Error("not DER: ends early");
  return value;
}
