import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { type CacheEntry, ensureEntry, entryFolder, inspectEntry, type MakeOptions } from "../../../parts/cache.ts";
import type { PartsEvent } from "../../../parts/report.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

interface Recorded {
  readonly options: MakeOptions;
  readonly events: PartsEvent[];
}

function making(make: (folder: string) => Promise<void>, thorough = true): Recorded {
  const events: PartsEvent[] = [];
  const { signal } = new AbortController();
  const report = (event: PartsEvent): void => void events.push(event);
  return { events, options: { version: "v1", action: "building", thorough, signal, report, make } };
}

const writeThing = (folder: string): Promise<void> => writeFile(path.join(folder, "thing"), "right");

function entryIn(root: string): CacheEntry {
  return { root, name: "thing", key: "k1" };
}

const kinds = (recorded: Recorded): readonly string[] => recorded.events.map((event) => event.kind);

describe("ensureEntry()", () => {
  it("makes an entry once and uses it afterwards", async () => {
    await using folder = await temporaryFolder();
    const first = making(writeThing);
    const second = making(() => Promise.reject(new Error("made twice")));

    const made = await ensureEntry(entryIn(folder.path), first.options);
    const used = await ensureEntry(entryIn(folder.path), second.options);

    expect(used).toBe(made);
    expect(await readFile(path.join(made, "thing"), "utf8")).toBe("right");
    expect(kinds(first)).toEqual(["started", "finished"]);
    expect(kinds(second)).toEqual(["cached"]);
  });

  it("makes another key beside it", async () => {
    await using folder = await temporaryFolder();
    const one = await ensureEntry(entryIn(folder.path), making(writeThing).options);

    const two = await ensureEntry({ ...entryIn(folder.path), key: "k2" }, making(writeThing).options);

    expect(two).not.toBe(one);
    expect((await readdir(path.dirname(one))).sort()).toEqual(["k1", "k2"]);
  });

  it("leaves nothing behind when making fails, and makes it the next time", async () => {
    await using folder = await temporaryFolder();
    const failing = making(async (target) => {
      await writeThing(target);
      throw new Error("half way");
    });

    await expect(ensureEntry(entryIn(folder.path), failing.options)).rejects.toThrow("half way");

    expect(kinds(failing)).toEqual(["started", "failed"]);
    expect(await readdir(path.join(folder.path, "thing"))).toEqual([]);
    await ensureEntry(entryIn(folder.path), making(writeThing).options);
    expect((await inspectEntry(entryIn(folder.path), making(writeThing).options)).kind).toBe("whole");
  });

  it("makes a damaged entry again and says what was wrong", async () => {
    await using folder = await temporaryFolder();
    const made = await ensureEntry(entryIn(folder.path), making(writeThing).options);
    await writeFile(path.join(made, "thing"), "wrong");
    const again = making(writeThing);

    await ensureEntry(entryIn(folder.path), again.options);

    expect(again.events[0]).toEqual({ kind: "damaged", name: "thing", problem: "thing has another digest" });
    expect(await readFile(path.join(made, "thing"), "utf8")).toBe("right");
  });

  it("removes what a build that died left, but not the work of a process that runs", async () => {
    await using folder = await temporaryFolder();
    const home = path.join(folder.path, "thing");
    // No process has this id: it is above the kernel's highest.
    const dead = path.join(home, ".tmp-4194305-abc");
    const alive = path.join(home, `.tmp-${process.ppid}-abc`);
    await mkdir(dead, { recursive: true });
    await mkdir(alive);

    await ensureEntry(entryIn(folder.path), making(writeThing).options);

    expect((await readdir(home)).sort()).toEqual([path.basename(alive), "k1"]);
  });

  it("is made by one of two that want it at once; the other waits and uses it", async () => {
    await using folder = await temporaryFolder();
    let made = 0;
    const started = Promise.withResolvers<void>();
    const waiting = Promise.withResolvers<void>();
    const slow = making(async (target) => {
      made += 1;
      started.resolve();
      await waiting.promise;
      await writeThing(target);
    });
    const other = making(() => Promise.reject(new Error("made twice")));
    const otherReport = other.options.report;

    const first = ensureEntry(entryIn(folder.path), slow.options);
    await started.promise;
    const second = ensureEntry(entryIn(folder.path), {
      ...other.options,
      report: (event) => {
        otherReport(event);
        if (event.kind === "waiting") waiting.resolve();
      },
    });

    expect(await second).toBe(await first);
    expect(made).toBe(1);
    expect(kinds(other)).toEqual(["waiting", "cached"]);
  });
});

describe("inspectEntry()", () => {
  const { signal } = new AbortController();

  it.each([
    ["another byte", "wrong", true, "thing has another digest"],
    ["a missing byte", "righ", false, "thing has 4 bytes, not 5"],
  ])("finds %s", async (_what, content, thorough, problem) => {
    await using folder = await temporaryFolder();
    await ensureEntry(entryIn(folder.path), making(writeThing).options);
    await writeFile(path.join(entryFolder(entryIn(folder.path)), "thing"), content);

    expect(await inspectEntry(entryIn(folder.path), { thorough, signal })).toEqual({ kind: "damaged", problem });
  });

  it.each(["", "{}", "[]", '{"../x":{"sha256":"","sizeBytes":0}}', '{"thing":{"sha256":1}}'])(
    "does not trust the list of digests %j",
    async (text) => {
      await using folder = await temporaryFolder();
      await mkdir(entryFolder(entryIn(folder.path)), { recursive: true });
      await writeFile(path.join(entryFolder(entryIn(folder.path)), "digests.json"), text);

      expect((await inspectEntry(entryIn(folder.path), { thorough: true, signal })).kind).toBe("damaged");
    },
  );
});
