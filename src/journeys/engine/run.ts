import type { Clock } from "../../lib/clock.ts";
import type { Journal } from "./journal.ts";
import type { JourneyEvent, SetAside, Step, Unstamped } from "./types.ts";

/** What every part of a running journey shares. */
export interface Run {
  readonly id: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly concurrency: number;
  readonly journal: Journal | undefined;
  readonly emit: (event: Unstamped<JourneyEvent>) => void;
  readonly afterStep: ((step: Step) => void | Promise<void>) | undefined;
  readonly tally: Tally;
}

/** What has happened so far; the only thing in the engine that changes. */
export interface Tally {
  changed: number;
  skipped: number;
  readonly setAside: Map<string, SetAside>;
}
