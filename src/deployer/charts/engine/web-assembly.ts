interface Memory {
  readonly buffer: ArrayBuffer;
}

export interface EngineExports {
  readonly memory: Memory;
  readonly alloc: (length: number) => number;
  readonly call: () => bigint;
}

interface Instance {
  readonly exports: EngineExports;
}

/** The part of WebAssembly's JavaScript interface that the engine needs; TypeScript knows it in browsers only. */
interface WebAssemblyInterface {
  readonly compile: (bytes: Uint8Array) => Promise<WebAssembly.Module>;
  readonly Instance: new (module: WebAssembly.Module, imports: object) => Instance;
}

export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssemblyInterface }).WebAssembly;
