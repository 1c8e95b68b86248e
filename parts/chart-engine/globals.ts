import { readUnsigned, unsigned } from "./wasm-file.ts";

/** Types of values by their byte. @see https://webassembly.github.io/spec/core/binary/types.html */
const i32 = 0x7f;
const i64 = 0x7e;
const constOf = { [i32]: 0x41, [i64]: 0x42 } as const;
const END = 0x0b;

export interface Global {
  readonly type: typeof i32 | typeof i64;
  readonly isMutable: boolean;
  readonly value: bigint;
}

/** The globals of a module, all of which have to be whole numbers, as Go's are. */
export function readGlobals(body: Uint8Array): readonly Global[] {
  const [count, start] = readUnsigned(body, 0);
  const globals: Global[] = [];
  let at = start;
  for (let index = 0; index < count; index++) {
    const type = body[at];
    if ((type !== i32 && type !== i64) || body[at + 2] !== constOf[type])
      throw new Error("a global is no whole number");
    const [value, end] = readSigned(body, at + 3);
    if (body[end] !== END) throw new Error("a global has more than a number");
    globals.push({ type, isMutable: body[at + 1] === 1, value });
    at = end + 1;
  }
  return globals;
}

export function writeGlobals(globals: readonly Global[]): Uint8Array {
  const rows = globals.map(({ type, isMutable, value }) =>
    Uint8Array.of(type, isMutable ? 1 : 0, constOf[type], ...signed(value), END),
  );
  return Buffer.concat([unsigned(globals.length), ...rows]);
}

function readSigned(bytes: Uint8Array, at: number): readonly [value: bigint, end: number] {
  let value = 0n;
  for (let shift = 0n, end = at; ; shift += 7n, end++) {
    const byte = bytes[end];
    if (byte === undefined) throw new Error("a number ends beyond the module");
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [BigInt.asIntN(Number(shift) + 7, value), end + 1];
  }
}

function signed(value: bigint): readonly number[] {
  const bytes: number[] = [];
  for (let rest = value; ; ) {
    const low = Number(BigInt.asUintN(7, rest));
    rest >>= 7n;
    const isLast = (rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}
