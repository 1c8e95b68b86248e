import { reportError } from "./report-error.ts";
import type { PlannedStep, Step, Wave } from "./types.ts";

/** What a plan shows of steps: everything but their functions and inputs. */
export function describeWaves(waves: readonly Wave[]): readonly (readonly PlannedStep[])[] {
  return waves.map((wave) => wave.map(describeStep));
}

function describeStep(step: Step): PlannedStep {
  return {
    id: step.id,
    title: step.title,
    target: step.target,
    effect: step.effect,
    ...(step.provisional === undefined ? {} : { provisional: step.provisional }),
    ...(step.refusal === undefined ? {} : { refusal: reportError(step.refusal) }),
  };
}

/** Whether a step that succeeds has changed something. */
export function isChange(step: Pick<Step, "effect">): boolean {
  return step.effect !== "wait";
}

/** The node a step is about, if it is about one. */
export function nodeOf(step: Pick<Step, "target">): string | undefined {
  return step.target.kind === "node" ? step.target.name : undefined;
}
