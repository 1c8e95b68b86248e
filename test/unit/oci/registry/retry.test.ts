import { describe, expect, it } from "vitest";
import { OperatorError } from "../../../../src/lib/errors/index.ts";
import { defaultRetryPolicy, withRetries } from "../../../../src/oci/registry/retry.ts";
import { leapingClock } from "../../../support/leaping-clock.ts";

const { signal } = new AbortController();
const failed = (retry: "same" | "later", count = 1) => new OperatorError("REGISTRY_FAILED", `try ${count}`, { retry });

describe("withRetries()", () => {
  it("waits longer from try to try, at random below a doubling bound", async () => {
    const clock = leapingClock();
    const times: number[] = [];
    const retry = { ...defaultRetryPolicy, random: () => 0.999 };

    const run = withRetries({ retry, clock }, { signal }, () => {
      times.push(clock.now().getTime());
      return Promise.reject(failed("same", times.length));
    });

    await expect(run).rejects.toMatchObject({ message: "try 5" });
    expect(times.slice(1).map((time, index) => time - (times[index] ?? 0))).toEqual(
      [499.5, 999, 1998, 3996].map(Math.floor),
    );
  });

  it("begins no try behind the deadline", async () => {
    const clock = leapingClock();
    let tries = 0;
    const retry = { attempts: 100, baseDelayMs: 10_000, maxDelayMs: 10_000, deadlineMs: 25_000, random: () => 1 };

    await expect(
      withRetries({ retry, clock }, { signal }, () => {
        tries += 1;
        return Promise.reject(failed("same"));
      }),
    ).rejects.toMatchObject({ code: "REGISTRY_FAILED" });
    expect(tries).toBe(3);
  });

  it.each([
    ["an error that another try does not help", failed("later")],
    ["a bug", new Error("bug")],
  ])("does not try again after %s", async (_, error) => {
    let tries = 0;

    await expect(
      withRetries({ retry: defaultRetryPolicy, clock: leapingClock() }, { signal }, () => {
        tries += 1;
        return Promise.reject(error);
      }),
    ).rejects.toBe(error);
    expect(tries).toBe(1);
  });

  it("gives an interrupt its own reason, also while it waits", async () => {
    const controller = new AbortController();
    const reason = new Error("interrupted");

    const run = withRetries({ retry: defaultRetryPolicy, clock: leapingClock() }, controller, () => {
      controller.abort(reason);
      return Promise.reject(failed("same"));
    });

    await expect(run).rejects.toBe(reason);
  });
});
