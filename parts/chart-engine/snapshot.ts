import { readGlobals, writeGlobals } from "./globals.ts";
import { writeData } from "./memory-image.ts";
import { readModule, readUnsigned, type Section, sectionIds, unsigned, writeModule } from "./wasm-file.ts";

const PAGE_BYTES = 64 * 1024;
const GLOBAL_EXPORT = 3;

/**
 * Starts a Go reactor once and gives the module that begins where it then stands: memory and globals filled in, so that
 * nobody has to wait for its packages again (a third of the time to the first answer). What it hears of the world meanwhile
 * is always the same, so the same module gives the same bytes.
 */
export function snapshot(wasm: Uint8Array): readonly Section[] {
  const sections = readModule(wasm);
  const globals = readGlobals(bodyOf(sections, sectionIds.global));
  // The world asks for memory only while the module runs, when there is one.
  const started: { exports?: Started } = {};
  const world = stillWorld(() => memoryOf(started).buffer);
  started.exports = new webAssembly.Instance(new webAssembly.Module(withGlobals(sections, globals.length)), {
    wasi_snapshot_preview1: world,
  }).exports;
  const { exports } = started;
  exports._initialize();
  const memory = new Uint8Array(exports.memory.buffer);
  const reached = globals.map((global, index) =>
    global.isMutable ? { ...global, value: BigInt(exports[nameOf(index)]?.value ?? 0) } : global,
  );
  return sections
    .filter((section) => section.id !== sectionIds.dataCount)
    .map((section) => {
      if (section.id === sectionIds.global) return { id: section.id, body: writeGlobals(reached) };
      if (section.id === sectionIds.data) return { id: section.id, body: writeData(memory) };
      if (section.id !== sectionIds.memory) return section;
      return { id: section.id, body: Uint8Array.of(1, 0, ...unsigned(memory.length / PAGE_BYTES)) };
    });
}

function memoryOf({ exports }: { readonly exports?: Started }): Started["memory"] {
  if (exports === undefined) throw new Error("the module asked for its memory before it was made");
  return exports.memory;
}

interface Started {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly _initialize: () => void;
  readonly [global: `skerry.${number}`]: { readonly value: number | bigint };
}

const { WebAssembly: webAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => WebAssembly.Module;
    readonly Instance: new (module: WebAssembly.Module, imports: object) => { readonly exports: Started };
  };
};

const nameOf = (index: number) => `skerry.${index}` as const;

function bodyOf(sections: readonly Section[], id: number): Uint8Array {
  const body = sections.find((section) => section.id === id)?.body;
  if (body === undefined) throw new Error(`the module has no section ${id}`);
  return body;
}

/** The module with its globals exported. */
function withGlobals(sections: readonly Section[], globals: number): Uint8Array {
  const old = bodyOf(sections, sectionIds.export);
  const [count, start] = readUnsigned(old, 0);
  const added = Array.from({ length: globals }, (_, index) => {
    const name = Buffer.from(nameOf(index));
    return Buffer.concat([unsigned(name.length), name, Uint8Array.of(GLOBAL_EXPORT), unsigned(index)]);
  });
  const body = Buffer.concat([unsigned(count + globals), old.subarray(start), ...added]);
  return writeModule(
    sections.map((section) => (section.id === sectionIds.export ? { id: section.id, body } : section)),
  );
}

/** A world without arguments, folders or chance, in which no time passes. */
function stillWorld(memory: () => ArrayBuffer): object {
  const words = (at: number, ...values: readonly number[]): 0 => {
    for (const [index, value] of values.entries()) new DataView(memory()).setUint32(at + index * 4, value, true);
    return 0;
  };
  const answers: Readonly<Record<string, (...args: number[]) => number>> = {
    args_sizes_get: (count = 0, size = 0) => words(count, 0) + words(size, 0),
    args_get: () => 0,
    environ_sizes_get: (count = 0, size = 0) => words(count, 0) + words(size, 0),
    environ_get: () => 0,
    clock_time_get: (_clock = 0, _precision = 0, at = 0) => words(at, 1, 0),
    random_get: (at = 0, length = 0) => {
      new Uint8Array(memory(), at, length).forEach((_, index, bytes) => {
        bytes[index] = index * 151 + 7;
      });
      return 0;
    },
    sched_yield: () => 0,
    fd_fdstat_get: (_fd = 0, at = 0) => words(at, 0, 0, 0, 0, 0, 0),
    fd_fdstat_set_flags: () => 0,
    fd_prestat_get: () => BAD_DESCRIPTOR,
  };
  return new Proxy(answers, {
    get: (known, name: string) =>
      known[name] ??
      (() => {
        throw new Error(`the engine called ${name} while it started`);
      }),
  });
}

/** @see https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#-errno-variant */
const BAD_DESCRIPTOR = 8;
