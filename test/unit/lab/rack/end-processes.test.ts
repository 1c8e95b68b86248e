import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { appendRecord, isAlive, readRecords, recordOf } from "../../../../src/lab/process-record.ts";
import { endRecordedProcesses } from "../../../../src/lab/rack/end-processes.ts";
import { systemClock } from "../../../../src/lib/clock.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skerry-processes-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function longProcess() {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  await once(child, "spawn");
  const record = recordOf(child.pid ?? 0, "test");
  if (record === undefined) throw new Error("not started");
  return { child, record };
}

const options = () => ({ clock: systemClock, signal: AbortSignal.timeout(10_000) });

describe("endRecordedProcesses()", () => {
  it("ends what is recorded and forgets it", async () => {
    const file = join(folder, "processes.ndjson");
    const { record } = await longProcess();
    appendRecord(file, record);

    await endRecordedProcesses(file, options());

    expect(isAlive(record)).toBe(false);
    expect(existsSync(file)).toBe(false);
  });

  it("leaves a process alone that has the id but started at another time", async () => {
    const file = join(folder, "processes.ndjson");
    const { child, record } = await longProcess();
    appendRecord(file, { ...record, started: `${record.started}0` });

    await endRecordedProcesses(file, options());

    expect(isAlive(record)).toBe(true);
    child.kill("SIGKILL");
    await once(child, "exit");
  });
});

describe("readRecords()", () => {
  it("leaves out a line that a crash cut off", async () => {
    const file = join(folder, "processes.ndjson");
    appendRecord(file, { pid: 1, started: "2", what: "x" });
    await appendFile(file, '{"pid": 17, "star');

    expect(readRecords(file)).toEqual([{ pid: 1, started: "2", what: "x" }]);
  });
});
