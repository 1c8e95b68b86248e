import type { Clock } from "../../lib/clock.ts";
import { TimerQueue } from "./timer-queue.ts";

/** Turns of the event loop that everything at one instant gets: promise chains, and immediates that ask for immediates. */
const QUIET_TURNS = 3;

/**
 * Time that passes only when nobody has anything to do: it then leaps to whoever sleeps shortest. One sleeper is woken at a
 * time, in the order of going to sleep, so that a run depends on nothing but its own steps: not on the load of the computer,
 * its disk, or how long anything really took.
 */
export class VirtualTime {
  readonly clock: Clock;
  readonly #timers = new TimerQueue();
  readonly #outside: Promise<() => void>[] = [];
  readonly #onLeap: (() => void) | undefined;
  #nowMs: number;

  /** @param options.onLeap - called before every leap; tests look there whether anything real is under way */
  constructor(options: { readonly start: Date; readonly onLeap?: () => void }) {
    this.#nowMs = options.start.getTime();
    this.#onLeap = options.onLeap;
    this.clock = {
      now: () => new Date(this.#nowMs),
      sleep: (ms, { signal }) => this.#sleep(ms, signal),
    };
  }

  /**
   * Something real (a read of the bundle): time stands still meanwhile, and its outcome is handed over only when all else is
   * quiet, in the order of asking.
   */
  outside<T>(work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const handOver = work().then(
        (value) => () => resolve(value),
        (error: Error) => () => reject(error),
      );
      this.#outside.push(handOver);
    });
  }

  /** Runs `work` to its end; time stands still before and after. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    let isOver = false;
    const main = work().finally(() => {
      isOver = true;
    });
    main.catch(() => undefined);
    for (;;) {
      await quiet();
      if (isOver) return await main;
      const outside = this.#outside.shift();
      if (outside === undefined) this.#leap();
      else (await outside)();
    }
  }

  #leap(): void {
    this.#onLeap?.();
    const next = this.#timers.take();
    if (next === undefined) throw new Error("virtual time stands still: everybody waits for somebody");
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    next.wake();
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const timer = {
        dueMs: this.#nowMs + Math.max(0, ms),
        wake: () => {
          signal.removeEventListener("abort", stop);
          resolve();
        },
      };
      const stop = () => {
        this.#timers.drop(timer);
        reject(signal.reason as Error);
      };
      this.#timers.add(timer);
      signal.addEventListener("abort", stop, { once: true });
    });
  }
}

async function quiet(): Promise<void> {
  for (let turn = 0; turn < QUIET_TURNS; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
