import {
  planRemoval,
  type RemoveOutcome,
  type RemovePlan,
  type RemoveRequest,
  removePackage,
} from "../../deployer/index.ts";
import { definePhase, type Journey, type Step } from "../engine/index.ts";
import { packageTitle } from "./changes-text.ts";
import { tellStep } from "./tell-step.ts";

export interface RemoveContext {
  readonly subject: string;
  readonly request: Omit<RemoveRequest, "signal" | "onEvent">;
  readonly found: { plan?: RemovePlan; outcome?: RemoveOutcome };
}

export interface RemoveReport extends RemoveOutcome {
  readonly cluster: string;
}

/** A package out of a cluster, whoever deployed it. */
export function remove(context: Omit<RemoveContext, "found">): Journey<RemoveContext, RemoveReport> {
  return {
    id: "remove",
    subject: context.subject,
    phases: [removePhase],
    context: { ...context, found: {} },
    report: async ({ subject, found }) => {
      if (found.outcome === undefined) throw new Error("a run of remove ends with an outcome");
      return { cluster: subject, ...found.outcome };
    },
  };
}

const removePhase = definePhase<RemoveContext, RemovePlan>({
  id: "remove",
  title: "Remove package",
  observe: async (context, { signal }) => {
    context.found.plan = await planRemoval({ ...context.request, signal });
    return context.found.plan;
  },
  plan: ({ request, found, subject }, plan) => {
    const releases = plan.components.flatMap((component) => component.releases).length;
    const step: Step = {
      id: `remove/${request.name}`,
      title: `remove ${plan.isWhole ? "package" : `${plan.components.map(({ name }) => name).join(", ")} of package`} ${packageTitle(plan.package)}: ${releases} ${releases === 1 ? "release" : "releases"}`,
      target: { kind: "cluster", name: subject },
      effect: "destroy",
      inputs: { package: request.name },
      apply: async ({ signal, progress, notice }) => {
        found.outcome = await removePackage({ ...request, signal, onEvent: tellStep({ progress, notice }) });
      },
    };
    return plan.components.length === 0 ? [] : [[step]];
  },
});
