import { appendFile, readFile, stat, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { type JournalEntry, openEventLog, openJournal } from "../../../../src/journeys/engine/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const entry = (step: string, more: Partial<JournalEntry> = {}): JournalEntry => ({
  time: "2026-01-01T00:00:00.000Z",
  run: "r1",
  step,
  inputs: "sha256:00",
  outcome: "succeeded",
  durationMs: 5,
  ...more,
});

describe("openJournal()", () => {
  it("remembers the last success of a step over runs, 0600, one line each", async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/sites/w/journal.jsonl`;
    const first = await openJournal(path);
    await Promise.all([first.append(entry("a/x")), first.append(entry("a/y", { outcome: "failed", error: "BUG" }))]);
    await first.append(entry("a/x", { run: "r2" }));
    await first.close();

    const second = await openJournal(path);

    expect(second.lastSuccess("a/x")?.run).toBe("r2");
    expect(second.lastSuccess("a/y")).toBeUndefined();
    expect((await readFile(path, "utf8")).trimEnd().split("\n")).toHaveLength(3);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await second.close();
  });

  it("cuts off a line torn by a crash and goes on behind it", async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/journal.jsonl`;
    await writeFile(path, `${JSON.stringify(entry("a/x"))}\n`);
    await appendFile(path, JSON.stringify(entry("a/y")).slice(0, 30));

    const journal = await openJournal(path);
    await journal.append(entry("a/z"));
    await journal.close();
    const again = await openJournal(path);

    expect(["a/x", "a/y", "a/z"].map((step) => again.lastSuccess(step) !== undefined)).toEqual([true, false, true]);
    await again.close();
  });

  it("passes over lines that are no entries", async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/journal.jsonl`;
    await writeFile(path, `null\n{"step":1}\n\u0000\n[]\n${JSON.stringify(entry("a/x"))}\n`);

    const journal = await openJournal(path);

    expect(journal.lastSuccess("a/x")).toBeDefined();
    await journal.close();
  });

  it("says that it cannot write before anything is done", async () => {
    await using folder = await temporaryFolder();
    await writeFile(`${folder.path}/file`, "");

    await expect(openJournal(`${folder.path}/file/journal.jsonl`)).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
    await expect(openJournal(folder.path)).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
  });
});

describe("openEventLog()", () => {
  it("keeps every event as a line, without secrets", async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/events.ndjson`;
    const log = await openEventLog(path);
    const text = "sent -----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY----- to cp-1";

    log.write({ time: "2026-01-01T00:00:00.000Z", run: "r1", kind: "notice", text });
    await log.close();

    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { time: "2026-01-01T00:00:00.000Z", run: "r1", kind: "notice", text: "sent [redacted] to cp-1" },
    ]);
  });
});
