import { randomUUID } from "node:crypto";
import { hostname, userInfo } from "node:os";
import type { EventLog, Journal, Journey, JourneyEvent, JourneyResult, Lock, stateFiles } from "../journeys/index.ts";
import { isOperatorError, OperatorError, type Problem } from "../lib/errors/index.ts";
import { askToGoOn } from "./ask.ts";
import type { Call, Outcome } from "./command.ts";
import { exitCodeOf } from "./exit-code.ts";
import { lookAhead, type Plan, planOutcome, refusalOf } from "./look-ahead.ts";
import { type Progress, trackProgress } from "./progress.ts";
import { openView } from "./views/open-view.ts";
import { renderPlan } from "./views/plan.ts";
import type { View } from "./views/view.ts";

export interface Performance<Context, Report extends object> {
  /** Kind of the JSON document: "UpResult". */
  readonly kind: string;
  /** Where the run is remembered; absent for what needs no memory. */
  readonly files?: ReturnType<typeof stateFiles>;
  /** Whether a person is asked before anything is changed. */
  readonly asks: boolean;
  /** Opens the journey; called once for the plan and once more for the run, since a plan closes what it opened. */
  readonly open: (journal: Journal | undefined) => Promise<Journey<Context, Report>>;
  readonly text: (report: Report, end: Ending) => string;
  /** More about the plan than its steps say, once it was made. */
  readonly details?: () => PlanDetails | undefined;
}

export interface PlanDetails {
  /** For people, below the steps. */
  readonly text: string;
  /** For `--json`. */
  readonly data: object;
}

export interface Ending {
  readonly changed: number;
  readonly durationMs: number;
}

/** Runs a journey for a command: plan, question, run, view, records; the same for all. */
export async function performJourney<Context, Report extends object>(
  call: Call,
  performance: Performance<Context, Report>,
): Promise<Outcome> {
  const { openEventLog, openJournal } = await import("../journeys/index.ts");
  const { files } = performance;
  const journal = files === undefined ? undefined : await openJournal(files.journal);
  const log = files === undefined || call.flags.dryRun ? undefined : await openEventLog(files.events);
  try {
    if (call.flags.dryRun || (performance.asks && !call.flags.yes)) {
      const plan = await lookAhead(call, await performance.open(journal));
      const details = performance.details?.();
      if (call.flags.dryRun) return planOutcome(call, plan, details);
      await agree(call, plan, details);
    }
    return await run(call, performance, journal, log);
  } finally {
    await journal?.close();
    await log?.close();
  }
}

async function agree(call: Call, plan: Plan, details: PlanDetails | undefined): Promise<void> {
  const refusal = refusalOf(plan);
  const isNew = plan.changes > 0 || plan.phases.some((phase) => phase.waves.flat().some((step) => step.provisional));
  if (refusal === undefined && !isNew) return;
  const { stderr } = call.terminal;
  stderr.write(`${renderPlan(plan, stderr.colors)}\n\n`);
  if (details !== undefined) stderr.write(`${details.text}\n\n`);
  if (refusal !== undefined) throw refusal;
  await askToGoOn(call, `Do this to ${plan.subject}?`);
}

async function run<Context, Report extends object>(
  call: Call,
  performance: Performance<Context, Report>,
  journal: Journal | undefined,
  log: EventLog | undefined,
): Promise<Outcome> {
  const { runJourney } = await import("../journeys/index.ts");
  const view = await openView(call);
  const progress = trackProgress();
  const runId = randomUUID();
  call.onInterrupt(() => progress.running() ?? call.typed, view.say);
  const emit = (event: JourneyEvent) => {
    progress.see(event);
    log?.write(event);
    view.emit(event);
  };
  try {
    const result = await runJourney(await performance.open(journal), {
      clock: call.clock,
      random: call.random,
      run: runId,
      journal,
      lock: await lockOf(call, performance, runId),
      emit,
      signal: call.signal,
      concurrency: call.flags.concurrency,
      until: call.flags.until,
    });
    await view.close();
    return outcomeOf(call, performance, result, progress);
  } finally {
    await closeQuietly(view);
  }
}

/** Closing twice is allowed; after an error the first one is what counts. */
async function closeQuietly(view: View): Promise<void> {
  await view.close().catch(() => undefined);
}

async function lockOf(
  call: Call,
  performance: Pick<Performance<unknown, object>, "files">,
  run: string,
): Promise<Lock | undefined> {
  if (performance.files === undefined) return undefined;
  const { fileLock } = await import("../journeys/index.ts");
  const self = { holder: userInfo().username, host: hostname(), pid: process.pid, run };
  return fileLock({ path: performance.files.lock, self, clock: call.clock });
}

function outcomeOf<Context, Report extends object>(
  call: Call,
  performance: Performance<Context, Report>,
  result: JourneyResult<Report>,
  progress: Progress,
): Outcome {
  const { changed, skipped, setAside, report } = result;
  const ending = { changed, durationMs: progress.durationMs() };
  const data = {
    changed,
    skipped,
    setAside,
    durationMs: ending.durationMs,
    ...(report === undefined ? {} : { report }),
  };
  const error = result.failed ?? setAsideError(result);
  const text = report === undefined ? endedEarly(call, ending) : performance.text(report, ending);
  const logFile = performance.files?.events;
  if (error === undefined) return { exit: 0, text, document: { kind: performance.kind, data } };
  return {
    exit: exitCodeOf(error),
    ...(result.failed === undefined ? { text } : { epilogue: progress.standing(changed) }),
    document: { kind: performance.kind, data },
    error: withPhaseTitle(withResume(call, error), progress),
    ...(logFile === undefined ? {} : { logFile }),
  };
}

function endedEarly(call: Call, ending: Ending): string {
  const after = call.flags.until === undefined ? "" : `Ended after "${call.flags.until}". `;
  return `${after}${ending.changed === 0 ? "Nothing was changed." : `Changes: ${ending.changed}.`}`;
}

function setAsideError(result: JourneyResult<unknown>): OperatorError | undefined {
  if (result.setAside.length === 0) return undefined;
  const names = result.setAside.map((each) => each.node);
  return new OperatorError("NODES_SET_ASIDE", `done, except for ${names.join(", ")}`, {
    problems: result.setAside.map(
      ({ node, error }): Problem => ({ message: `${error.code}: ${error.message}`, where: { node } }),
    ),
    next: [...new Set(result.setAside.flatMap((each) => each.error.next))],
    retry: "later",
  });
}

/** The same command is how a run goes on: said once, where it helps. */
function withResume(call: Call, error: unknown): unknown {
  if (!isOperatorError(error) || (error.retry === "never" && error.code !== "INTERRUPTED")) return error;
  const { code, message, where, retry, problems, cause } = error;
  const next = [...error.next, `${call.typed}   run again; finished steps are skipped`];
  return new OperatorError(code, message, { where, next, retry, problems, cause });
}

/** People know phases by their titles. */
function withPhaseTitle(error: unknown, progress: Progress): unknown {
  if (!isOperatorError(error) || error.where.phase === undefined) return error;
  const { code, message, next, retry, problems, cause } = error;
  const phase = progress.phaseTitles.get(error.where.phase) ?? error.where.phase;
  return new OperatorError(code, message, { where: { ...error.where, phase }, next, retry, problems, cause });
}
