import { describe, expect, it } from "vitest";
import type { JourneyEvent } from "../../../../src/journeys/index.ts";
import { storyOf } from "../../../../src/journeys/rehearse/story.ts";

const at = (seconds: number) => ({ time: new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString(), run: "r" });
const error = {
  code: "NODE_UNREACHABLE",
  message: "w-1 is silent",
  where: { node: "w-1" },
  next: [],
  problems: [],
} as const;
const wait = { phase: "find", step: "find/w-1", node: "w-1", description: "w-1 answers" };

const started: JourneyEvent = {
  ...at(0),
  kind: "run.started",
  journey: "up",
  subject: "rock",
  phases: [
    { id: "find", title: "Find nodes" },
    { id: "apply", title: "Apply" },
    { id: "last", title: "Last" },
  ],
};

describe("storyOf()", () => {
  it("tells phases with when they began and how long they took", () => {
    const story = storyOf([
      started,
      { ...at(2), kind: "phase.started", phase: "find" },
      { ...at(5), kind: "phase.succeeded", phase: "find" },
      { ...at(5), kind: "phase.started", phase: "apply" },
      { ...at(9), kind: "phase.failed", phase: "apply", error },
      { ...at(9), kind: "run.failed", error, setAside: [] },
    ]);

    expect(story.phases.map(({ id, outcome, startMs, durationMs }) => [id, outcome, startMs, durationMs])).toEqual([
      ["find", "done", 2000, 3000],
      ["apply", "failed", 5000, 4000],
      ["last", "not reached", undefined, undefined],
    ]);
    expect(story.error?.code).toBe("NODE_UNREACHABLE");
    expect(story.durationMs).toBe(9000);
  });

  it("gathers what a step waited for, each reason once, until the step ended", () => {
    const story = storyOf([
      started,
      { ...at(0), kind: "phase.started", phase: "find" },
      { ...at(0), kind: "step.started", phase: "find", step: "find/w-1", node: "w-1" },
      { ...at(1), kind: "condition.waiting", ...wait, reason: "silent" },
      { ...at(3), kind: "condition.waiting", ...wait, reason: "booting" },
      { ...at(31), kind: "condition.waiting", ...wait, reason: "silent" },
      { ...at(40), kind: "step.failed", phase: "find", step: "find/w-1", node: "w-1", error, setAside: true },
      { ...at(40), kind: "phase.succeeded", phase: "find" },
    ]);

    expect(story.phases[0]?.waits).toEqual([
      {
        step: "find/w-1",
        node: "w-1",
        description: "w-1 answers",
        fromMs: 1000,
        durationMs: 39_000,
        reasons: ["silent", "booting"],
      },
    ]);
    expect(story.setAside).toEqual([{ node: "w-1", error, atMs: 40_000, phase: "find" }]);
  });

  it("keeps the first nine reasons of a long wait and the last", () => {
    const reasons = Array.from({ length: 30 }, (_each, index) => `reason ${index}`);
    const story = storyOf([
      started,
      { ...at(0), kind: "phase.started", phase: "find" },
      ...reasons.map((reason, index): JourneyEvent => ({ ...at(index), kind: "condition.waiting", ...wait, reason })),
      { ...at(40), kind: "step.succeeded", phase: "find", step: "find/w-1", node: "w-1" },
    ]);

    expect(story.phases[0]?.waits[0]?.reasons).toEqual([...reasons.slice(0, 9), "reason 29"]);
  });

  it("tells what was tried again", () => {
    const story = storyOf([
      started,
      { ...at(7), kind: "step.retrying", phase: "apply", step: "apply/w-1", node: "w-1", error },
    ]);

    expect(story.retries).toEqual([
      { atMs: 7000, step: "apply/w-1", node: "w-1", code: "NODE_UNREACHABLE", message: "w-1 is silent" },
    ]);
  });
});
