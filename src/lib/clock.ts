import { setTimeout as sleepFor } from "node:timers/promises";

/** Time as an argument, so that tests and rehearsals choose it. */
export interface Clock {
  readonly now: () => Date;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when aborted. */
  readonly sleep: (ms: number, options: { readonly signal: AbortSignal }) => Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  sleep: async (ms, { signal }) => {
    try {
      await sleepFor(ms, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
};
