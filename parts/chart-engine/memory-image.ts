import { unsigned } from "./wasm-file.ts";

/** Zeros in a row that are cheaper left out than written. */
const GAP_BYTES = 64;
const I32_CONST = 0x41;
const END = 0x0b;

/** The data section that fills a fresh memory with these bytes. @see https://webassembly.github.io/spec/core/binary/modules.html#data-section */
export function writeData(memory: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  let count = 0;
  for (const [start, end] of runs(memory)) {
    const address = [...signedAddress(start)];
    pieces.push(Uint8Array.of(0, I32_CONST, ...address, END), unsigned(end - start), memory.subarray(start, end));
    count++;
  }
  return Buffer.concat([unsigned(count), ...pieces]);
}

/** What is not zero, with small gaps. */
function* runs(memory: Uint8Array): Generator<readonly [start: number, end: number]> {
  let start = 0;
  while (true) {
    while (start < memory.length && memory[start] === 0) start++;
    if (start === memory.length) return;
    let end = start;
    for (let at = start; at < memory.length && at - end < GAP_BYTES; at++) if (memory[at] !== 0) end = at + 1;
    yield [start, end];
    start = end;
  }
}

/** Signed LEB128 of an address below 2 GiB. */
function signedAddress(address: number): Uint8Array {
  const bytes = unsigned(address);
  // The highest bit of the last group is the sign.
  const last = bytes.at(-1) ?? 0;
  return last < 0x40 ? bytes : Uint8Array.of(...bytes.subarray(0, -1), last | 0x80, 0);
}
