import { parentPort } from "node:worker_threads";
import { startInstance } from "./instance.ts";

/** The thread that the engine runs in: first the compiled module comes, then one request after the other. */
export type ToWorker =
  | { readonly kind: "module"; readonly module: WebAssembly.Module }
  | { readonly kind: "request"; readonly frame: Uint8Array<ArrayBuffer> };

export type FromWorker =
  | { readonly kind: "answer"; readonly frame: Uint8Array<ArrayBuffer> }
  /** The instance cannot go on: its stack or memory is exhausted. */
  | { readonly kind: "broken"; readonly why: string };

const port = parentPort;
if (port === null) throw new Error("the chart engine's worker runs in a worker thread");

let call: ((frame: Uint8Array) => Uint8Array<ArrayBuffer>) | undefined;
port.on("message", (message: ToWorker) => {
  try {
    if (message.kind === "module") {
      call = startInstance(message.module);
      return;
    }
    if (call === undefined) throw new Error("a request came before the module");
    const frame = call(message.frame);
    port.postMessage({ kind: "answer", frame } satisfies FromWorker, [frame.buffer]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    port.postMessage({ kind: "broken", why } satisfies FromWorker);
  }
});
