import { describe, expect, it } from "vitest";
import { lineView } from "../../../../src/cli/views/lines.ts";
import { ndjsonView } from "../../../../src/cli/views/ndjson.ts";
import { taskView } from "../../../../src/cli/views/tasks.ts";
import type { JourneyEvent, Unstamped } from "../../../../src/journeys/index.ts";
import { failedRun, interruptedRun, setAsideRun, stamped } from "./scenario.ts";
import { screen } from "./screen.ts";

const runs = { "set aside": setAsideRun, failed: failedRun, interrupted: interruptedRun };

async function finalScreen(run: readonly Unstamped<JourneyEvent>[]): Promise<string> {
  const output = screen();
  const view = taskView(output);
  for (const event of stamped(run)) {
    view.emit(event);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await view.close();
  return output.lastFrame();
}

describe("taskView()", () => {
  it.each(Object.entries(runs))("leaves this screen after a run: %s", async (_, run) => {
    expect(await finalScreen(run)).toMatchSnapshot();
  });

  it("counts the steps of a large phase instead of listing them", async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `n-${index}`);
    const steps = ids.map((name) => ({
      id: `apply/${name}`,
      title: `apply config to ${name}`,
      target: { kind: "node", name } as const,
      effect: "change" as const,
    }));
    const run: readonly Unstamped<JourneyEvent>[] = [
      { kind: "run.started", journey: "up", subject: "big", phases: [{ id: "apply", title: "Apply" }] },
      { kind: "phase.started", phase: "apply" },
      { kind: "phase.planned", phase: "apply", waves: [steps] },
      ...ids.map(
        (node) => ({ kind: "step.succeeded", phase: "apply", step: `apply/${node}`, node, durationMs: 1 }) as const,
      ),
      { kind: "phase.succeeded", phase: "apply" },
      { kind: "run.succeeded", changed: 30, setAside: [] },
    ];

    expect(await finalScreen(run)).toBe("✔ Apply: 30 steps");
  });

  it("takes no signal from the process and leaves its streams as they were", async () => {
    const before = process.listenerCount("SIGINT");
    const output = screen();
    const { write } = output.stream;
    const view = taskView(output);
    for (const event of stamped(setAsideRun.slice(0, 8))) view.emit(event);
    await new Promise((resolve) => setImmediate(resolve));

    expect(process.listenerCount("SIGINT")).toBe(before);
    await view.close();
    expect(output.stream.write).toBe(write);
  });

  it("says a notice once, however often it comes and the view is closed", async () => {
    const output = screen();
    const view = taskView(output);
    const notice = { kind: "notice", phase: "apply", node: "cp-2", text: "its clock is slow" } as const;
    for (const event of stamped([...setAsideRun.slice(0, 5), notice, notice])) view.emit(event);

    await view.close();
    await view.close();

    expect(output.written().split("  cp-2: its clock is slow\n")).toHaveLength(2);
  });

  it("shows a line that is no event at once", async () => {
    const output = screen();
    const view = taskView(output);
    for (const event of stamped(setAsideRun.slice(0, 8))) view.emit(event);
    await expect.poll(output.written).toContain("apply config to cp-1");

    view.say("Stopping: apply config to cp-1.");

    expect(output.written()).toContain("Stopping: apply config to cp-1.");
    await view.close();
    expect(output.written().split("Stopping")).toHaveLength(2);
  });
});

describe("lineView()", () => {
  it.each(["quiet", "normal", "verbose"] as const)("writes these lines when %s", (loudness) => {
    const output = screen();
    const view = lineView(output.write, { colors: output.colors, loudness });

    for (const event of stamped(setAsideRun)) view.emit(event);

    expect(output.written()).toMatchSnapshot();
  });

  it("writes these lines for a run that fails", () => {
    const output = screen();
    const view = lineView(output.write, { colors: output.colors, loudness: "normal" });

    for (const event of stamped(failedRun)) view.emit(event);

    expect(output.written()).toMatchSnapshot();
  });

  it("keeps an event on one line and takes out what moves the cursor", () => {
    const output = screen();
    const view = lineView(output.write, { colors: output.colors, loudness: "normal" });

    view.emit({ time: "", run: "", kind: "notice", node: "cp-1", text: "one\n  two\u001b[2J" });

    expect(output.written()).toBe("cp-1  one | two\n");
  });
});

describe("ndjsonView()", () => {
  it("writes each event as a line of JSON, without secrets", () => {
    const output = screen();
    const view = ndjsonView(output.write);

    for (const event of stamped(setAsideRun)) view.emit(event);

    const lines = output.written().trimEnd().split("\n");
    const parsed = lines.map((line) => JSON.parse(line) as JourneyEvent);
    expect(parsed.map((event) => event.kind)).toEqual(setAsideRun.map((event) => event.kind));
    expect(output.written()).not.toContain("k2yygn2ohy5fmtjn");
  });
});
