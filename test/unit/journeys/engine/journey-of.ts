import { randomUUID } from "node:crypto";
import {
  definePhase,
  type Journey,
  type JourneyEvent,
  type RunJourneyOptions,
  type Step,
  type Wave,
} from "../../../../src/journeys/engine/index.ts";
import { leapingClock } from "../../../support/leaping-clock.ts";

/** What there is to be changed: names of things that are done. */
export type World = Set<string>;

/** A step that puts its id into the world; it is planned only while it is not there. */
export function step(id: string, more: Partial<Step> = {}): (world: World) => Step {
  return (world) => ({
    id,
    title: `do ${id}`,
    target: { kind: "node", name: id.split("/")[1] ?? id },
    effect: "change",
    inputs: { id },
    apply: async () => void world.add(id),
    ...more,
  });
}

type MakeStep = ReturnType<typeof step>;

/** A journey over such steps: phases, each with its waves. */
export function journeyOf(
  phases: Readonly<Record<string, readonly (readonly MakeStep[])[]>>,
  world: World = new Set(),
  hooks: { readonly onClose?: (phase: string) => void | Promise<void> } = {},
): Journey<World, { readonly done: readonly string[] }> {
  return {
    id: "up",
    subject: "windpark-7",
    context: world,
    phases: Object.entries(phases).map(([id, waves]) =>
      definePhase<World, readonly string[]>({
        id,
        title: `Phase ${id}`,
        observe: async (context) => [...context],
        plan: (context, done): readonly Wave[] =>
          waves
            .map((wave) => wave.map((make) => make(context)).filter((each) => !done.includes(each.id)))
            .filter((wave) => wave.length > 0),
        close: async () => await hooks.onClose?.(id),
      }),
    ),
    report: async (context) => ({ done: [...context] }),
  };
}

/** Options of a run that records its events. */
export function runOptions(more: Partial<RunJourneyOptions> = {}): RunJourneyOptions & { events: JourneyEvent[] } {
  const events: JourneyEvent[] = [];
  return {
    clock: leapingClock(),
    random: () => 0.5,
    run: randomUUID(),
    emit: (event) => void events.push(event),
    signal: new AbortController().signal,
    events,
    ...more,
  };
}

/** "step.started a/cp-1" and the like: what happened, in order. */
export function story(events: readonly JourneyEvent[]): readonly string[] {
  return events.map((event) => {
    const at = "step" in event ? event.step : "phase" in event ? event.phase : undefined;
    return at === undefined ? event.kind : `${event.kind} ${at}`;
  });
}
