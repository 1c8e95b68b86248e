import { readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import { performJourney } from "../../../src/cli/perform.ts";
import { stateFiles } from "../../../src/journeys/index.ts";
import { OperatorError } from "../../../src/lib/errors/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { journeyOf, step, type World } from "../journeys/engine/journey-of.ts";
import { callOf, type TestCall } from "./call-of.ts";

type Phases = Parameters<typeof journeyOf>[0];

const performed = (call: TestCall, phases: Phases, folder: string | undefined, world: World = new Set()) =>
  performJourney(call, {
    kind: "UpResult",
    asks: true,
    ...(folder === undefined ? {} : { files: stateFiles(folder) }),
    open: async () => journeyOf(phases, world),
    text: (report, { changed }) => `${report.done.length} done, ${changed} changed`,
  });

const phases: Phases = { a: [[step("a/cp-1"), step("a/w-1")]], b: [[step("b/cp-1")]] };
const gone = new OperatorError("DEADLINE_EXCEEDED", "no answer", { retry: "later", next: ["look at its console"] });
const fails = (id: string, more = {}) => step(id, { apply: async () => Promise.reject(gone), ...more });

describe("performJourney()", () => {
  it("runs, answers, and remembers", async () => {
    await using folder = await temporaryFolder();
    const call = callOf(["--yes"]);

    const outcome = await performed(call, phases, folder.path);

    expect(outcome).toMatchObject({
      exit: 0,
      text: "3 done, 3 changed",
      document: { kind: "UpResult", data: { changed: 3, skipped: 0, setAside: [] } },
    });
    const lines = async (name: string) =>
      (await readFile(`${folder.path}/${name}`, "utf8")).trimEnd().split("\n").length;
    expect(await lines("journal.jsonl")).toBe(3);
    expect(await lines("events.ndjson")).toBeGreaterThan(10);
    await expect(readFile(`${folder.path}/lock.json`)).rejects.toMatchObject({ code: "ENOENT" });
    expect(call.said()).toContain("w-1  do a/w-1: done");
  });

  it("asks nobody and changes nothing on a dry run", async () => {
    await using folder = await temporaryFolder();
    const world: World = new Set();

    const outcome = await performed(callOf(["-n"]), phases, folder.path, world);

    expect(outcome).toMatchObject({ exit: 0, document: { kind: "Plan", data: { changes: 3 } } });
    expect(outcome.text).toContain("Plan of up for windpark-7");
    expect(world.size).toBe(0);
  });

  it("ends a dry run with the exit code of what would stop the run", async () => {
    const refused: Phases = { a: [[step("a/cp-1", { refusal: gone }), step("a/cp-2", { refusal: gone })]] };

    const outcome = await performed(callOf(["-n"]), refused, undefined);

    expect(outcome).toMatchObject({ exit: 4, error: { code: "DEADLINE_EXCEEDED", message: "no answer (and 1 more)" } });
  });

  it("shows the plan and fails where nobody can be asked, naming the flag", async () => {
    const call = callOf([]);
    const world: World = new Set();

    await expect(performed(call, phases, undefined, world)).rejects.toMatchObject({
      code: "CONFIRMATION_NEEDED",
      next: ["skerry up --yes   goes on without asking"],
    });
    expect(call.said()).toContain("do a/cp-1");
    expect(world.size).toBe(0);
  });

  it("asks nothing where nothing is to be changed", async () => {
    const outcome = await performed(callOf([]), phases, undefined, new Set(["a/cp-1", "a/w-1", "b/cp-1"]));

    expect(outcome).toMatchObject({ exit: 0, text: "3 done, 0 changed" });
  });

  it("ends with 9 and names who was set aside", async () => {
    const some: Phases = { a: [[step("a/cp-1"), fails("a/w-1", { mayBeSetAside: true })]] };

    const outcome = await performed(callOf(["-y"]), some, undefined);

    expect(outcome).toMatchObject({
      exit: 9,
      text: "1 done, 1 changed",
      error: { code: "NODES_SET_ASIDE", problems: [{ where: { node: "w-1" } }] },
      document: { data: { setAside: [{ node: "w-1" }] } },
    });
  });

  it("says after a failure what is true, what to type, and where the story is", async () => {
    await using folder = await temporaryFolder();
    const some: Phases = { a: [[step("a/cp-1")], [fails("a/cp-2")]] };

    const outcome = await performed(callOf(["-y"]), some, folder.path);

    expect(outcome).toMatchObject({
      exit: 4,
      epilogue: '1 of 2 steps of "Phase a" are done. Nothing was undone.',
      logFile: `${folder.path}/events.ndjson`,
      error: {
        code: "DEADLINE_EXCEEDED",
        where: { phase: "Phase a", node: "cp-2" },
        next: ["look at its console", "skerry up -y   run again; finished steps are skipped"],
      },
    });
    expect(outcome.text).toBeUndefined();
  });

  it("is refused with 8 while another run works on the site", async () => {
    await using folder = await temporaryFolder();
    const now = "2026-01-01T00:00:00.000Z";
    const holder = { holder: "ada", host: hostname(), pid: process.pid, run: "other", start: now, heartbeat: now };
    await writeFile(`${folder.path}/lock.json`, JSON.stringify(holder));

    await expect(performed(callOf(["-y"]), phases, folder.path)).rejects.toMatchObject({ code: "RUN_LOCKED" });
  });

  it("does nothing where it cannot remember", async () => {
    await using folder = await temporaryFolder();
    await writeFile(`${folder.path}/file`, "");
    const world: World = new Set();

    const run = performed(callOf(["-y"]), phases, `${folder.path}/file/state`, world);

    await expect(run).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
    expect(world.size).toBe(0);
  });

  it("writes nothing but events to stdout with --events", async () => {
    const call = callOf(["-y", "--events"]);

    await performed(call, phases, undefined);

    const kinds = call
      .answered()
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { kind: string }).kind);
    expect(kinds[0]).toBe("run.started");
    expect(kinds.at(-1)).toBe("run.succeeded");
  });
});
