import type { ErrorReport, JourneyEvent, SetAside } from "../engine/index.ts";

/** How a phase went, in virtual milliseconds since the run began. */
export interface PhaseStory {
  readonly id: string;
  readonly title: string;
  readonly outcome: "done" | "failed" | "not reached";
  /** Absent where it was not reached. */
  readonly startMs?: number;
  readonly durationMs?: number;
  /** Steps that were begun. */
  readonly steps: number;
  readonly waits: readonly Wait[];
}

/** What a step waited for. */
export interface Wait {
  readonly step: string;
  readonly node?: string;
  readonly description: string;
  readonly fromMs: number;
  /** Until the step ended. */
  readonly durationMs: number;
  /** Why, in the order of first being told; at most the first nine and the last. */
  readonly reasons: readonly string[];
}

/** A step that was tried again after an error. */
export interface Retry {
  readonly atMs: number;
  readonly step: string;
  readonly node?: string;
  readonly code: string;
  readonly message: string;
}

/** A run as it can be told afterwards. */
export interface Story {
  readonly durationMs: number;
  readonly phases: readonly PhaseStory[];
  readonly retries: readonly Retry[];
  /** Nodes that the rest went on without, with the moment. */
  readonly setAside: readonly (SetAside & { readonly atMs: number; readonly phase: string })[];
  readonly notices: readonly { readonly atMs: number; readonly text: string }[];
  /** Absent where the run came to its end. */
  readonly error?: ErrorReport;
}

const MAX_REASONS = 10;

/** Turns the events of a run into its story. Pure. */
export function storyOf(events: readonly JourneyEvent[]): Story {
  const startMs = Date.parse(events[0]?.time ?? "");
  const since = ({ time }: JourneyEvent) => Date.parse(time) - startMs;
  const failed = events.find((event) => event.kind === "run.failed");
  const started = events.find((event) => event.kind === "run.started");
  const last = events.at(-1);
  return {
    durationMs: last === undefined ? 0 : since(last),
    phases: (started?.phases ?? []).map((phase) => phaseStory(phase, events, since)),
    retries: events.flatMap((event) =>
      event.kind === "step.retrying"
        ? [{ atMs: since(event), ...placeOf(event), code: event.error.code, message: event.error.message }]
        : [],
    ),
    setAside: events.flatMap((event) =>
      event.kind === "step.failed" && event.setAside && event.node !== undefined
        ? [{ node: event.node, error: event.error, atMs: since(event), phase: event.phase }]
        : [],
    ),
    notices: events.flatMap((event) => (event.kind === "notice" ? [{ atMs: since(event), text: event.text }] : [])),
    ...(failed === undefined ? {} : { error: failed.error }),
  };
}

type Since = (event: JourneyEvent) => number;

function placeOf(event: { readonly step: string; readonly node?: string }) {
  return { step: event.step, ...(event.node === undefined ? {} : { node: event.node }) };
}

function phaseStory(
  { id, title }: { readonly id: string; readonly title: string },
  events: readonly JourneyEvent[],
  since: Since,
): PhaseStory {
  const own = events.filter((event) => "phase" in event && event.phase === id);
  const start = own.find((event) => event.kind === "phase.started");
  const end = own.find((event) => event.kind === "phase.succeeded" || event.kind === "phase.failed");
  if (start === undefined) return { id, title, outcome: "not reached", steps: 0, waits: [] };
  return {
    id,
    title,
    outcome: end?.kind === "phase.succeeded" ? "done" : "failed",
    startMs: since(start),
    durationMs: (end === undefined ? since(start) : since(end)) - since(start),
    steps: own.filter((event) => event.kind === "step.started").length,
    waits: waitsOf(own, since),
  };
}

function waitsOf(events: readonly JourneyEvent[], since: Since): readonly Wait[] {
  const open = new Map<string, { wait: Omit<Wait, "durationMs" | "reasons">; readonly reasons: string[] }>();
  const waits: Wait[] = [];
  for (const event of events) {
    if (event.kind === "condition.waiting") {
      const { description } = event;
      const fresh = { wait: { ...placeOf(event), description, fromMs: since(event) }, reasons: [] };
      const found = open.get(event.step) ?? fresh;
      open.set(event.step, found);
      if (found.reasons.includes(event.reason)) continue;
      if (found.reasons.length === MAX_REASONS) found.reasons.pop();
      found.reasons.push(event.reason);
    }
    if (event.kind !== "step.succeeded" && event.kind !== "step.failed" && event.kind !== "step.cancelled") continue;
    const found = open.get(event.step);
    if (found === undefined) continue;
    open.delete(event.step);
    waits.push({ ...found.wait, durationMs: since(event) - found.wait.fromMs, reasons: found.reasons });
  }
  return waits;
}
