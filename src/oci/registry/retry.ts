import type { Clock } from "../../lib/clock.ts";
import { isOperatorError } from "../../lib/errors/index.ts";

export interface RetryPolicy {
  /** Tries in a row without progress. */
  readonly attempts: number;
  /** Upper bound of the first wait; doubles with each further one, up to `maxDelayMs`. The wait is random below it. */
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** No new try begins later than this after the last progress. */
  readonly deadlineMs: number;
  /** In [0, 1); default Math.random. */
  readonly random?: () => number;
}

export const defaultRetryPolicy: RetryPolicy = {
  attempts: 5,
  baseDelayMs: 500,
  maxDelayMs: 15_000,
  deadlineMs: 120_000,
};

export interface RetryContext {
  readonly retry: RetryPolicy;
  readonly clock: Clock;
}

/** Counts failures in a row and waits between tries; ends by throwing the last real error. */
export interface Attempts {
  /** Something came of the try: failures before it no longer count. */
  readonly progressed: () => void;
  /** Waits before the next try, or throws `error` when it is not worth one (`retry` other than "same") or no try is left. */
  readonly failed: (error: unknown) => Promise<void>;
}

export function countAttempts(context: RetryContext, options: { readonly signal: AbortSignal }): Attempts {
  const { retry, clock } = context;
  let failures = 0;
  let since = clock.now().getTime();
  return {
    progressed: () => {
      failures = 0;
      since = clock.now().getTime();
    },
    failed: async (error) => {
      options.signal.throwIfAborted();
      failures += 1;
      if (!isOperatorError(error) || error.retry !== "same" || failures >= retry.attempts) throw error;
      const bound = Math.min(retry.maxDelayMs, retry.baseDelayMs * 2 ** (failures - 1));
      const delayMs = bound * (retry.random ?? Math.random)();
      if (clock.now().getTime() - since + delayMs > retry.deadlineMs) throw error;
      await clock.sleep(delayMs, options);
    },
  };
}

/** Runs `work` until it succeeds or its error is not worth another try. */
export async function withRetries<T>(
  context: RetryContext,
  options: { readonly signal: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  const attempts = countAttempts(context, options);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      await attempts.failed(error);
    }
  }
}
