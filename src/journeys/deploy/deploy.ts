import { type DeployOutcome, deployPackage, type PackagePlan, planPackage } from "../../deployer/index.ts";
import { isOperatorError } from "../../lib/errors/index.ts";
import { definePhase, type Effect, type Journal, type Journey, type Phase, type Step } from "../engine/index.ts";
import { keepKeys } from "../phases/keep-keys.ts";
import { serveMirror } from "../phases/serve-mirror.ts";
import { realPorts } from "../real-ports.ts";
import type { UpContext } from "../up/context.ts";
import type { JourneyWorld } from "../world.ts";
import { changesText, packageTitle } from "./changes-text.ts";
import type { DeployContext } from "./context.ts";
import type { OpenDeployment } from "./open-deployment.ts";
import { tellStep } from "./tell-step.ts";

/** What was deployed, as it is at the end. */
export interface DeployReport extends DeployOutcome {
  readonly cluster: string;
}

/**
 * One package into one cluster: look at what it would change, then do it. A package of a site's bundle has its images there, so that
 * is served while it is deployed.
 */
export function deploy(
  open: Pick<OpenDeployment, "context" | "served">,
  options: { readonly world: JourneyWorld; readonly journal: Journal | undefined },
): Journey<DeployContext, DeployReport> {
  const context: DeployContext = { ...open.context, found: {} };
  const common = {
    id: "deploy",
    subject: context.subject,
    report: async ({ subject, found, pkg }: DeployContext) => {
      if (found.outcome === undefined) throw new Error(`a run that deploys ${pkg.name} ends with an outcome`);
      return await Promise.resolve({ cluster: subject, ...found.outcome });
    },
  };
  if (open.served === undefined) return { ...common, phases: [deployPhase], context };
  const { site, bundle, stateFolder } = open.served;
  const { world, journal } = options;
  if (journal === undefined) throw new Error("a run on a site is always remembered");
  const served: ServedContext = {
    ...context,
    ...{ site, bundle, stateFolder, journal, world, ports: world.ports ?? realPorts, memory: {} },
  };
  const phases: Journey<ServedContext, DeployReport>["phases"] = [keepKeys, serveOnce, deployPhase];
  // Its own phases see the whole of it; everybody else the part that every deployment has.
  return { ...common, phases, context: served } as Journey<ServedContext, DeployReport> as unknown as Journey<
    DeployContext,
    DeployReport
  >;
}

type ServedContext = DeployContext & UpContext;

/** As the phase of `up`; where another command serves the bundle already, that one will do. */
const serveOnce: Phase<UpContext> = {
  ...serveMirror,
  look: async (context, options) => {
    try {
      return await serveMirror.look(context, options);
    } catch (error) {
      if (!isOperatorError(error, "MIRROR_PORT_TAKEN")) throw error;
      options.notice("something serves on the mirror's port already; the nodes pull from that");
      return [];
    }
  },
};

const deployPhase = definePhase<DeployContext, PackagePlan>({
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
