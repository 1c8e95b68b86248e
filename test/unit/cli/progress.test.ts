import { describe, expect, it } from "vitest";
import { type Progress, trackProgress } from "../../../src/cli/progress.ts";
import type { JourneyEvent, PlannedStep, Unstamped } from "../../../src/journeys/index.ts";

const step = (id: string, effect: PlannedStep["effect"], kind: "node" | "file" = "node"): PlannedStep => ({
  id,
  title: `do ${id}`,
  target: { kind, name: id },
  effect,
});

function seen(...events: readonly Unstamped<JourneyEvent>[]): Progress {
  const progress = trackProgress();
  for (const event of events) progress.see({ time: "2026-01-01T00:00:00Z", run: "r", ...event });
  return progress;
}

const planned = (...steps: readonly PlannedStep[]): Unstamped<JourneyEvent> => ({
  kind: "phase.planned",
  phase: "p",
  waves: [steps],
});

describe("trackProgress()", () => {
  it("says that nothing was changed where only looking and waiting was cut off", () => {
    const progress = seen(planned(step("w", "wait")), { kind: "step.cancelled", phase: "p", step: "w" });

    expect(progress.standing(0)).toBe("Nothing was changed.");
  });

  it("does not claim to know what a call that was cut off has done to a machine", () => {
    const progress = seen(planned(step("b", "create")), { kind: "step.cancelled", phase: "p", step: "b" });

    expect(progress.standing(0)).toContain('"do b" was begun and may have taken effect');
    expect(progress.standing(0)).not.toContain("Nothing was changed");
  });

  it("takes a file of ours that was not finished for no change", () => {
    const progress = seen(planned(step("f", "create", "file")), { kind: "step.cancelled", phase: "p", step: "f" });

    expect(progress.standing(0)).toBe("Nothing was changed.");
  });

  it("does not claim that nothing was changed where a deployment failed after it had begun", () => {
    const deploy: PlannedStep = { ...step("d", "change"), target: { kind: "cluster", name: "c" } };
    const progress = seen(planned(deploy), {
      kind: "step.failed",
      phase: "p",
      step: "d",
      setAside: false,
      error: { code: "BUG", message: "no", where: {}, problems: [], next: [] },
    });

    expect(progress.standing(0)).toBe('"do d" was begun; the next run goes on from what is there.');
  });
});
