/** Values pushed from callbacks, read as an async iterable; ends with `end()` or the signal. */
export class PushQueue<T> implements AsyncIterable<T> {
  readonly #values: T[] = [];
  readonly #signal: AbortSignal;
  #wake: (() => void) | undefined;
  #ended = false;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  readonly push = (value: T): void => {
    this.#values.push(value);
    this.#wake?.();
  };

  readonly end = (): void => {
    this.#ended = true;
    this.#wake?.();
  };

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    this.#signal.addEventListener("abort", this.end, { once: true });
    try {
      for (;;) {
        for (let value = this.#values.shift(); value !== undefined; value = this.#values.shift()) yield value;
        if (this.#ended || this.#signal.aborted) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    } finally {
      this.#signal.removeEventListener("abort", this.end);
    }
  }
}
