import type { Clock } from "../../src/lib/clock.ts";

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/**
 * A clock that waits for nothing: whenever the program is idle, time leaps to the earliest sleeper. Order and durations are
 * those of a real clock.
 */
export function leapingClock(start = "2026-01-01T00:00:00.000Z"): Clock {
  let nowMs = Date.parse(start);
  const sleepers = new Set<Sleeper>();
  const leap = (): void => {
    const next = [...sleepers].sort((a, b) => a.dueMs - b.dueMs)[0];
    if (next === undefined) return;
    nowMs = Math.max(nowMs, next.dueMs);
    next.wake();
  };
  return {
    now: () => new Date(nowMs),
    sleep: (ms, { signal }) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const settle = (finish: () => void) => {
          sleepers.delete(sleeper);
          signal.removeEventListener("abort", onAbort);
          finish();
        };
        const sleeper: Sleeper = { dueMs: nowMs + ms, wake: () => settle(resolve) };
        const onAbort = () => settle(() => reject(signal.reason as Error));
        signal.addEventListener("abort", onAbort);
        sleepers.add(sleeper);
        // Two turns of the loop: promise chains and immediate work of others come first.
        setImmediate(() => setImmediate(leap));
      }),
  };
}
