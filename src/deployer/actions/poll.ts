import type { Clock } from "../../lib/clock.ts";
import { withDeadline } from "../../lib/deadline.ts";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";

const intervalMs = 1000;
const defaultSeconds = 300;

export interface PollOptions {
  readonly title: string;
  /** Default: 300. */
  readonly seconds: number | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onReason: (reason: string) => void;
}

/**
 * Looks once a second until `look` has no reason left to wait.
 *
 * @throws OperatorError ACTION_WAIT_UNMET with the last reason
 */
export async function poll(
  look: (signal: AbortSignal) => Promise<string | undefined>,
  options: PollOptions,
): Promise<void> {
  const { clock, signal, title } = options;
  const seconds = options.seconds ?? defaultSeconds;
  const end = clock.now().getTime() + seconds * 1000;
  let last: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    const leftMs = end - clock.now().getTime();
    if (leftMs <= 0) throw unmet(title, seconds, last);
    const reason = await withDeadline(leftMs, { signal, what: title }, look).catch((error: unknown) => {
      if (isOperatorError(error, "DEADLINE_EXCEEDED") && !signal.aborted) throw unmet(title, seconds, last);
      throw error;
    });
    if (reason === undefined) return;
    if (reason !== last) options.onReason(reason);
    last = reason;
    await clock.sleep(Math.min(intervalMs, Math.max(1, end - clock.now().getTime())), { signal });
  }
}

function unmet(title: string, seconds: number, reason: string | undefined): OperatorError {
  return new OperatorError("ACTION_WAIT_UNMET", `${title}: not within ${seconds} s; ${reason ?? "no answer came"}`, {
    retry: "later",
    next: ["see why it is not so, then run the same command again"],
  });
}
