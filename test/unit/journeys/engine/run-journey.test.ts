import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { type ConditionState, type Journal, openJournal, runJourney } from "../../../../src/journeys/engine/index.ts";
import { OperatorError } from "../../../../src/lib/errors/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { journeyOf, runOptions, step, story, type World } from "./journey-of.ts";

const interrupted = () => new OperatorError("INTERRUPTED", "stopped by Ctrl-C");
const unreachable = (retry: "same" | "never" = "never") =>
  new OperatorError("DEADLINE_EXCEEDED", "no answer", { retry });

describe("runJourney()", () => {
  it("runs phases, waves and steps in their order and tells it", async () => {
    const options = runOptions();

    const result = await runJourney(journeyOf({ a: [[step("a/x")], [step("a/y")]], b: [] }), options);

    expect(result).toMatchObject({ changed: 2, skipped: 0, setAside: [], report: { done: ["a/x", "a/y"] } });
    expect(result.failed).toBeUndefined();
    expect(story(options.events)).toEqual([
      "run.started",
      "phase.started a",
      "phase.planned a",
      "step.started a/x",
      "step.succeeded a/x",
      "step.started a/y",
      "step.succeeded a/y",
      "phase.succeeded a",
      "phase.started b",
      "phase.planned b",
      "phase.succeeded b",
      "run.succeeded",
    ]);
  });

  it("changes nothing when run again, and says so", async () => {
    const world: World = new Set();
    await runJourney(journeyOf({ a: [[step("a/x")]] }, world), runOptions());

    const again = await runJourney(journeyOf({ a: [[step("a/x")]] }, world), runOptions());

    expect(again.changed).toBe(0);
  });

  it("counts waiting as no change", async () => {
    const result = await runJourney(journeyOf({ a: [[step("a/x", { effect: "wait" })]] }), runOptions());

    expect(result.changed).toBe(0);
  });

  it("runs the steps of a wave side by side, no more than the concurrency", async () => {
    let running = 0;
    let most = 0;
    const busy = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    const wave = Array.from({ length: 20 }, (_, index) => step(`a/n-${index}`, { apply: busy }));

    await runJourney(journeyOf({ a: [wave] }), runOptions({ concurrency: 3 }));

    expect(most).toBe(3);
  });

  it("stops after the phase named with until and then reports nothing", async () => {
    const result = await runJourney(journeyOf({ a: [[step("a/x")]], b: [[step("b/x")]] }), runOptions({ until: "a" }));

    expect(result).toMatchObject({ changed: 1 });
    expect(result.report).toBeUndefined();
  });

  it("refuses an unknown phase before anything is told", async () => {
    const options = runOptions({ until: "aa" });

    await expect(runJourney(journeyOf({ a: [] }), options)).rejects.toMatchObject({ code: "PHASE_UNKNOWN" });
    expect(options.events).toEqual([]);
  });

  it("retries what may be repeated, four times at most, and reports the last error", async () => {
    let calls = 0;
    const options = runOptions();
    const flaky = step("a/x", {
      apply: async () => {
        calls += 1;
        throw new OperatorError("DEADLINE_EXCEEDED", `no answer, attempt ${calls}`, { retry: "same" });
      },
    });

    const result = await runJourney(journeyOf({ a: [[flaky]] }), options);

    expect(result.failed).toMatchObject({
      code: "DEADLINE_EXCEEDED",
      message: "no answer, attempt 4",
      where: { phase: "a", step: "a/x", node: "x" },
    });
    expect(options.events.filter((event) => event.kind === "step.retrying")).toHaveLength(3);
  });

  it.each([
    ["an error that repeating does not mend", () => unreachable("never")],
    ["a bug", () => new TypeError("x is undefined")],
  ])("does not retry %s", async (_, error) => {
    let calls = 0;
    const apply = async () => {
      calls += 1;
      throw error();
    };

    await runJourney(journeyOf({ a: [[step("a/x", { apply })]] }), runOptions());

    expect(calls).toBe(1);
  });

  it("finishes what runs when a sibling fails, starts nothing new, and ends the phase", async () => {
    const world: World = new Set();
    const slow = step("a/slow", {
      apply: async () => {
        for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        world.add("a/slow");
      },
    });
    const bad = step("a/bad", { apply: async () => Promise.reject(unreachable()) });
    const options = runOptions({ concurrency: 2 });

    const result = await runJourney(
      journeyOf({ a: [[slow, bad, step("a/third")]], b: [[step("b/x")]] }, world),
      options,
    );

    expect([...world]).toEqual(["a/slow"]);
    expect(result.failed).toMatchObject({ code: "DEADLINE_EXCEEDED", where: { step: "a/bad" } });
    expect(story(options.events).slice(-3)).toEqual(["step.succeeded a/slow", "phase.failed a", "run.failed"]);
  });

  it("waits half a minute longer for others after a failure that ends the run, and no more", async () => {
    const bad = step("a/bad", { apply: async () => Promise.reject(unreachable()) });
    const waits = (id: string, seconds: number, error?: OperatorError) => {
      let left = seconds;
      const check = async (): Promise<ConditionState> => {
        left -= 1;
        if (left > 0) return { kind: "waiting", reason: "not yet" };
        return error === undefined ? { kind: "ready" } : { kind: "failed", reason: error.message, error };
      };
      return step(id, { effect: "wait", until: { description: id, deadlineMs: 600_000, check } });
    };
    const options = runOptions({ concurrency: 4 });
    const before = options.clock.now().getTime();

    const wave = [bad, waits("a/soon", 10), waits("a/fails", 20, unreachable()), waits("a/never", 1000)];
    const { failed } = await runJourney(journeyOf({ a: [wave] }), options);

    expect((failed as OperatorError).problems.map(({ where }) => where?.node)).toEqual(["bad", "fails"]);
    expect(story(options.events)).toEqual(
      expect.arrayContaining(["step.succeeded a/soon", "step.failed a/fails", "step.cancelled a/never"]),
    );
    expect(options.clock.now().getTime() - before).toBeLessThanOrEqual(31_000);
    expect(getEventListeners(options.signal, "abort")).toEqual([]);
  });

  it("does not cut a change short because another step failed", async () => {
    const options = runOptions({ concurrency: 2 });
    const bad = step("a/bad", { apply: async () => Promise.reject(unreachable()) });
    const slow = step("a/slow", {
      apply: async ({ signal }) => await options.clock.sleep(300_000, { signal }),
    });

    await runJourney(journeyOf({ a: [[bad, slow]] }), options);

    expect(story(options.events)).toContain("step.succeeded a/slow");
  });

  it("goes through a step again after a check that failed and may mend, as often as the step says", async () => {
    const calls: string[] = [];
    const flaky = (id: string, failures: number) => {
      let left = failures;
      return step(id, {
        retries: 2,
        apply: async () => void calls.push(id),
        until: {
          description: "holds",
          deadlineMs: 10_000,
          check: async () => {
            left -= 1;
            if (left < 0) return { kind: "ready" };
            return { kind: "failed", reason: "power lost", error: unreachable("same") };
          },
        },
      });
    };
    const options = runOptions();

    const { failed } = await runJourney(journeyOf({ a: [[flaky("a/mends", 2)], [flaky("a/stays", 3)]] }), options);

    expect(calls).toEqual(["a/mends", "a/mends", "a/mends", "a/stays", "a/stays", "a/stays"]);
    expect(story(options.events).filter((line) => line.startsWith("step.retrying"))).toHaveLength(4);
    expect(failed).toMatchObject({ code: "DEADLINE_EXCEEDED", where: { step: "a/stays" } });
  });

  it.each<readonly [string, ConditionState]>([
    ["ran out of time", { kind: "waiting", reason: "silence" }],
    ["failed for good", { kind: "failed", reason: "no", error: unreachable("never") }],
  ])("does not go through a step again whose wait %s", async (_what, state) => {
    let calls = 0;
    const apply = async () => {
      calls += 1;
    };
    const until = { description: "holds", deadlineMs: 10_000, check: async () => state };

    await runJourney(journeyOf({ a: [[step("a/x", { retries: 2, apply, until })]] }), runOptions());

    expect(calls).toBe(1);
  });

  it("reports several failures of a wave as one error with all of them", async () => {
    const bad = (id: string) => step(id, { apply: async () => Promise.reject(unreachable()) });

    const result = await runJourney(journeyOf({ a: [[bad("a/x"), bad("a/y")]] }), runOptions());

    expect((result.failed as OperatorError).problems.map((problem) => problem.where?.node)).toEqual(["x", "y"]);
  });

  it("sets a worker aside, leaves it out later, and finishes the rest", async () => {
    const options = runOptions();
    const bad = step("a/w-1", { mayBeSetAside: true, apply: async () => Promise.reject(unreachable()) });
    const seen: string[][] = [];
    const journey = journeyOf({ a: [[bad, step("a/w-2")]], b: [[step("b/w-1"), step("b/w-2")]] });
    const phases = journey.phases.map((phase) => ({
      ...phase,
      look: (...[context, look]: Parameters<typeof phase.look>) => {
        seen.push([...look.setAside]);
        return phase.look(context, look);
      },
    }));

    const result = await runJourney({ ...journey, phases }, options);

    expect(result).toMatchObject({
      changed: 2,
      skipped: 1,
      setAside: [{ node: "w-1", error: { code: "DEADLINE_EXCEEDED", where: { step: "a/w-1" } } }],
      report: { done: ["a/w-2", "b/w-2"] },
    });
    expect(result.failed).toBeUndefined();
    expect(seen).toEqual([[], ["w-1"]]);
    expect(options.events.find((event) => event.kind === "step.skipped")).toMatchObject({
      step: "b/w-1",
      reason: "w-1 was set aside: no answer",
    });
  });

  it("never sets a node aside for a bug", async () => {
    const bug = step("a/w-1", { mayBeSetAside: true, apply: async () => Promise.reject(new TypeError("oops")) });

    const result = await runJourney(journeyOf({ a: [[bug]] }), runOptions());

    expect(result.failed).toBeInstanceOf(TypeError);
    expect(result.setAside).toEqual([]);
  });

  it("fails a refused step without applying it", async () => {
    const world: World = new Set();

    const result = await runJourney(journeyOf({ a: [[step("a/x", { refusal: unreachable() })]] }, world), runOptions());

    expect(world.size).toBe(0);
    expect(result.failed).toMatchObject({ code: "DEADLINE_EXCEEDED", where: { step: "a/x" } });
  });

  it("closes every phase it looked at, in reverse order, also after a failure", async () => {
    const closed: string[] = [];
    const bad = step("b/x", { apply: async () => Promise.reject(unreachable()) });
    const hooks = { onClose: (phase: string) => void closed.push(phase) };

    await runJourney(journeyOf({ a: [], b: [[bad]], c: [] }, new Set(), hooks), runOptions());

    expect(closed).toEqual(["b", "a"]);
  });

  it("tells a close that fails or hangs as a notice and goes on closing", async () => {
    const closed: string[] = [];
    const options = runOptions();
    const onClose = async (phase: string) => {
      closed.push(phase);
      if (phase === "c") throw new Error("already gone");
      if (phase === "b") await new Promise(() => undefined);
    };

    const result = await runJourney(journeyOf({ a: [], b: [], c: [] }, new Set(), { onClose }), options);

    expect(closed).toEqual(["c", "b", "a"]);
    expect(result.failed).toBeUndefined();
    expect(options.events.flatMap((event) => (event.kind === "notice" ? [event.text] : []))).toEqual([
      "Phase c: could not be closed cleanly: already gone",
      "Phase b: could not be closed cleanly: closing took longer than 5 s",
    ]);
  });

  it("writes each finished step into the journal before it tells it", async () => {
    await using folder = await temporaryFolder();
    const journal = await openJournal(`${folder.path}/journal.jsonl`);
    const seen: (string | undefined)[] = [];
    const options = runOptions({
      journal,
      run: "run-1",
      afterStep: (done) => void seen.push(journal.lastSuccess(done.id)?.run),
    });

    await runJourney(journeyOf({ a: [[step("a/x"), step("a/y")]] }), options);

    expect(seen).toEqual(["run-1", "run-1"]);
    await journal.close();
  });

  it("ends the run when a finished step cannot be remembered", async () => {
    const journal: Journal = {
      append: () => Promise.reject(new OperatorError("FILE_UNWRITABLE", "the disk is full")),
      lastSuccess: () => undefined,
      close: async () => undefined,
    };
    const worker = step("a/w-1", { mayBeSetAside: true });

    const result = await runJourney(journeyOf({ a: [[worker]] }), runOptions({ journal }));

    expect(result.failed).toMatchObject({ code: "FILE_UNWRITABLE" });
  });

  it("ends the same after it was killed after any step and run again", async () => {
    const phases = { a: [[step("a/x"), step("a/y")], [step("a/z")]], b: [[step("b/x")]] };
    for (let killAfter = 1; killAfter <= 4; killAfter += 1) {
      const world: World = new Set();
      let finished = 0;
      const kill = () => {
        finished += 1;
        if (finished === killAfter) throw new Error("killed");
      };

      const killed = await runJourney(journeyOf(phases, world), runOptions({ concurrency: 1, afterStep: kill }));
      const again = await runJourney(journeyOf(phases, world), runOptions());

      expect(killed.failed).toBeDefined();
      expect(again.changed).toBe(4 - killAfter);
      expect([...world].sort()).toEqual(["a/x", "a/y", "a/z", "b/x"]);
    }
  });
});

describe("runJourney(), interrupted", () => {
  it("does nothing at all when it is stopped beforehand", async () => {
    const options = runOptions({ signal: AbortSignal.abort(interrupted()) });

    await expect(runJourney(journeyOf({ a: [] }), options)).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(options.events).toEqual([]);
  });

  const points = {
    "while looking": "phase.started b",
    "between plan and first step": "phase.planned b",
    "in a step": "step.started b/x",
    "after a step": "step.succeeded b/x",
    "between phases": "phase.succeeded b",
    "while it waits": "condition.waiting b/y",
  };
  it.each(Object.entries(points))("stops %s, closes, and leaves no listener", async (_, point) => {
    const stop = new AbortController();
    const closed: string[] = [];
    const waiting = {
      description: "b/y is there",
      deadlineMs: 600_000,
      check: async () => ({ kind: "waiting", reason: "not yet" }) as const,
    };
    const phases = {
      a: [[step("a/x")]],
      b: [[step("b/x")], [step("b/y", { until: waiting })]],
      c: [[step("c/x")]],
    };
    const options = runOptions({ signal: stop.signal });
    const emit = (event: (typeof options.events)[number]) => {
      options.events.push(event);
      if (story([event])[0] === point) stop.abort(interrupted());
    };
    // For "between phases" phase b must end.
    const wanted = point === "phase.succeeded b" ? { ...phases, b: [[step("b/x")]] } : phases;

    const result = await runJourney(journeyOf(wanted, new Set(), { onClose: (phase) => void closed.push(phase) }), {
      ...options,
      emit,
    });

    expect(result.failed).toMatchObject({ code: "INTERRUPTED" });
    expect(closed).toEqual(["b", "a"]);
    expect(story(options.events).at(-1)).toBe("run.failed");
    expect(story(options.events)).not.toContain("phase.started c");
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  });

  it("tells running steps as cancelled and not as failed", async () => {
    const stop = new AbortController();
    const options = runOptions({ signal: stop.signal });
    const hang = step("a/x", {
      mayBeSetAside: true,
      apply: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(new Error("socket closed")), { once: true });
          stop.abort(interrupted());
        }),
    });

    const result = await runJourney(journeyOf({ a: [[hang]] }), options);

    expect(story(options.events)).toContain("step.cancelled a/x");
    expect(story(options.events)).not.toContain("step.failed a/x");
    expect(result.setAside).toEqual([]);
  });
});
