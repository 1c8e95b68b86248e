import { setTimeout as reallySleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { VirtualTime } from "../../../../src/lab/rehearsal/virtual-time.ts";

const start = new Date("2026-01-01T00:00:00.000Z");
const { signal } = new AbortController();

describe("VirtualTime", () => {
  it("leaps over ten minutes in no time", async () => {
    const time = new VirtualTime({ start });
    const before = performance.now();

    await time.run(() => time.clock.sleep(600_000, { signal }));

    expect(time.clock.now().toISOString()).toBe("2026-01-01T00:10:00.000Z");
    expect(performance.now() - before).toBeLessThan(1000);
  });

  it("wakes sleepers by when they are due, and those due together in the order of going to sleep", async () => {
    const time = new VirtualTime({ start });
    const woken: string[] = [];
    const sleeper = async (name: string, ms: number) => {
      await time.clock.sleep(ms, { signal });
      woken.push(`${name} at ${time.clock.now().getTime() - start.getTime()}`);
    };

    await time.run(async () => {
      await Promise.all([sleeper("c", 30), sleeper("a", 10), sleeper("b1", 20), sleeper("b2", 20), sleeper("b3", 20)]);
    });

    expect(woken).toEqual(["a at 10", "b1 at 20", "b2 at 20", "b3 at 20", "c at 30"]);
  });

  it("lets promise chains and immediates of one instant come to rest before time passes", async () => {
    const time = new VirtualTime({ start });
    const seen: number[] = [];

    await time.run(async () => {
      const ticking = time.clock.sleep(1, { signal }).then(() => seen.push(time.clock.now().getTime()));
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(time.clock.now().getTime());
      await ticking;
    });

    expect(seen).toEqual([start.getTime(), start.getTime() + 1]);
  });

  it("stands still while something real is under way, and hands outcomes over in the order of asking", async () => {
    const time = new VirtualTime({ start });
    const order: string[] = [];
    const real = async (name: string, ms: number) => {
      await time.outside(() => reallySleep(ms));
      order.push(`${name} at ${time.clock.now().getTime() - start.getTime()}`);
    };

    await time.run(async () => {
      const sleeper = time.clock.sleep(5, { signal }).then(() => order.push("sleeper"));
      await Promise.all([real("slow", 30), real("quick", 1), sleeper]);
    });

    expect(order).toEqual(["slow at 0", "quick at 0", "sleeper"]);
  });

  it("hands the failure of something real to who asked", async () => {
    const time = new VirtualTime({ start });

    const run = time.run(() => time.outside(() => Promise.reject(new Error("gone"))));

    await expect(run).rejects.toThrow("gone");
  });

  it("says so when everybody waits for somebody, instead of hanging", async () => {
    const time = new VirtualTime({ start });

    await expect(time.run(() => new Promise(() => undefined))).rejects.toThrow("virtual time stands still");
  });

  it("rejects a sleeper with the signal's reason at once and forgets it", async () => {
    const time = new VirtualTime({ start });
    const stop = new AbortController();

    await time.run(async () => {
      const sleeper = time.clock.sleep(1000, { signal: stop.signal });
      stop.abort(new Error("enough"));
      await expect(sleeper).rejects.toThrow("enough");
      await time.clock.sleep(10, { signal });
    });

    expect(time.clock.now().getTime() - start.getTime()).toBe(10);
  });
});
