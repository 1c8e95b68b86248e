import { readFile, stat, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { fileLock, type LockHolder } from "../../../../src/journeys/engine/index.ts";
import { systemClock } from "../../../../src/lib/clock.ts";
import type { OperatorError } from "../../../../src/lib/errors/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const self = (run: string, more: Partial<LockHolder> = {}) => ({
  holder: "ada",
  host: "laptop",
  pid: 100,
  run,
  ...more,
});
const ignore = { onLost: () => undefined };

function lockAt(path: string, run: string, more: { isAlive?: boolean; nowMs?: number; host?: string } = {}) {
  const clock = { ...systemClock, now: () => new Date(more.nowMs ?? Date.parse("2026-01-01T00:00:00Z")) };
  const isAlive = () => more.isAlive ?? true;
  return fileLock({ path, self: self(run, more.host === undefined ? {} : { host: more.host }), clock, isAlive });
}

describe("fileLock()", () => {
  it("names the holder in a file that is gone after release", async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/sites/w/lock.json`;

    const held = await lockAt(path, "r1").take(ignore);
    const record = JSON.parse(await readFile(path, "utf8")) as LockHolder;
    await held.release();

    expect(record).toEqual({ ...self("r1"), start: "2026-01-01T00:00:00.000Z", heartbeat: "2026-01-01T00:00:00.000Z" });
    await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("refuses a second run and names holder, host, process, start and heartbeat", async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/lock.json`;
    const held = await lockAt(path, "r1").take(ignore);

    await expect(lockAt(path, "r2").take(ignore)).rejects.toMatchObject({
      code: "RUN_LOCKED",
      message:
        "another run works on this site: ada on laptop (process 100), started 2026-01-01T00:00:00.000Z, " +
        "last heartbeat 2026-01-01T00:00:00.000Z",
    });
    await held.release();
  });

  it("lets exactly one of many in", async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/lock.json`;

    const results = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => lockAt(path, `r${i}`).take(ignore)));

    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    for (const result of results) if (result.status === "fulfilled") await result.value.release();
  });

  it.each([
    ["its process is gone", { isAlive: false }, true],
    ["its heartbeat is older than a minute", { nowMs: Date.parse("2026-01-01T00:01:01Z") }, true],
    ["its process is gone, but on another host", { isAlive: false, host: "desk" }, false],
    ["its heartbeat is fresh", { nowMs: Date.parse("2026-01-01T00:00:59Z") }, false],
  ])("judges a lock when %s", async (_, world, isTaken) => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/lock.json`;
    const old = { ...self("r0"), start: "2026-01-01T00:00:00.000Z", heartbeat: "2026-01-01T00:00:00.000Z" };
    await writeFile(path, JSON.stringify(old));

    const result = await lockAt(path, "r1", world)
      .take(ignore)
      .catch((error: unknown) => error as OperatorError);

    if (isTaken) {
      expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ run: "r1" });
      if ("release" in result) await result.release();
    } else expect(result).toMatchObject({ code: "RUN_LOCKED" });
  });

  it("takes over a lock whose writer was killed before it wrote, after a minute", async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/lock.json`;
    await writeFile(path, "");
    const { mtimeMs } = await stat(path);

    await expect(lockAt(path, "r1", { nowMs: mtimeMs + 1000 }).take(ignore)).rejects.toMatchObject({
      code: "RUN_LOCKED",
    });
    const held = await lockAt(path, "r1", { nowMs: mtimeMs + 61_000 }).take(ignore);

    await held.release();
  });

  it("beats, and says when another run has taken over", async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/lock.json`;
    const beats: (() => void)[] = [];
    let nowMs = Date.parse("2026-01-01T00:00:00Z");
    const clock = {
      now: () => new Date(nowMs),
      sleep: (ms: number, { signal }: { signal: AbortSignal }) =>
        new Promise<void>((resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
          beats.push(() => {
            nowMs += ms;
            resolve();
          });
        }),
    };
    const lost = Promise.withResolvers<OperatorError>();

    const held = await fileLock({ path, self: self("r1"), clock }).take({ onLost: lost.resolve });
    beats.shift()?.();
    await expect.poll(() => beats.length).toBe(1);
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ heartbeat: "2026-01-01T00:00:10.000Z" });
    await writeFile(path, JSON.stringify({ ...self("r2"), start: "", heartbeat: new Date(nowMs).toISOString() }));
    beats.shift()?.();

    expect(await lost.promise).toMatchObject({ code: "RUN_LOCK_LOST" });
    await held.release();
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ run: "r2" });
  });

  it.runIf(process.platform === "linux")("says that a read-only folder cannot be written", async () => {
    // /proc takes no files, whoever asks.
    await expect(lockAt("/proc/self/lock.json", "r1").take(ignore)).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
  });
});
