import { type DeployOutcome, deployPackage, type PackagePlan, planPackage } from "../../deployer/index.ts";
import { definePhase, type Effect, type Journey, type Step } from "../engine/index.ts";
import type { DeployContext } from "./context.ts";
import { tellStep } from "./tell-step.ts";

/** What was deployed, as it is at the end. */
export interface DeployReport extends DeployOutcome {
  readonly cluster: string;
}

/** One package into one cluster: look at what it would change, then do it. */
export function deploy(context: Omit<DeployContext, "found">): Journey<DeployContext, DeployReport> {
  return {
    id: "deploy",
    subject: context.subject,
    phases: [deployPhase],
    context: { ...context, found: {} },
    report: async ({ subject, found }) => {
      if (found.outcome === undefined) throw new Error("a run of deploy ends with an outcome");
      return { cluster: subject, ...found.outcome };
    },
  };
}

/** A package in few words: "demo 1.0.0". */
export const packageTitle = ({ name, version }: { readonly name: string; readonly version: string }): string =>
  [name, version].filter((part) => part !== "").join(" ");

export const deployPhase = definePhase<DeployContext, PackagePlan>({
  id: "deploy",
  title: "Deploy package",
  observe: async (context, { signal }) => {
    const { pkg, request } = context;
    context.found.plan = await planPackage({ ...request, pkg, signal });
    return context.found.plan;
  },
  plan: (context, plan) => {
    const { pkg, request, found, subject } = context;
    const counts = changesText(plan);
    const step: Step = {
      id: `deploy/${pkg.name}`,
      title: plan.isUnchanged
        ? `package ${packageTitle(pkg)} is there; wait until it is ready`
        : `deploy package ${packageTitle(pkg)}${counts === "" ? "" : `: ${counts}`}`,
      target: { kind: "cluster", name: subject },
      effect: effectOf(plan),
      inputs: { package: pkg.digest },
      apply: async ({ signal, progress, notice }) => {
        found.outcome = await deployPackage({ ...request, pkg, signal, onEvent: tellStep({ progress, notice }) });
      },
    };
    return [[step]];
  },
});

function effectOf(plan: PackagePlan): Effect {
  if (plan.isUnchanged) return "wait";
  if (plan.prunes.length > 0) return "replace";
  return plan.record === "created" ? "create" : "change";
}

/** "3 created, 1 changed, 2 removed, 4 commands" */
export function changesText(plan: PackagePlan): string {
  const objects = plan.components.flatMap((component) => [
    ...component.objects,
    ...component.releases.flatMap((release) => release.plan?.objects ?? []),
  ]);
  const count = (outcome: string) => objects.filter((each) => each.outcome === outcome).length;
  const commands = plan.components.flatMap(({ actions }) => actions.filter(({ isCommand }) => isCommand)).length;
  const parts = [
    [count("created"), "created"],
    [count("configured"), "changed"],
    [count("pruned") + plan.prunes.flatMap((prune) => prune.objects).length, "removed"],
    [plan.components.flatMap(({ files }) => files).length, "files on this machine"],
    [commands, commands === 1 ? "command" : "commands"],
  ] as const;
  return parts
    .filter(([number]) => number > 0)
    .map(([number, word]) => `${number} ${word}`)
    .join(", ");
}
