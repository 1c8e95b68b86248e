import type { Clock } from "../../lib/clock.ts";

const REPLANNED = new Error("another transfer ends next");

interface Transfer {
  /** What every transfer will have got when this one is done. */
  readonly endBytes: number;
  readonly done: () => void;
}

/** A cable that all transfers share evenly, as TCP does on a quiet switch. */
export class SharedLink {
  readonly #clock: Clock;
  readonly #bytesPerMs: number;
  readonly #transfers = new Set<Transfer>();
  /** What one transfer that was there from the beginning would have got by now. */
  #servedBytes = 0;
  #servedAtMs: number;
  #timer = new AbortController();

  constructor(options: { readonly clock: Clock; readonly bytesPerSecond: number }) {
    this.#clock = options.clock;
    this.#bytesPerMs = options.bytesPerSecond / 1000;
    this.#servedAtMs = options.clock.now().getTime();
  }

  get active(): number {
    return this.#transfers.size;
  }

  /** Resolves when so many bytes have passed; rejects when the signal aborts, which frees its share. */
  carry(bytes: number, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      this.#serve();
      const leave = (finish: () => void) => {
        this.#serve();
        this.#transfers.delete(transfer);
        signal.removeEventListener("abort", stop);
        finish();
      };
      const stop = () => {
        leave(() => reject(signal.reason as Error));
        this.#plan();
      };
      const transfer: Transfer = { endBytes: this.#servedBytes + bytes, done: () => leave(resolve) };
      this.#transfers.add(transfer);
      signal.addEventListener("abort", stop, { once: true });
      this.#plan();
    });
  }

  /** Brings the tally up to now. */
  #serve(): void {
    const nowMs = this.#clock.now().getTime();
    if (this.#transfers.size > 0)
      this.#servedBytes += ((nowMs - this.#servedAtMs) * this.#bytesPerMs) / this.#transfers.size;
    this.#servedAtMs = nowMs;
  }

  /** Sets the clock for the transfer that ends next. */
  #plan(): void {
    this.#timer.abort(REPLANNED);
    const timer = new AbortController();
    this.#timer = timer;
    let nextBytes = Number.POSITIVE_INFINITY;
    for (const { endBytes } of this.#transfers) nextBytes = Math.min(nextBytes, endBytes);
    if (nextBytes === Number.POSITIVE_INFINITY) return;
    const ms = Math.ceil(((nextBytes - this.#servedBytes) * this.#transfers.size) / this.#bytesPerMs);
    this.#clock.sleep(ms, { signal: timer.signal }).then(
      () => this.#finish(nextBytes),
      () => undefined,
    );
  }

  #finish(endBytes: number): void {
    this.#serve();
    const limit = Math.max(endBytes, this.#servedBytes);
    for (const transfer of [...this.#transfers]) if (transfer.endBytes <= limit) transfer.done();
    this.#plan();
  }
}
