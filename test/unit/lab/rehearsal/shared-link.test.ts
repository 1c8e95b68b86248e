import { describe, expect, it } from "vitest";
import { SharedLink } from "../../../../src/lab/rehearsal/shared-link.ts";
import { VirtualTime } from "../../../../src/lab/rehearsal/virtual-time.ts";

const start = new Date("2026-01-01T00:00:00.000Z");
const { signal } = new AbortController();

function linkAt(bytesPerSecond: number) {
  const time = new VirtualTime({ start });
  const link = new SharedLink({ clock: time.clock, bytesPerSecond });
  const doneMs = async (bytes: number, options = { signal }) => {
    await link.carry(bytes, options);
    return time.clock.now().getTime() - start.getTime();
  };
  return { time, link, doneMs };
}

describe("SharedLink", () => {
  it("carries one transfer at full speed", async () => {
    const { time, doneMs } = linkAt(1000);

    expect(await time.run(() => doneMs(2000))).toBe(2000);
  });

  it("shares evenly: two of the same size take twice as long, a small one is done first", async () => {
    const { time, doneMs } = linkAt(1000);

    const done = await time.run(() => Promise.all([doneMs(1000), doneMs(1000), doneMs(100)]));

    // 300 bytes for three until the small one is done, then 900 each for two.
    expect(done).toEqual([2100, 2100, 300]);
  });

  it("gives what an aborted transfer leaves to the others", async () => {
    const { time, link, doneMs } = linkAt(1000);
    const stop = new AbortController();

    const done = await time.run(async () => {
      const lost = doneMs(10_000, { signal: stop.signal }).catch((error: Error) => error.message);
      const other = doneMs(1000);
      await time.clock.sleep(1000, { signal });
      stop.abort(new Error("power lost"));
      return await Promise.all([lost, other]);
    });

    expect(done).toEqual(["power lost", 1500]);
    expect(link.active).toBe(0);
  });
});
