import type { Clock } from "../../lib/clock.ts";
import { closePhases } from "./close-phases.ts";
import { phasesUntil } from "./phases-until.ts";
import { describeWaves, isChange, nodeOf } from "./plan-steps.ts";
import { placeError, reportError } from "./report-error.ts";
import type { Journey, JourneyPlan, LookOptions, Phase, PlannedPhase, SetAside } from "./types.ts";

/** What a plan may say while it looks: "Check disks". */
export type OnLook = (phase: { readonly id: string; readonly title: string }) => void;

/**
 * Looks at everything and plans, in the order of the phases, without changing anything: a dry run, and what is shown
 * before a person is asked.
 *
 * @param options.until - id of the last phase wanted; default: all
 * @throws what a phase's look throws, with the phase filled in
 */
export async function planJourney<Context>(
  journey: Omit<Journey<Context, unknown>, "report">,
  options: {
    readonly signal: AbortSignal;
    readonly clock: Clock;
    readonly until?: string | undefined;
    readonly onLook?: OnLook;
  },
): Promise<JourneyPlan> {
  const wanted = phasesUntil(journey.phases, options.until);
  const looked: Phase<Context>[] = [];
  const planned: PlannedPhase[] = [];
  const setAside = new Map<string, SetAside>();
  const notices: string[] = [];
  const notice = (text: string) => void notices.push(text);
  try {
    for (const phase of wanted) {
      options.signal.throwIfAborted();
      options.onLook?.(phase);
      looked.push(phase);
      const look: LookOptions = {
        signal: options.signal,
        dryRun: true,
        setAside: new Set(setAside.keys()),
        notice,
      };
      planned.push(await planPhase(phase, journey.context, look, setAside));
    }
  } finally {
    await closePhases(looked, journey.context, { clock: options.clock, notice });
  }
  return {
    journey: journey.id,
    subject: journey.subject,
    phases: planned,
    changes: planned.flatMap((phase) => phase.waves.flat()).filter(isPlannedChange).length,
    setAside: [...setAside.values()],
    notices,
  };
}

async function planPhase<Context>(
  phase: Phase<Context>,
  context: Context,
  look: LookOptions,
  setAside: Map<string, SetAside>,
): Promise<PlannedPhase> {
  try {
    const waves = await phase.look(context, look);
    const kept = waves.map((wave) => wave.filter((step) => !setAside.has(nodeOf(step) ?? "")));
    for (const step of kept.flat()) {
      const node = nodeOf(step);
      if (step.refusal !== undefined && step.mayBeSetAside === true && node !== undefined) {
        setAside.set(node, { node, error: reportError(placeError(step.refusal, { node, phase: phase.id })) });
      }
    }
    return { id: phase.id, title: phase.title, waves: describeWaves(kept).filter((wave) => wave.length > 0) };
  } catch (error) {
    look.signal.throwIfAborted();
    throw placeError(error, { phase: phase.id });
  }
}

function isPlannedChange(step: PlannedPhase["waves"][number][number]): boolean {
  return isChange(step) && step.refusal === undefined;
}
