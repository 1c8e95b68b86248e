import type { ErrorReport, JourneyEvent, PlannedStep, SetAside, Target } from "../../../src/journeys/engine/types.ts";

/** A field as the page shows it; `optional` must say what the type says. */
type FieldOf<Shape, Key extends keyof Shape> = {
  readonly type: string;
  readonly does: string;
} & (Record<never, never> extends Pick<Shape, Key> ? { readonly optional: true } : { readonly optional?: never });

/** A row for every field of a shape, and for no other: types cannot be listed while running, so the compiler compares. */
export type FieldTable<Shape> = { readonly [Key in keyof Shape]-?: FieldOf<Shape, Key> };

type Member<Kind, Event extends JourneyEvent = JourneyEvent> = Event extends JourneyEvent
  ? Kind extends Event["kind"]
    ? Event
    : never
  : never;

type EventTable = {
  readonly [Kind in JourneyEvent["kind"]]: {
    readonly when: string;
    readonly fields: Omit<FieldTable<Member<Kind>>, "kind" | "time" | "run">;
  };
};

const phase = { type: "text", does: "Id of the phase." } as const;
const step = { type: "text", does: "Id of the step, `PHASE/TARGET`." } as const;
const node = { type: "text", does: "The node, where it is about one.", optional: true } as const;
const error = { type: "error", does: "What went wrong." } as const;
const durationMs = { type: "integer", does: "How long it took, in milliseconds.", optional: true } as const;
const setAside = { type: "list of set-aside nodes", does: "Nodes that were left out." } as const;

/** Every kind of event with its own fields, in the order of a run. */
export const eventTable = {
  "run.started": {
    when: "A run begins.",
    fields: {
      journey: { type: "text", does: "The journey, e.g. `up`." },
      subject: { type: "text", does: "What it is about: the name of the site or of the bundle." },
      phases: { type: "list of {id, title}", does: "The phases to come, in order." },
    },
  },
  "phase.started": { when: "A phase begins to look.", fields: { phase } },
  "phase.planned": {
    when: "A phase has looked and knows its steps; none means that there is nothing to do.",
    fields: {
      phase,
      waves: { type: "list of lists of planned steps", does: "The steps of a wave run together, waves in turn." },
    },
  },
  "step.started": { when: "A step begins.", fields: { phase, step, node, durationMs } },
  "step.progress": {
    when: "A step has something to tell.",
    fields: { phase, step, node, text: { type: "text", does: "How far it is." } },
  },
  "step.retrying": { when: "A try has failed and another follows.", fields: { phase, step, node, error } },
  "condition.waiting": {
    when: "What a step waits for has not happened yet. Told again when the reason changes, and every 30 s.",
    fields: {
      phase,
      step,
      node,
      description: { type: "text", does: "What is waited for." },
      reason: { type: "text", does: "Why it has not happened yet." },
    },
  },
  "step.succeeded": { when: "A step is done, what it waited for included.", fields: { phase, step, node, durationMs } },
  "step.skipped": {
    when: "A step was left out.",
    fields: { phase, step, node, reason: { type: "text", does: "Why." } },
  },
  "step.failed": {
    when: "A step has failed.",
    fields: {
      phase,
      step,
      node,
      error,
      setAside: { type: "boolean", does: "Whether the node is left out from here on and the run goes on." },
    },
  },
  "step.cancelled": { when: "A step was stopped before its end.", fields: { phase, step, node, durationMs } },
  "phase.succeeded": { when: "A phase is done.", fields: { phase } },
  "phase.failed": { when: "A phase has failed; the run ends.", fields: { phase, error } },
  notice: {
    when: "Something to know, although nothing failed.",
    fields: {
      phase: { ...phase, optional: true },
      node,
      text: { type: "text", does: "What to know." },
    },
  },
  "run.succeeded": {
    when: "The run is at its end.",
    fields: { changed: { type: "integer", does: "Steps that changed something." }, setAside },
  },
  "run.failed": { when: "The run has failed.", fields: { error, setAside } },
} as const satisfies EventTable;

/** Shapes that fields of events have. */
export const shapeTables = {
  "planned step": {
    id: { type: "text", does: "`PHASE/TARGET`, the same in every run." },
    title: { type: "text", does: "What it does." },
    target: { type: "target", does: "What it acts on." },
    effect: { type: "text", does: "`create`, `change`, `replace`, `destroy` or `wait`." },
    provisional: { type: "text", does: "What must be known first; the step may change then.", optional: true },
    refusal: { type: "error", does: "Why the step is known to fail.", optional: true },
  } satisfies FieldTable<PlannedStep>,
  target: {
    kind: { type: "text", does: "`node`, `cluster`, `registry` or `file`." },
    name: { type: "text", does: "Its name." },
  } satisfies FieldTable<Target>,
  error: {
    code: { type: "text", does: "A code of [the list](errors.md), or `BUG`." },
    message: { type: "text", does: "What failed." },
    where: { type: "mapping", does: "`node`, `phase`, `step`, `object` and `file`, each where it is known." },
    next: { type: "list of texts", does: "What to do now." },
    problems: { type: "list of {message, where}", does: "Every finding, where there are several." },
  } satisfies FieldTable<ErrorReport>,
  "set-aside node": {
    node: { type: "text", does: "Its name." },
    error: { type: "error", does: "Why it was left out." },
  } satisfies FieldTable<SetAside>,
} as const;
