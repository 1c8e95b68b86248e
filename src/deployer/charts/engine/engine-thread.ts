import { Worker } from "node:worker_threads";
import type { FromWorker, ToWorker } from "./worker.ts";

/** How one request ended. */
export type ThreadOutcome =
  | { readonly kind: "answered"; readonly frame: Uint8Array }
  | { readonly kind: "timeout" }
  | { readonly kind: "broken"; readonly why: string };

/** Deep templates recurse in JavaScript's stack; Node's default of 4 MB is less than Helm's own limits need. */
const STACK_MB = 64;

/** One worker thread with one instance of the engine in it. After anything but an answer it is gone. */
export class EngineThread {
  readonly #worker: Worker;
  #gone = false;

  /** The thread starts while the module is still being compiled. */
  constructor(script: string, module: Promise<WebAssembly.Module>) {
    this.#worker = new Worker(script, {
      env: {},
      argv: [],
      execArgv: ["--disable-warning=ExperimentalWarning"],
      resourceLimits: { stackSizeMb: STACK_MB },
      stdin: false,
    });
    // An engine that nobody asks does not keep the process alive.
    this.#worker.unref();
    this.#worker.once("exit", () => {
      this.#gone = true;
    });
    void module.then(
      (compiled) => this.#post({ kind: "module", module: compiled }),
      () => this.end(),
    );
  }

  get isGone(): boolean {
    return this.#gone;
  }

  /**
   * Sends one request, whose bytes move to the thread, and waits for its answer. The next may follow once this one ended.
   *
   * @throws the signal's reason when it aborts, after the thread was stopped
   */
  async ask(
    frame: Uint8Array<ArrayBuffer>,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<ThreadOutcome> {
    const { signal } = options;
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<ThreadOutcome>();
    const onMessage = (message: FromWorker): void =>
      resolve(
        message.kind === "answer" ? { kind: "answered", frame: message.frame } : { kind: "broken", why: message.why },
      );
    const onError = (error: Error): void => resolve({ kind: "broken", why: error.message });
    const onExit = (): void => resolve({ kind: "broken", why: "its thread ended" });
    const onAbort = (): void => reject(signal.reason as Error);
    const timer = setTimeout(() => resolve({ kind: "timeout" }), options.timeoutMs);
    this.#worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#worker.ref();
    let outcome: ThreadOutcome | undefined;
    try {
      this.#post({ kind: "request", frame }, [frame.buffer]);
      outcome = await promise;
      return outcome;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      this.#worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      this.#worker.unref();
      if (outcome?.kind !== "answered") await this.end();
    }
  }

  /** Stops the thread, whatever it does. */
  async end(): Promise<void> {
    this.#gone = true;
    await this.#worker.terminate();
  }

  #post(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    if (!this.#gone) this.#worker.postMessage(message, transfer);
  }
}
