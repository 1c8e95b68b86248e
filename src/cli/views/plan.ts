import type { JourneyPlan, PlannedPhase, PlannedStep } from "../../journeys/index.ts";
import { redactSecrets, stripControls } from "../../lib/errors/index.ts";
import type { Colors } from "../terminal.ts";

const NODE_LIMIT = 40;

/** A plan as a person reads it: `--dry-run` prints it, and the question before a run shows it. */
export function renderPlan(plan: JourneyPlan, colors: Colors): string {
  const steps = plan.phases.flatMap((phase) => phase.waves.flat());
  const widths = {
    effect: Math.max(0, ...steps.map((step) => step.effect.length)),
    target: Math.min(NODE_LIMIT, Math.max(0, ...steps.map((step) => step.target.name.length))),
  };
  const lines = [
    colors.bold(`Plan of ${plan.journey} for ${plan.subject}`),
    "",
    ...plan.phases.flatMap((phase) => phaseLines(phase, widths, colors)),
    ...(plan.setAside.length === 0
      ? []
      : ["", ...plan.setAside.map((each) => `${each.node} is left out: ${each.error.message}`)]),
    ...(plan.notices.length === 0 ? [] : ["", ...plan.notices]),
    "",
    summary(plan, steps),
  ];
  return redactSecrets(lines.map(stripControls).join("\n"));
}

type Widths = { readonly effect: number; readonly target: number };

function phaseLines(phase: PlannedPhase, widths: Widths, colors: Colors): readonly string[] {
  if (phase.waves.length === 0) return [colors.dim(`${phase.title}: nothing to do`)];
  return [
    phase.title,
    ...phase.waves.flatMap((wave, index) => [
      ...(index === 0 ? [] : [colors.dim("  then")]),
      ...wave.map((step) => stepLine(step, widths, colors)),
    ]),
  ];
}

function stepLine(step: PlannedStep, widths: Widths, colors: Colors): string {
  const effect = step.effect.padEnd(widths.effect);
  const mark = step.refusal !== undefined ? "✗" : step.effect === "destroy" || step.effect === "replace" ? "!" : " ";
  const color = step.refusal !== undefined ? colors.red : mark === "!" ? colors.yellow : (text: string) => text;
  const line = `${mark} ${effect}  ${step.target.name.padEnd(widths.target)}  ${step.title}`;
  const note = step.refusal?.message ?? (step.provisional === undefined ? undefined : afterWords(step.provisional));
  return color(`  ${line}${note === undefined ? "" : `  (${note})`}`);
}

/** Facts that are not there yet are shown as "after Bootstrap etcd"; phases may give the words or only the title. */
function afterWords(provisional: string): string {
  return provisional.startsWith("after ") ? provisional : `after ${provisional}`;
}

function summary(plan: JourneyPlan, steps: readonly PlannedStep[]): string {
  const refused = steps.filter((step) => step.refusal !== undefined).length - plan.setAside.length;
  if (refused > 0) return `This run would fail: ${refused === 1 ? "1 step is" : `${refused} steps are`} refused (✗).`;
  if (steps.length === 0) return "Nothing to do.";
  const later = steps.some((step) => step.provisional !== undefined)
    ? " What comes later is known when it is reached."
    : "";
  return plan.changes === 0
    ? `Nothing to change, ${steps.length} to wait for.${later}`
    : `${plan.changes === 1 ? "1 change" : `${plan.changes} changes`}.${later}`;
}
