import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { awaitCondition } from "../../../../src/journeys/engine/await-condition.ts";
import type { Condition, ConditionState } from "../../../../src/journeys/engine/index.ts";
import { OperatorError } from "../../../../src/lib/errors/index.ts";
import { leapingClock } from "../../../support/leaping-clock.ts";

function conditionOf(states: readonly (ConditionState | Error)[]): Condition {
  const queue = [...states];
  return {
    description: "cp-1 runs",
    deadlineMs: 60_000,
    check: async () => {
      const state = queue.length > 1 ? queue.shift() : queue[0];
      if (state === undefined || state instanceof Error) throw state ?? new Error("no state");
      return state;
    },
  };
}

function options(reasons: string[] = []) {
  return {
    clock: leapingClock(),
    signal: new AbortController().signal,
    onWaiting: (reason: string) => void reasons.push(reason),
  };
}

const waiting = (reason: string): ConditionState => ({ kind: "waiting", reason });
const ready: ConditionState = { kind: "ready" };

describe("awaitCondition()", () => {
  it("polls until ready and tells each new reason once", async () => {
    const reasons: string[] = [];

    await awaitCondition(conditionOf([waiting("boots"), waiting("boots"), waiting("joins"), ready]), options(reasons));

    expect(reasons).toEqual(["boots", "joins"]);
  });

  it("repeats a reason that stays after thirty seconds", async () => {
    const reasons: string[] = [];

    await awaitCondition(conditionOf([waiting("boots")]), options(reasons)).catch(() => undefined);

    expect(reasons).toEqual(["boots", "boots"]);
  });

  it("has nothing to wait for when skipped", async () => {
    await expect(
      awaitCondition(conditionOf([{ kind: "skipped", reason: "no such phase" }]), options()),
    ).resolves.toBeUndefined();
  });

  it("ends at once when it has failed", async () => {
    await expect(
      awaitCondition(conditionOf([waiting("boots"), { kind: "failed", reason: "disk is gone" }, ready]), options()),
    ).rejects.toMatchObject({ code: "CONDITION_FAILED", message: "cp-1 runs: disk is gone" });
  });

  it("repeats the last reason when its time is over", async () => {
    await expect(awaitCondition(conditionOf([waiting("boots"), waiting("joins")]), options())).rejects.toMatchObject({
      code: "CONDITION_TIMED_OUT",
      message: "cp-1 runs: not within 60 s; last: joins",
    });
  });

  it("ends a check that hangs when its time is over", async () => {
    const hanging: Condition = {
      description: "cp-1 runs",
      deadlineMs: 1000,
      check: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
        }),
    };

    await expect(awaitCondition(hanging, options())).rejects.toMatchObject({ code: "CONDITION_TIMED_OUT" });
  });

  it("takes an error that time may mend for waiting", async () => {
    const reasons: string[] = [];
    const gone = new OperatorError("DEADLINE_EXCEEDED", "no answer", { retry: "same" });

    await awaitCondition(conditionOf([gone, ready]), options(reasons));

    expect(reasons).toEqual(["no answer"]);
  });

  it.each([new OperatorError("DOCUMENT_INVALID", "wrong", { retry: "never" }), new TypeError("a bug")])(
    "passes on an error that time does not mend: %s",
    async (error) => {
      await expect(awaitCondition(conditionOf([error, ready]), options())).rejects.toBe(error);
    },
  );

  it("ends with the interrupt's reason and leaves no listener", async () => {
    const stop = new AbortController();
    const reason = new OperatorError("INTERRUPTED", "stopped");
    const interrupted = {
      ...options(),
      signal: stop.signal,
      onWaiting: () => stop.abort(reason),
    };

    await expect(awaitCondition(conditionOf([waiting("boots")]), interrupted)).rejects.toBe(reason);
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  });
});
