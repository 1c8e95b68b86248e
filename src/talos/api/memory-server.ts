import { EventEmitter } from "node:events";
import type { CallRegistrar } from "./serve.ts";

/** A connection that was let in: calls by path, bytes in and bytes out. Failures are `{ code, details }` as grpc-js has them. */
export interface MemoryConnection {
  /** `address:port` of the caller. */
  readonly peer: string;
  /** Aborted when the connection ends: with a goodbye (`reason` is `closed`), or because the machine is gone (`lost`). */
  readonly ended: AbortSignal;
  /** The caller leaves. */
  readonly close: () => void;
  readonly call: (
    path: string,
    requests: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    options: { readonly signal: AbortSignal },
  ) => AsyncIterable<Uint8Array>;
}

interface Method {
  readonly handler: (call: unknown, done: (error: unknown, message?: unknown) => void) => void;
  readonly write: (message: unknown) => Buffer;
  readonly read: (bytes: Buffer) => unknown;
  readonly kind: string;
}

const UNIMPLEMENTED = 12;

/** Handlers behind no socket: what is registered is called with the very bytes that a connection would carry. */
export class MemoryServer {
  readonly #methods = new Map<string, Method>();

  readonly register: CallRegistrar["register"] = (path, handler, write, read, kind) => {
    this.#methods.set(path, { handler, write, read, kind } as unknown as Method);
    return true;
  };

  /** Answers of one call; throws `{ code, details }`. Leaving the loop, or the signal, cancels it. */
  async *call(
    path: string,
    requests: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    { peer, signal }: { readonly peer: string; readonly signal: AbortSignal },
  ): AsyncGenerator<Uint8Array> {
    const method = this.#methods.get(path);
    if (method === undefined) throw Object.assign(new Error(path), { code: UNIMPLEMENTED, details: `unknown ${path}` });
    const call = new MemoryCall(method, peer);
    const cancel = () => call.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      await call.begin(requests);
      for (let next = await call.next(); next !== undefined; next = await call.next()) yield next;
    } finally {
      signal.removeEventListener("abort", cancel);
      call.cancel();
    }
  }
}

/** What a handler of grpc-js sees of a call: an emitter with a peer, requests, and a place for answers. */
class MemoryCall extends EventEmitter {
  cancelled = false;
  request: unknown;
  readonly #method: Method;
  readonly #peer: string;
  readonly #answers: Uint8Array[] = [];
  #requests: Iterable<Uint8Array> | AsyncIterable<Uint8Array> = [];
  #isOver = false;
  #failure: unknown;
  #wake: () => void = () => undefined;

  constructor(method: Method, peer: string) {
    super();
    this.#method = method;
    this.#peer = peer;
    // As on a stream of grpc-js: what is emitted as an error is the end of the call.
    this.on("error", (error) => this.#end(error));
  }

  readonly getPeer = (): string => this.#peer;

  async begin(requests: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    this.#requests = requests;
    if (this.#method.kind !== "clientStream") {
      for await (const bytes of requests) this.request = this.#method.read(Buffer.from(bytes));
    }
    this.#method.handler(this, (error, message) => {
      if (message !== undefined) this.#answers.push(this.#method.write(message));
      this.#end(error ?? undefined);
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    for await (const bytes of this.#requests) yield this.#method.read(Buffer.from(bytes));
  }

  readonly write = (message: unknown): boolean => {
    this.#answers.push(this.#method.write(message));
    this.#wake();
    return true;
  };

  readonly end = (): void => this.#end(undefined);

  cancel(): void {
    if (this.cancelled) return;
    this.cancelled = true;
    this.emit("cancelled", "cancelled");
    this.#end(undefined);
  }

  /** undefined: that was all. */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const answer = this.#answers.shift();
      if (answer !== undefined) return answer;
      if (this.#failure !== undefined) throw this.#failure as Error;
      if (this.#isOver) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #end(failure: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    this.#wake();
  }
}
