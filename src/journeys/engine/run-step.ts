import type { OperatorError } from "../../lib/errors/index.ts";
import { isOperatorError } from "../../lib/errors/index.ts";
import { awaitCondition } from "./await-condition.ts";
import { nodeOf } from "./plan-steps.ts";
import { placeError, reportError } from "./report-error.ts";
import { retryApply } from "./retry-apply.ts";
import type { Run } from "./run.ts";
import { digestInputs } from "./step-digest.ts";
import type { Step } from "./types.ts";

export type StepOutcome =
  | { readonly kind: "succeeded" }
  | { readonly kind: "cancelled" }
  | { readonly kind: "failed"; readonly error: unknown };

/**
 * Runs one step to its end: apply (again where the error says so), wait for what must hold, write it into the journal,
 * tell it. Never rejects for a failure of the step itself.
 *
 * @throws OperatorError FILE_UNWRITABLE when the journal cannot be written: then the step is done, but not remembered
 */
export async function runStep(run: Run, phase: string, step: Step): Promise<StepOutcome> {
  const node = nodeOf(step);
  const at = { phase, step: step.id, ...(node === undefined ? {} : { node }) };
  const startMs = run.clock.now().getTime();
  run.emit({ kind: "step.started", ...at });
  const outcome = await attempt(run, step, at);
  const durationMs = run.clock.now().getTime() - startMs;
  await run.journal?.append({
    time: run.clock.now().toISOString(),
    run: run.id,
    step: step.id,
    inputs: digestInputs(step.inputs),
    outcome: outcome.kind,
    durationMs,
    ...(outcome.kind === "failed" ? { error: reportError(outcome.error).code } : {}),
  });
  if (outcome.kind === "failed") {
    const setAside = step.mayBeSetAside === true && node !== undefined && isOperatorError(outcome.error);
    run.emit({ kind: "step.failed", ...at, error: reportError(outcome.error), setAside });
  } else {
    run.emit({ kind: outcome.kind === "succeeded" ? "step.succeeded" : "step.cancelled", ...at, durationMs });
  }
  if (outcome.kind === "succeeded") await run.afterStep?.(step);
  return outcome;
}

type Place = { readonly phase: string; readonly step: string; readonly node?: string };

async function attempt(run: Run, step: Step, at: Place): Promise<StepOutcome> {
  const { clock, random, signal } = run;
  try {
    if (step.refusal !== undefined) throw step.refusal satisfies OperatorError;
    const options = {
      signal,
      progress: (text: string) => run.emit({ kind: "step.progress", ...at, text }),
      notice: (text: string) =>
        run.emit({ kind: "notice", phase: at.phase, text, ...(at.node === undefined ? {} : { node: at.node }) }),
    };
    const onRetry = (error: unknown) => run.emit({ kind: "step.retrying", ...at, error: reportError(error) });
    for (let retries = step.retries ?? 0; ; retries -= 1) {
      await retryApply(() => step.apply(options), { clock, random, signal, onRetry });
      try {
        await holds(run, step, at);
        return { kind: "succeeded" };
      } catch (error) {
        if (signal.aborted || retries === 0 || !mayMend(error)) throw error;
        onRetry(error);
      }
    }
  } catch (error) {
    // Once the run is stopped, whatever a step throws is only how it noticed.
    if (signal.aborted) return { kind: "cancelled" };
    return { kind: "failed", error: placeError(error, at) };
  }
}

/** Waits for what must hold after the step, if anything must. */
async function holds({ clock, signal, emit }: Run, { until }: Step, at: Place): Promise<void> {
  if (until === undefined) return;
  const { description } = until;
  const onWaiting = (reason: string) => emit({ kind: "condition.waiting", ...at, description, reason });
  await awaitCondition(until, { clock, signal, onWaiting });
}

/** Whether going through the step again may help: something failed and may pass. Time that ran out has been waited already. */
function mayMend(error: unknown): boolean {
  return isOperatorError(error) && error.retry === "same" && error.code !== "CONDITION_TIMED_OUT";
}
