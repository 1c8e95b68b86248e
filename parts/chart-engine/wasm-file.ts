/** One section of a WebAssembly module, without its head. */
export interface Section {
  readonly id: number;
  readonly body: Uint8Array;
}

/** @see https://webassembly.github.io/spec/core/binary/modules.html#sections */
export const sectionIds = { memory: 5, global: 6, export: 7, dataCount: 12, data: 11 } as const;

const head = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);

/** Takes a module apart. */
export function readModule(wasm: Uint8Array): readonly Section[] {
  if (Buffer.compare(wasm.subarray(0, head.length), head) !== 0)
    throw new Error("not a WebAssembly module of version 1");
  const found: Section[] = [];
  for (let at = head.length; at < wasm.length; ) {
    const id = wasm[at] ?? 0;
    const [length, start] = readUnsigned(wasm, at + 1);
    found.push({ id, body: wasm.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}

export function writeModule(sections: readonly Section[]): Uint8Array {
  return Buffer.concat([head, ...sections.flatMap(({ id, body }) => [Uint8Array.of(id), unsigned(body.length), body])]);
}

/** LEB128: a number and where it ends. */
export function readUnsigned(bytes: Uint8Array, at: number): readonly [value: number, end: number] {
  let value = 0;
  for (let shift = 1, end = at; ; shift *= 128, end++) {
    const byte = bytes[end];
    if (byte === undefined) throw new Error("a number ends beyond the module");
    value += (byte & 0x7f) * shift;
    if (byte < 0x80) return [value, end + 1];
  }
}

export function unsigned(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Uint8Array.from(bytes);
}
