import { WASI } from "node:wasi";
import { webAssembly } from "./web-assembly.ts";

/** Enough of what Go says when it gives up. */
const MAX_SAID = 4096;

/**
 * Starts an engine that has no folder, no environment and no network, and gives the function that answers requests with it.
 *
 * @see https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md
 */
export function startInstance(module: WebAssembly.Module): (frame: Uint8Array) => Uint8Array<ArrayBuffer> {
  const wasi = new WASI({ version: "preview1", args: ["engine"], env: {} });
  let said = "";
  const imports = {
    ...(wasi.getImportObject() as { wasi_snapshot_preview1: Record<string, (...args: number[]) => unknown> })
      .wasi_snapshot_preview1,
    // Whatever is written is kept: this process' own output belongs to others.
    fd_write: (_descriptor: number, vectors: number, count: number, written: number) => {
      const view = new DataView(engine.memory.buffer);
      let length = 0;
      for (let at = vectors; at < vectors + count * 8; at += 8) {
        const size = view.getUint32(at + 4, true);
        said += new TextDecoder().decode(new Uint8Array(engine.memory.buffer, view.getUint32(at, true), size));
        length += size;
      }
      said = said.slice(0, MAX_SAID);
      view.setUint32(written, length, true);
      return 0;
    },
    proc_exit: (code: number) => {
      throw new Error(`the engine ended (${code}): ${said}`);
    },
  };
  const instance = new webAssembly.Instance(module, { wasi_snapshot_preview1: imports });
  const engine = instance.exports;
  // The engine ships as the image of one that has already started.
  wasi.finalizeBindings(instance);
  return (frame) => {
    const address = engine.alloc(frame.length) >>> 0;
    new Uint8Array(engine.memory.buffer, address, frame.length).set(frame);
    const packed = BigInt.asUintN(64, engine.call());
    return new Uint8Array(engine.memory.buffer, Number(packed >> 32n), Number(packed & 0xffffffffn)).slice();
  };
}
