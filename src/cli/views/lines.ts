import type { ErrorReport, JourneyEvent } from "../../journeys/index.ts";
import { redactSecrets, stripControls } from "../../lib/errors/index.ts";
import { formatDuration } from "../quantities.ts";
import type { Colors } from "../terminal.ts";
import type { View } from "./view.ts";

export type Loudness = "quiet" | "normal" | "verbose";

/** For logs and pipes: one line per event, the node first, no animation. */
export function lineView(
  write: (text: string) => void,
  options: { readonly colors: Colors; readonly loudness: Loudness },
): View {
  const { colors, loudness } = options;
  let subject = "";
  const titles = new Map<string, string>();
  return {
    emit: (event) => {
      if (event.kind === "run.started") {
        subject = event.subject;
        for (const phase of event.phases) titles.set(phase.id, phase.title);
      }
      if (event.kind === "phase.planned") {
        for (const step of event.waves.flat()) titles.set(step.id, step.title);
      }
      const text = textOf(event, titles);
      if (text === undefined || !isHeard(event, loudness)) return;
      const node = ("node" in event ? event.node : undefined) ?? subject;
      write(`${colors.bold(node)}  ${redactSecrets(oneLine(text))}\n`);
    },
    say: (line) => write(`${line}\n`),
    close: async () => undefined,
  };
}

function isHeard(event: JourneyEvent, loudness: Loudness): boolean {
  if (loudness === "verbose") return true;
  if (loudness === "quiet") return event.kind === "step.failed" || event.kind === "phase.failed";
  return event.kind !== "phase.started" && event.kind !== "step.started" && event.kind !== "step.progress";
}

/** One event as words, without its node; undefined where the event says nothing that others do not. */
function textOf(event: JourneyEvent, titles: ReadonlyMap<string, string>): string | undefined {
  const phase = "phase" in event && event.phase !== undefined ? (titles.get(event.phase) ?? event.phase) : "";
  const step = "step" in event ? (titles.get(event.step) ?? event.step) : "";
  switch (event.kind) {
    case "run.started":
      return `${event.journey} begins`;
    case "run.succeeded":
    case "run.failed":
      return undefined;
    case "phase.started":
      return `${phase}: looking`;
    case "phase.planned":
      return `${phase}: ${countSteps(event.waves.flat().length)}`;
    case "phase.succeeded":
      return undefined;
    case "phase.failed":
      return `${phase}: failed: ${summary(event.error)}`;
    case "step.started":
      return `${step}: begins`;
    case "step.progress":
      return `${step}: ${event.text}`;
    case "step.retrying":
      return `${step}: again, because ${event.error.message}`;
    case "step.succeeded":
      return `${step}: done${event.durationMs === undefined ? "" : ` in ${formatDuration(event.durationMs)}`}`;
    case "step.failed":
      return `${step}: ${event.setAside ? "set aside" : "failed"}: ${summary(event.error)}`;
    case "step.skipped":
      return `${step}: skipped: ${event.reason}`;
    case "step.cancelled":
      return `${step}: cancelled`;
    case "condition.waiting":
      return `${step}: waiting until ${event.description}: ${event.reason}`;
    case "notice":
      return phase === "" ? event.text : `${phase}: ${event.text}`;
    default:
      return event satisfies never;
  }
}

/** "3 steps", "nothing to do" */
export function countSteps(count: number): string {
  return count === 0 ? "nothing to do" : count === 1 ? "1 step" : `${count} steps`;
}

function summary(error: ErrorReport): string {
  return `${error.code}: ${error.message}`;
}

function oneLine(text: string): string {
  return stripControls(text).replace(/\s*\n\s*/g, " | ");
}
