import type { Clock } from "../../lib/clock.ts";
import { isOperatorError } from "../../lib/errors/index.ts";

const ATTEMPTS = 4;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 5000;

/**
 * Runs an effect that is safe to repeat, again after errors that say so (retry: same), at most four times in all, with
 * growing pauses of half to one and a half times 0.5, 1 and 2 seconds. What is thrown in the end is the last real error.
 *
 * @param options.onRetry - told the error before each pause
 */
export async function retryApply(
  apply: () => Promise<void>,
  options: {
    readonly clock: Clock;
    readonly random: () => number;
    readonly signal: AbortSignal;
    readonly onRetry: (error: unknown) => void;
  },
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    options.signal.throwIfAborted();
    try {
      await apply();
      return;
    } catch (error) {
      options.signal.throwIfAborted();
      if (attempt >= ATTEMPTS || !isOperatorError(error) || error.retry !== "same") throw error;
      options.onRetry(error);
      const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (attempt - 1), MAX_DELAY_MS);
      await options.clock.sleep(delayMs * (0.5 + options.random()), { signal: options.signal });
    }
  }
}
