import type { ErrorReport, JourneyEvent, PlannedStep, Unstamped } from "../../../../src/journeys/index.ts";

export const problem: ErrorReport = {
  code: "DEADLINE_EXCEEDED",
  message: "w-1: nothing within 10 s",
  where: { node: "w-1" },
  next: [],
  problems: [],
};

function step(id: string, title: string): PlannedStep {
  return { id, title, target: { kind: "node", name: id.split("/")[1] ?? "" }, effect: "change" };
}

const apply = { phase: "apply" } as const;
const cp1 = { ...apply, step: "apply/cp-1", node: "cp-1" };
const cp2 = { ...apply, step: "apply/cp-2", node: "cp-2" };
const w1 = { ...apply, step: "apply/w-1", node: "w-1" };

const phases = [
  { id: "disks", title: "Check disks" },
  { id: "apply", title: "Apply machine configs" },
  { id: "bootstrap", title: "Bootstrap etcd" },
];

const beginning: readonly Unstamped<JourneyEvent>[] = [
  { kind: "run.started", journey: "up", subject: "windpark-7", phases },
  { kind: "phase.started", phase: "disks" },
  { kind: "phase.planned", phase: "disks", waves: [] },
  { kind: "phase.succeeded", phase: "disks" },
  { kind: "phase.started", phase: "apply" },
  {
    kind: "phase.planned",
    phase: "apply",
    waves: [
      [step("apply/cp-1", "apply config to cp-1"), step("apply/cp-2", "apply config to cp-2")],
      [step("apply/w-1", "apply config to w-1")],
    ],
  },
  { kind: "step.started", ...cp1 },
  { kind: "step.progress", ...cp1, text: "sent 12 kB, token 4cgdfu.k2yygn2ohy5fmtjn" },
  { kind: "step.started", ...cp2 },
  { kind: "step.retrying", ...cp2, error: { ...problem, message: "cp-2: connection refused" } },
  { kind: "condition.waiting", ...cp1, description: "cp-1 is installed", reason: "stage installing" },
  { kind: "step.succeeded", ...cp1, durationMs: 62_000 },
];

/** A worker is set aside, the rest is done. */
export const setAsideRun: readonly Unstamped<JourneyEvent>[] = [
  ...beginning,
  { kind: "step.succeeded", ...cp2, durationMs: 400 },
  { kind: "step.started", ...w1 },
  { kind: "step.failed", ...w1, error: problem, setAside: true },
  { kind: "phase.succeeded", phase: "apply" },
  { kind: "notice", phase: "apply", node: "cp-2", text: "its clock is 40 s behind" },
  { kind: "phase.started", phase: "bootstrap" },
  { kind: "phase.planned", phase: "bootstrap", waves: [[step("bootstrap/cp-1", "bootstrap etcd on cp-1")]] },
  { kind: "step.started", phase: "bootstrap", step: "bootstrap/cp-1", node: "cp-1" },
  { kind: "step.succeeded", phase: "bootstrap", step: "bootstrap/cp-1", node: "cp-1", durationMs: 2300 },
  { kind: "phase.succeeded", phase: "bootstrap" },
  { kind: "run.succeeded", changed: 3, setAside: [{ node: "w-1", error: problem }] },
];

const refused: ErrorReport = { ...problem, code: "DOCUMENT_INVALID", message: "cp-2 refused its machine config" };

/** A control plane fails, and the run with it. */
export const failedRun: readonly Unstamped<JourneyEvent>[] = [
  ...beginning,
  { kind: "step.failed", ...cp2, error: refused, setAside: false },
  { kind: "phase.failed", phase: "apply", error: refused },
  { kind: "run.failed", error: refused, setAside: [] },
];

/** Ctrl-C while a node is waited for. */
export const interruptedRun: readonly Unstamped<JourneyEvent>[] = [
  ...beginning.slice(0, -1),
  { kind: "step.cancelled", ...cp1, durationMs: 1000 },
  { kind: "step.cancelled", ...cp2, durationMs: 1000 },
  { kind: "phase.failed", phase: "apply", error: { ...problem, code: "INTERRUPTED", message: "stopped by Ctrl-C" } },
  { kind: "run.failed", error: { ...problem, code: "INTERRUPTED", message: "stopped by Ctrl-C" }, setAside: [] },
];

/** Events as the engine stamps them. */
export function stamped(events: readonly Unstamped<JourneyEvent>[]): readonly JourneyEvent[] {
  return events.map((event) => ({ time: "2026-01-01T00:00:00.000Z", run: "r1", ...event }));
}
