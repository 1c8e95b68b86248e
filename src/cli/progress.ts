import type { JourneyEvent } from "../journeys/index.ts";

/** What a run is at, told from its events: for interrupts and for the last lines after a failure. */
export interface Progress {
  readonly see: (event: JourneyEvent) => void;
  /** "apply config to cp-1 and 2 more" */
  readonly running: () => string | undefined;
  /** What is true after a failure. */
  readonly standing: (changed: number) => string;
  readonly phaseTitles: ReadonlyMap<string, string>;
  readonly durationMs: () => number;
}

export function trackProgress(): Progress {
  const phaseTitles = new Map<string, string>();
  const stepTitles = new Map<string, string>();
  const running = new Set<string>();
  const reaching = new Set<string>();
  const unsure = new Set<string>();
  const onCluster = new Set<string>();
  const halfDone = new Set<string>();
  let phase = "";
  let planned = 0;
  let done = 0;
  let startedMs = 0;
  let lastMs = 0;
  return {
    phaseTitles,
    see: (event) => {
      lastMs = Date.parse(event.time);
      if (event.kind === "run.started") {
        startedMs = lastMs;
        for (const each of event.phases) phaseTitles.set(each.id, each.title);
      }
      if (event.kind === "phase.started") {
        phase = event.phase;
        planned = 0;
        done = 0;
      }
      if (event.kind === "phase.planned") {
        planned = event.waves.flat().length;
        for (const step of event.waves.flat()) {
          stepTitles.set(step.id, step.title);
          if (step.effect !== "wait" && step.target.kind !== "file") reaching.add(step.id);
          if (step.target.kind === "cluster") onCluster.add(step.id);
        }
      }
      if (!("step" in event)) return;
      if (event.kind === "step.started") running.add(event.step);
      if (event.kind === "step.succeeded") done += 1;
      // A call that was cut off may have arrived all the same.
      if (event.kind === "step.cancelled" && reaching.has(event.step)) unsure.add(event.step);
      // What is deployed or removed is many writes; a refusal may come after some of them.
      if (event.kind === "step.failed" && reaching.has(event.step) && onCluster.has(event.step))
        halfDone.add(event.step);
      if (isEnd(event.kind)) running.delete(event.step);
    },
    running: () => {
      const [first, ...others] = running;
      if (first === undefined) return phaseTitles.get(phase);
      const title = stepTitles.get(first) ?? first;
      return others.length === 0 ? title : `${title} and ${others.length} more`;
    },
    standing: (changed) => {
      const title = phaseTitles.get(phase) ?? phase;
      const part = planned > 1 ? `${done} of ${planned} steps of "${title}" are done. ` : "";
      if (unsure.size > 0) {
        const [first = "", ...others] = [...unsure].map((step) => `"${stepTitles.get(step) ?? step}"`);
        const what = others.length === 0 ? first : `${first} and ${others.length} more`;
        return `${part}${what} was begun and may have taken effect; the next run looks. Nothing was undone.`;
      }
      const [begun] = halfDone;
      if (begun !== undefined)
        return `${part}"${stepTitles.get(begun) ?? begun}" was begun; the next run goes on from what is there.`;
      return changed === 0 ? `${part}Nothing was changed.` : `${part}Nothing was undone.`;
    },
    durationMs: () => lastMs - startedMs,
  };
}

function isEnd(kind: JourneyEvent["kind"]): boolean {
  return kind === "step.succeeded" || kind === "step.failed" || kind === "step.cancelled";
}
