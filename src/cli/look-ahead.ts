import type { Journey, JourneyPlan } from "../journeys/index.ts";
import { OperatorError } from "../lib/errors/index.ts";
import type { Call, Outcome } from "./command.ts";
import { exitCodeOf } from "./exit-code.ts";
import { renderPlan } from "./views/plan.ts";

export type Plan = JourneyPlan;

/** Plans a journey and says meanwhile what it looks at. */
export async function lookAhead<Context>(call: Call, journey: Journey<Context, unknown>): Promise<Plan> {
  const { planJourney } = await import("../journeys/index.ts");
  const { stderr, isAnimated } = call.terminal;
  const say = (title: string) => {
    if (call.flags.quiet) return;
    stderr.write(
      isAnimated ? `\r\u001b[K${stderr.colors.dim(`looking: ${title}`)}` : `${journey.subject}  looking: ${title}\n`,
    );
  };
  call.onInterrupt(() => "looking; nothing was changed");
  try {
    return await planJourney(journey, {
      clock: call.clock,
      signal: call.signal,
      until: call.flags.until,
      onLook: (phase) => say(phase.title),
    });
  } finally {
    if (isAnimated && !call.flags.quiet) stderr.write("\r\u001b[K");
  }
}

/** A dry run ends with its plan; with the exit code of what would stop the run, where something would. */
export function planOutcome(
  call: Call,
  plan: Plan,
  details?: { readonly text: string; readonly data: object },
): Outcome {
  const error = refusalOf(plan);
  return {
    exit: error === undefined ? 0 : exitCodeOf(error),
    text: [renderPlan(plan, call.terminal.stdout.colors), ...(details === undefined ? [] : [details.text])].join(
      "\n\n",
    ),
    document: { kind: "Plan", data: { ...plan, ...details?.data } },
    ...(error === undefined ? {} : { error, epilogue: "This was a dry run. Nothing was changed." }),
  };
}

/** What would stop the run, as far as looking shows: all of it, under the code of the first. */
export function refusalOf(plan: Plan): OperatorError | undefined {
  const aside = new Set(plan.setAside.map((each) => each.node));
  const refused = plan.phases.flatMap((phase) =>
    phase.waves.flat().flatMap((step) => {
      if (step.refusal === undefined || (step.target.kind === "node" && aside.has(step.target.name))) return [];
      return [{ phase, step, refusal: step.refusal }];
    }),
  );
  const [first, ...others] = refused;
  // A refusal is an operator error, never a bug: the engine's types say so.
  if (first === undefined) return undefined;
  const { phase, refusal } = first;
  const { code } = refusal;
  if (code === "BUG") return undefined;
  const message = others.length === 0 ? refusal.message : `${refusal.message} (and ${others.length} more)`;
  return new OperatorError(code, message, {
    where: { ...refusal.where, phase: phase.title },
    next: [...new Set(refused.flatMap((each) => each.refusal.next))],
    problems:
      others.length === 0
        ? refusal.problems
        : refused.map((each) => ({ message: each.refusal.message, where: each.refusal.where })),
    retry: "later",
  });
}
