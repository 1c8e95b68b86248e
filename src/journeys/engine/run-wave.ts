import { isOperatorError } from "../../lib/errors/index.ts";
import { isChange, nodeOf } from "./plan-steps.ts";
import { joinErrors, reportError } from "./report-error.ts";
import type { Run } from "./run.ts";
import { runStep } from "./run-step.ts";
import type { Step, Wave } from "./types.ts";

/** How long is still waited for others after a failure that ends the run: enough to hear what else has failed. */
const WAIT_ON_MS = 30_000;

/**
 * Runs the steps of one wave side by side, up to the run's concurrency. Steps of nodes that were set aside are skipped.
 * After a failure that sets no node aside nothing new is started, but what runs is finished, so that the next run finds
 * fewer things half done. Steps that only wait leave nothing half done: they are cancelled half a minute later.
 *
 * @throws the failure, or all of them as one; the signal's reason when the run is stopped
 */
export async function runWave(run: Run, phase: string, wave: Wave): Promise<void> {
  const failures: unknown[] = [];
  const patience = patienceAfter(run);
  const fail = (error: unknown) => {
    failures.push(error);
    patience.begin();
  };
  const queue = wave.values();
  const worker = async (): Promise<void> => {
    for (const step of queue) {
      if (run.signal.aborted || failures.length > 0) return;
      if (isLeftOut(run, phase, step)) continue;
      try {
        const outcome = await runStep(step.effect === "wait" ? patience.run : run, phase, step);
        if (outcome.kind === "succeeded" && isChange(step)) run.tally.changed += 1;
        if (outcome.kind === "failed" && !setAside(run, step, outcome.error)) fail(outcome.error);
      } catch (error) {
        fail(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(run.concurrency, wave.length) }, worker));
  await patience.end();
  run.signal.throwIfAborted();
  if (failures.length > 0) throw joinErrors(failures);
}

/** The run for steps that only wait: once `begin` was called, its signal aborts when patience is over. */
function patienceAfter(run: Run): {
  readonly run: Run;
  readonly begin: () => void;
  readonly end: () => Promise<void>;
} {
  const lost = new AbortController();
  const ended = new AbortController();
  let alarm: Promise<void> | undefined;
  return {
    run: { ...run, signal: AbortSignal.any([run.signal, lost.signal]) },
    begin: () => {
      alarm ??= run.clock.sleep(WAIT_ON_MS, { signal: ended.signal }).then(
        () => lost.abort(new Error("the run has failed")),
        () => undefined,
      );
    },
    end: async () => {
      ended.abort();
      await alarm;
    },
  };
}

function isLeftOut(run: Run, phase: string, step: Step): boolean {
  const node = nodeOf(step);
  const aside = node === undefined ? undefined : run.tally.setAside.get(node);
  if (node === undefined || aside === undefined) return false;
  run.tally.skipped += 1;
  const reason = `${node} was set aside: ${aside.error.message}`;
  run.emit({ kind: "step.skipped", phase, step: step.id, node, reason });
  return true;
}

/** Whether the failure only costs this node. A bug in us is never set aside. */
function setAside(run: Run, step: Step, error: unknown): boolean {
  const node = nodeOf(step);
  if (step.mayBeSetAside !== true || node === undefined || !isOperatorError(error)) return false;
  run.tally.setAside.set(node, { node, error: reportError(error) });
  return true;
}
