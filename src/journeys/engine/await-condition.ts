import type { Clock } from "../../lib/clock.ts";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import type { Condition, ConditionState } from "./types.ts";

/** A reason that stays the same is told again after this long, so that a quiet wait is not taken for a hang. */
const REPEAT_REASON_MS = 30_000;
const DEFAULT_INTERVAL_MS = 1000;

/**
 * Polls a condition until it is ready (or has nothing to wait for), has failed, or its deadline is over.
 *
 * A check that throws an operator error which time may mend (retry same or later: a node that reboots) is waiting, with
 * that message as its reason; any other error ends the wait.
 *
 * @param options.onWaiting - called when the reason changes, and every 30 s while it does not
 * @throws OperatorError CONDITION_FAILED (or the error the check gave), CONDITION_TIMED_OUT with the last reason
 */
export async function awaitCondition(
  condition: Condition,
  options: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly onWaiting: (reason: string) => void;
  },
): Promise<void> {
  const { clock, onWaiting } = options;
  const deadline = new AbortController();
  const finished = new AbortController();
  const signal = AbortSignal.any([options.signal, deadline.signal]);
  let reason = "nothing was seen yet";
  let toldAt = Number.NEGATIVE_INFINITY;
  let told = "";
  const alarm = clock.sleep(condition.deadlineMs, { signal: finished.signal }).then(
    () => deadline.abort(new Error("the deadline is over")),
    () => undefined,
  );
  try {
    for (;;) {
      const state = await check(condition, signal);
      if (state.kind === "ready" || state.kind === "skipped") return;
      if (state.kind === "failed") throw state.error ?? failed(condition, state.reason);
      reason = state.reason;
      const now = clock.now().getTime();
      if (reason !== told || now - toldAt >= REPEAT_REASON_MS) {
        onWaiting(reason);
        told = reason;
        toldAt = now;
      }
      await clock.sleep(condition.intervalMs ?? DEFAULT_INTERVAL_MS, { signal });
    }
  } catch (error) {
    options.signal.throwIfAborted();
    if (deadline.signal.aborted) throw timedOut(condition, reason);
    throw error;
  } finally {
    finished.abort();
    await alarm;
  }
}

async function check(condition: Condition, signal: AbortSignal): Promise<ConditionState> {
  try {
    return await condition.check({ signal });
  } catch (error) {
    if (!signal.aborted && isOperatorError(error) && error.retry !== "never") {
      return { kind: "waiting", reason: error.message };
    }
    throw error;
  }
}

function failed(condition: Condition, reason: string): OperatorError {
  return new OperatorError("CONDITION_FAILED", `${condition.description}: ${reason}`, {
    next: condition.next ?? [],
    retry: "later",
  });
}

function timedOut(condition: Condition, reason: string): OperatorError {
  const seconds = Math.round(condition.deadlineMs / 1000);
  return new OperatorError(
    "CONDITION_TIMED_OUT",
    `${condition.description}: not within ${seconds} s; last: ${reason}`,
    { next: condition.next ?? [], retry: "same" },
  );
}
