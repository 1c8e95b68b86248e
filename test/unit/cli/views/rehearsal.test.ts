import { describe, expect, it } from "vitest";
import type { RehearsalReport } from "../../../../src/cli/rehearse/report.ts";
import { endText, renderRehearsal } from "../../../../src/cli/views/rehearsal.ts";
import { renderRehearsals } from "../../../../src/cli/views/rehearsal-runs.ts";

const unreachable = {
  code: "CONDITION_TIMED_OUT",
  message: "w-1 answers on port 50000: not within 120 s",
  where: { node: "w-1" },
  next: ["check its cable"],
  problems: [],
} as const;

function reportOf(more: Partial<RehearsalReport> = {}): RehearsalReport {
  return {
    version: 1,
    seed: 4,
    repeat: "skerry rehearse up --seed 4",
    site: { name: "rock", talos: "v1.13.9", kubernetes: "v1.36.3", controlPlanes: 1, workers: 1 },
    bundle: { name: "rock", file: "rock.bundle.tar", images: 11 },
    faults: [
      { fault: "dead=w-1", struckMs: 0 },
      { fault: "lose-power=cp-1:booting", struckMs: 95_000 },
      { fault: "slow-disk=w-1:4" },
    ],
    end: { exitCode: 9, outcome: "nodes set aside", durationMs: 300_000, changed: 7 },
    story: {
      durationMs: 300_000,
      phases: [
        {
          id: "find-nodes",
          title: "Find nodes",
          outcome: "done",
          startMs: 0,
          durationMs: 120_000,
          steps: 1,
          waits: [
            {
              step: "find-nodes/w-1",
              node: "w-1",
              description: "w-1 answers on port 50000",
              fromMs: 0,
              durationMs: 120_000,
              reasons: ["no answer"],
            },
          ],
        },
        {
          id: "packages",
          title: "Deploy packages",
          outcome: "done",
          startMs: 120_000,
          durationMs: 0,
          steps: 0,
          waits: [],
        },
      ],
      retries: [
        { atMs: 130_000, step: "apply/cp-1", node: "cp-1", code: "NODE_UNREACHABLE", message: "cp-1 is silent" },
      ],
      setAside: [{ node: "w-1", error: unreachable, atMs: 120_000, phase: "find-nodes" }],
      notices: [],
    },
    toDo: [
      { node: "w-1", code: unreachable.code, message: unreachable.message, next: [...unreachable.next, "skerry up"] },
    ],
    nodes: [{ name: "cp-1", role: "controlplane", address: "10.5.0.2", stage: "running", ready: true }],
    workloads: [{ object: "Deployment/web/web", state: "Progressing", reason: "0 of 2 replicas are available" }],
    mirror: { requests: 20, imagesServed: 9, bytes: 1_500_000_000 },
    ...more,
  };
}

const failed = (seed: number): RehearsalReport =>
  reportOf({
    seed,
    end: { exitCode: 4, outcome: "failed", durationMs: 120_000, changed: 1 },
    story: { ...reportOf().story, setAside: [], error: unreachable },
  });
const cameUp = (seed: number): RehearsalReport =>
  reportOf({
    seed,
    end: { exitCode: 0, outcome: "succeeded", durationMs: 200_000, changed: 9 },
    story: { ...reportOf().story, setAside: [] },
    faults: [],
    toDo: [],
  });

describe("renderRehearsal()", () => {
  it("shows faults, phases, waits, the end, what to do and how to repeat it", () => {
    expect(
      renderRehearsal(reportOf()),
    ).toBe(`Rehearsal of up for rock, seed 4: 1 + 1 simulated machines, in virtual time
Talos v1.13.9, Kubernetes v1.36.3, bundle rock.bundle.tar (11 images)

Faults:
  FAULT                    STRUCK
  dead=w-1                 from the start
  lose-power=cp-1:booting  after 1 min 35 s
  slow-disk=w-1:4          never

PHASE            AFTER      TOOK       STEPS
Find nodes       0.0 s      2 min 0 s  1
Deploy packages  2 min 0 s  0.0 s

Waits, and what was last said of them:
Find nodes
  2 min 0 s  w-1 answers on port 50000: no answer
Tried again
  after 2 min 10 s  apply/cp-1: NODE_UNREACHABLE: cp-1 is silent

End: up without w-1, after 5 min 0 s; skerry up would have ended with exit code 9
  1 of 1 nodes Ready
  the mirror served 9 images, 1.5 GB in all
  Deployment/web/web Progressing: 0 of 2 replicas are available

A person would have to:
  w-1  CONDITION_TIMED_OUT: w-1 answers on port 50000: not within 120 s
    check its cable
    skerry up

Repeat: skerry rehearse up --seed 4`);
  });
});

describe("endText()", () => {
  it("names a few of many nodes that were left out", () => {
    const [aside] = reportOf().story.setAside;
    if (aside === undefined) throw new Error("no node was set aside");
    const setAside = Array.from({ length: 8 }, (_each, index) => ({ ...aside, node: `w-${index + 1}` }));

    expect(endText(reportOf({ story: { ...reportOf().story, setAside } }))).toBe(
      "up without w-1, w-2, w-3, w-4, w-5, 3 more",
    );
  });
});

describe("renderRehearsals()", () => {
  it("counts the ends, lists every seed, and tells one run of each bad end in full, failures first", () => {
    const text = renderRehearsals([cameUp(1), reportOf({ seed: 2 }), failed(3), failed(4)]);

    expect(
      text.split("\n\n").slice(0, 2).join("\n\n"),
    ).toBe(`4 rehearsals of up for rock: 1 came up, 1 without some workers, 2 failed

SEED  EXIT  TOOK        END                  FAULTS
1     0     3 min 20 s  up
2     9     5 min 0 s   up without w-1       dead=w-1 lose-power=cp-1:booting slow-disk=w-1:4
3     4     2 min 0 s   CONDITION_TIMED_OUT  dead=w-1 lose-power=cp-1:booting slow-disk=w-1:4
4     4     2 min 0 s   CONDITION_TIMED_OUT  dead=w-1 lose-power=cp-1:booting slow-disk=w-1:4`);
    expect([...text.matchAll(/^Rehearsal of up for rock, seed (\d+)/gm)].map(([, seed]) => seed)).toEqual(["3", "2"]);
  });

  it("tells nothing in full where all came up", () => {
    expect(renderRehearsals([cameUp(1), cameUp(2)])).not.toContain("Rehearsal of up");
  });
});
