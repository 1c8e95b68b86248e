/** Something others wait for a change of. */
export class Changes {
  readonly #listeners = new Set<() => void>();

  readonly tell = (): void => {
    for (const listener of [...this.#listeners]) listener();
  };

  /** Resolves once `holds` does, looked at now and after every change; rejects when the signal aborts. */
  until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#listeners.delete(look);
        signal.removeEventListener("abort", stop);
      };
      const stop = () => {
        leave();
        reject(signal.reason as Error);
      };
      const look = () => {
        if (!holds()) return;
        leave();
        resolve();
      };
      if (signal.aborted) return stop();
      this.#listeners.add(look);
      signal.addEventListener("abort", stop, { once: true });
      look();
    });
  }
}
