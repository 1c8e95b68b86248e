import { createColors } from "picocolors";
import { describe, expect, it } from "vitest";
import { renderPlan } from "../../../../src/cli/views/plan.ts";
import type { JourneyPlan, PlannedStep } from "../../../../src/journeys/index.ts";
import { problem } from "./scenario.ts";

const colors = createColors(false);

function step(id: string, title: string, more: Partial<PlannedStep> = {}): PlannedStep {
  return { id, title, target: { kind: "node", name: id.split("/")[1] ?? "" }, effect: "change", ...more };
}

function planOf(phases: JourneyPlan["phases"], more: Partial<JourneyPlan> = {}): JourneyPlan {
  const changes = phases.flatMap((phase) => phase.waves.flat()).filter((each) => each.effect !== "wait").length;
  return { journey: "up", subject: "windpark-7", phases, changes, setAside: [], notices: [], ...more };
}

describe("renderPlan()", () => {
  it("shows phases, waves, effects and what cannot be known yet", () => {
    const plan = planOf(
      [
        { id: "verify", title: "Verify bundle", waves: [] },
        {
          id: "install",
          title: "Install",
          waves: [
            [step("install/cp-1", "erase /dev/sda, serial S6B0NX0T, and install", { effect: "destroy" })],
            [
              step("install/cp-2", "erase /dev/sdb, serial S6B0NX0U, and install", { effect: "destroy" }),
              step("install/worker-10", "wait for power", { effect: "wait" }),
            ],
          ],
        },
        {
          id: "nodes",
          title: "Wait for Ready nodes",
          waves: [[step("nodes/cp-1", "wait for cp-1", { effect: "wait", provisional: "after Bootstrap etcd" })]],
        },
      ],
      { notices: ["the mirror will be https://10.5.0.1:5443"], setAside: [{ node: "w-1", error: problem }] },
    );

    expect(renderPlan(plan, colors)).toMatchSnapshot();
  });

  it("says so when there is nothing to do", () => {
    expect(renderPlan(planOf([{ id: "a", title: "Verify bundle", waves: [] }]), colors)).toMatchSnapshot();
  });

  it("marks what is refused", () => {
    const refused = step("disks/cp-1", "check the disk of cp-1", { refusal: problem, effect: "wait" });

    expect(renderPlan(planOf([{ id: "disks", title: "Check disks", waves: [[refused]] }]), colors)).toMatchSnapshot();
  });
});
