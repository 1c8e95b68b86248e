import { describe, expect, it } from "vitest";
import { capMemory } from "../../../parts/chart-engine/cap-memory.ts";
import { readGlobals, writeGlobals } from "../../../parts/chart-engine/globals.ts";
import { writeData } from "../../../parts/chart-engine/memory-image.ts";
import { snapshot } from "../../../parts/chart-engine/snapshot.ts";
import { readModule, readUnsigned, sectionIds, unsigned, writeModule } from "../../../parts/chart-engine/wasm-file.ts";

interface Api {
  readonly Instance: new (module: object, imports: object) => { readonly exports: Record<string, never> };
  readonly Module: new (bytes: Uint8Array) => object;
}
const { Instance, Module } = (globalThis as unknown as { readonly WebAssembly: Api }).WebAssembly;
const start = (wasm: Uint8Array): Record<string, never> => new Instance(new Module(wasm), {}).exports;

const section = (id: number, ...body: readonly number[]): { id: number; body: Uint8Array } => ({
  id,
  body: Uint8Array.from(body),
});
const text = (word: string): readonly number[] => [word.length, ...Buffer.from(word)];
/** A reactor in 100 bytes: a global of 5 and one of -2, a page of memory with "hi" at 16; `_initialize` adds 7 to the first and writes 99 at 300. */
const tiny = (): Uint8Array =>
  writeModule([
    section(1, 2, 0x60, 0, 0, 0x60, 0, 1, 0x7e),
    section(3, 2, 0, 1),
    section(sectionIds.memory, 1, 0, 1),
    section(sectionIds.global, 2, 0x7e, 1, 0x42, 5, 0x0b, 0x7f, 0, 0x41, 0x7e, 0x0b),
    section(sectionIds.export, 3, ...text("_initialize"), 0, 0, ...text("get"), 0, 1, ...text("memory"), 2, 0),
    section(
      10,
      2,
      18,
      0,
      0x23,
      0,
      0x42,
      7,
      0x7c,
      0x24,
      0,
      0x41,
      0xac,
      2,
      0x41,
      0xe3,
      0,
      0x36,
      2,
      0,
      0xb,
      4,
      0,
      0x23,
      0,
      0xb,
    ),
    section(sectionIds.data, 1, 0, 0x41, 16, 0x0b, 2, 0x68, 0x69),
  ]);

describe("unsigned() and readUnsigned()", () => {
  it.each([0, 1, 127, 128, 300, 65_536, 2 ** 31, 2 ** 32 - 1])("%d", (value) => {
    const bytes = unsigned(value);

    expect(readUnsigned(bytes, 0)).toEqual([value, bytes.length]);
  });
});

describe("readGlobals() and writeGlobals()", () => {
  it.each([0n, 1n, 63n, 64n, -1n, -64n, -65n, 2n ** 62n, -(2n ** 63n), 2n ** 63n - 1n])("keep %d", (value) => {
    const globals = [{ type: 0x7e, isMutable: true, value }] as const;

    expect(readGlobals(writeGlobals(globals))).toEqual(globals);
  });

  it("refuse what Go does not write", () => {
    expect(() => readGlobals(Uint8Array.of(1, 0x7d, 0, 0x43, 0, 0, 0, 0, 0x0b))).toThrow("no whole number");
    expect(() => readGlobals(Uint8Array.of(1, 0x7f, 0, 0x41, 0x80))).toThrow("beyond the module");
  });
});

describe("writeData()", () => {
  it("leaves out long runs of zeros, and nothing else", () => {
    const memory = new Uint8Array(70_000);
    for (const [at, value] of [
      [0, 1],
      [10, 2],
      [100, 3],
      [8192, 4],
      [69_999, 5],
    ] as const)
      memory[at] = value;
    const wasm = writeModule([
      section(sectionIds.memory, 1, 0, 2),
      section(sectionIds.export, 1, ...text("memory"), 2, 0),
      { id: sectionIds.data, body: writeData(memory) },
    ]);
    const { memory: filled } = start(wasm) as unknown as { readonly memory: { readonly buffer: ArrayBuffer } };

    expect(Buffer.from(filled.buffer, 0, memory.length).equals(memory)).toBe(true);
    expect(wasm.length).toBeLessThan(200);
  });
});

describe("capMemory()", () => {
  it("gives memory an upper limit, in pages", () => {
    const capped = writeModule(capMemory(readModule(tiny()), 3 * 65_536));
    const { memory } = start(capped) as unknown as { readonly memory: { grow: (pages: number) => number } };

    expect(memory.grow(2)).toBe(1);
    expect(() => memory.grow(1)).toThrow(RangeError);
  });

  it("refuses a memory that has one", () => {
    expect(() => capMemory([section(sectionIds.memory, 1, 1, 1, 2)], 65_536)).toThrow("upper limit");
  });
});

describe("snapshot()", () => {
  it("is the module as it stands after its start, globals and memory", () => {
    const started = start(writeModule(snapshot(tiny()))) as unknown as {
      readonly get: () => bigint;
      readonly memory: { readonly buffer: ArrayBuffer };
    };
    const bytes = new Uint8Array(started.memory.buffer);

    expect(started.get()).toBe(12n);
    expect([bytes[16], bytes[17], bytes[300]]).toEqual([0x68, 0x69, 99]);
  });

  it("gives the same bytes each time, and no exports of its own", () => {
    const once = writeModule(snapshot(tiny()));

    expect(Buffer.from(writeModule(snapshot(tiny()))).equals(Buffer.from(once))).toBe(true);
    expect(Object.keys(start(once))).toEqual(["_initialize", "get", "memory"]);
  });

  it("refuses what is no module", () => {
    expect(() => snapshot(Buffer.from("no module"))).toThrow("not a WebAssembly module");
  });
});
