import type { Clock } from "../../lib/clock.ts";
import { closePhases } from "./close-phases.ts";
import type { Journal } from "./journal.ts";
import type { Lock } from "./lock.ts";
import { phasesUntil } from "./phases-until.ts";
import { describeWaves } from "./plan-steps.ts";
import { placeError, reportError } from "./report-error.ts";
import type { Run, Tally } from "./run.ts";
import { runWave } from "./run-wave.ts";
import type { Journey, JourneyEvent, LookOptions, Phase, SetAside, Step, Unstamped } from "./types.ts";

const DEFAULT_CONCURRENCY = 8;

export interface RunJourneyOptions {
  readonly clock: Clock;
  /** 0 ≤ x < 1; spreads retries */
  readonly random: () => number;
  /** Name of this run in events and journal. */
  readonly run: string;
  /** Absent where nothing is remembered (a bundle is made). */
  readonly journal?: Journal | undefined;
  /** Absent where runs cannot hurt each other. */
  readonly lock?: Lock | undefined;
  readonly emit: (event: JourneyEvent) => void;
  readonly signal: AbortSignal;
  /** Steps of a wave that run at the same time. Default 8. */
  readonly concurrency?: number | undefined;
  /** Id of the last phase wanted. Default: all. */
  readonly until?: string | undefined;
  /** Awaited after each step that succeeded and is in the journal. */
  readonly afterStep?: ((step: Step) => void | Promise<void>) | undefined;
}

export interface JourneyResult<Report> {
  /** Steps that succeeded and had an effect; 0 means that everything was as it should be. */
  readonly changed: number;
  /** Steps left out because their node was set aside. */
  readonly skipped: number;
  readonly setAside: readonly SetAside[];
  /** What stopped the run: an operator error, an interrupt's reason, or a bug. Absent when it came to its end. */
  readonly failed?: unknown;
  /** What is true at the end; absent after a failure and after a run that was to end early (`until`). */
  readonly report?: Report;
}

/**
 * Runs a journey: every phase looks, plans, and has its waves run in turn. Safe to run again after any end: what is done
 * is found done by looking.
 *
 * @returns how it ended; failures are in it and are not thrown
 * @throws OperatorError RUN_LOCKED, FILE_UNWRITABLE, PHASE_UNKNOWN before anything is done or told
 */
export async function runJourney<Context, Report>(
  journey: Journey<Context, Report>,
  options: RunJourneyOptions,
): Promise<JourneyResult<Report>> {
  const wanted = phasesUntil(journey.phases, options.until);
  options.signal.throwIfAborted();
  const lost = new AbortController();
  const held = await options.lock?.take({ onLost: (error) => lost.abort(error) });
  try {
    const run = startRun(options, AbortSignal.any([options.signal, lost.signal]));
    return await runPhases(run, journey, wanted, options.until === undefined);
  } finally {
    await held?.release();
  }
}

function startRun(options: RunJourneyOptions, signal: AbortSignal): Run {
  const { clock, run: id } = options;
  const tally: Tally = { changed: 0, skipped: 0, setAside: new Map() };
  return {
    id,
    clock,
    random: options.random,
    signal,
    concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
    journal: options.journal,
    emit: (event: Unstamped<JourneyEvent>) => {
      options.emit({ time: clock.now().toISOString(), run: id, ...event });
    },
    afterStep: options.afterStep,
    tally,
  };
}

async function runPhases<Context, Report>(
  run: Run,
  journey: Journey<Context, Report>,
  wanted: readonly Phase<Context>[],
  isWhole: boolean,
): Promise<JourneyResult<Report>> {
  const { tally } = run;
  const looked: Phase<Context>[] = [];
  const phases = wanted.map(({ id, title }) => ({ id, title }));
  run.emit({ kind: "run.started", journey: journey.id, subject: journey.subject, phases });
  try {
    for (const phase of wanted) {
      run.signal.throwIfAborted();
      looked.push(phase);
      await runPhase(run, phase, journey.context);
    }
    const report = isWhole ? await journey.report(journey.context, lookOptions(run)) : undefined;
    await close(run, looked, journey.context);
    const setAside = [...tally.setAside.values()];
    run.emit({ kind: "run.succeeded", changed: tally.changed, setAside });
    return { ...tally, setAside, ...(report === undefined ? {} : { report }) };
  } catch (error) {
    const failed: unknown = run.signal.aborted ? run.signal.reason : error;
    await close(run, looked, journey.context);
    const setAside = [...tally.setAside.values()];
    run.emit({ kind: "run.failed", error: reportError(failed), setAside });
    return { ...tally, setAside, failed };
  }
}

async function runPhase<Context>(run: Run, phase: Phase<Context>, context: Context): Promise<void> {
  run.emit({ kind: "phase.started", phase: phase.id });
  try {
    const waves = await phase.look(context, lookOptions(run, phase.id));
    run.emit({ kind: "phase.planned", phase: phase.id, waves: describeWaves(waves) });
    for (const wave of waves) await runWave(run, phase.id, wave);
    run.emit({ kind: "phase.succeeded", phase: phase.id });
  } catch (error) {
    const placed = placeError(run.signal.aborted ? run.signal.reason : error, { phase: phase.id });
    run.emit({ kind: "phase.failed", phase: phase.id, error: reportError(placed) });
    throw placed;
  }
}

function lookOptions(run: Run, phase?: string): LookOptions {
  return {
    signal: run.signal,
    dryRun: false,
    setAside: new Set(run.tally.setAside.keys()),
    notice: (text) => run.emit({ kind: "notice", text, ...(phase === undefined ? {} : { phase }) }),
  };
}

async function close<Context>(run: Run, looked: readonly Phase<Context>[], context: Context): Promise<void> {
  await closePhases(looked, context, {
    clock: run.clock,
    notice: (text, phase) => run.emit({ kind: "notice", phase, text }),
  });
}
