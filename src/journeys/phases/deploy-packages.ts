import {
  deployPackage,
  type OpenPackage,
  type PackagePlan,
  type PackageRequest,
  packageReadiness,
  planPackage,
} from "../../deployer/index.ts";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { controlPlanesOf, type Site } from "../../site/index.ts";
import { changesText } from "../deploy/changes-text.ts";
import { tellStep } from "../deploy/tell-step.ts";
import { type ConditionState, definePhase, type Effect, type Phase, type Step } from "../engine/index.ts";
import { packageEntry } from "../package-entry.ts";
import { openStoredPackage } from "../stored-package.ts";
import { engineOf, remembered, type UpContext } from "../up/context.ts";
import { namingCutOff } from "../up/cut-off.ts";
import { nextInCluster } from "../up/next-steps.ts";
import { waitsMs } from "../up/waits.ts";
import { workplaceOf } from "../up/workplace.ts";

type Entry = Site["packages"][number];

interface Found {
  readonly entry: Entry;
  readonly pkg: OpenPackage;
  /** What deploying would do; undefined where there is no API server to ask yet. */
  readonly change: { readonly effect: Effect; readonly text: string } | undefined;
  readonly ready: boolean;
  /** What it would run on this machine. */
  readonly commands: readonly string[];
  /** Nodes that the run goes on without: pods may have nowhere to run. */
  readonly setAside: ReadonlySet<string>;
}

const MAX_NAMED = 5;

const titles = {
  "before-ready": "Deploy packages that nodes need to be Ready",
  "after-ready": "Deploy packages",
} as const;

/** The site's packages in its order: those marked `before: ready` (a pod network) as soon as the API server answers, the rest later. */
export function deployPackages(when: keyof typeof titles): Phase<UpContext> {
  return definePhase<UpContext, readonly Found[]>({
    id: `packages-${when}`,
    title: titles[when],
    observe: async (context, { signal, setAside, notice }) => {
      const entries = context.site.packages.filter((entry) => (entry.before === "ready") === (when === "before-ready"));
      const found: Found[] = [];
      for (const entry of entries) found.push({ ...(await lookAtPackage(context, entry, signal)), setAside });
      for (const { pkg, commands } of found)
        for (const command of commands) notice(`package ${pkg.name} runs on this machine: ${command}`);
      return found;
    },
    // One package after the other: a later one may need an earlier one.
    plan: (context, found) => {
      const done = found.filter(({ change, ready }) => change?.effect === "wait" && ready);
      for (const { pkg } of done) note(context, pkg);
      return found.filter((each) => !done.includes(each)).map((each) => [deploy(context, each, when)]);
    },
  });
}

async function lookAtPackage(context: UpContext, entry: Entry, signal: AbortSignal): Promise<Omit<Found, "setAside">> {
  const { bundle } = context;
  const stored = bundle.packages().find((candidate) => candidate.name === entry.name);
  if (stored === undefined) throw new Error(`${entry.name}: verify-bundle asks for every package`);
  const pkg = await openStoredPackage(bundle, stored, { signal });
  const request = await requestFor(context, { entry, pkg }, signal);
  if (request === undefined) return { entry, pkg, change: undefined, ready: false, commands: [] };
  try {
    const plan = await planPackage(request);
    const state = plan.isSettled ? await packageReadiness(request) : undefined;
    const effect: Effect = plan.isSettled ? "wait" : plan.record === "created" ? "create" : "change";
    const commands = plan.isSettled ? [] : commandsOf(plan);
    return { entry, pkg, change: { effect, text: changesText(plan) }, ready: state?.state === "ready", commands };
  } catch (error) {
    // The API server of a dry run may be away; what is wrong with the package itself is not hidden.
    if (isOperatorError(error, "KUBE_UNREACHABLE"))
      return { entry, pkg, change: undefined, ready: false, commands: [] };
    throw error;
  }
}

function commandsOf(plan: PackagePlan): readonly string[] {
  const actions = plan.components.flatMap((component) => component.actions);
  return actions.flatMap(({ cmd, component, moment }) =>
    cmd === undefined ? [] : [`${component}, ${moment}: ${cmd.trim()}`],
  );
}

async function requestFor(
  context: UpContext,
  { entry, pkg }: Pick<Found, "entry" | "pkg">,
  signal: AbortSignal,
): Promise<PackageRequest | undefined> {
  const { cluster, streams } = context.memory;
  if (cluster === undefined) return undefined;
  const { site, world, ports } = context;
  const asked = await packageEntry(site, entry, { ...ports, identityFile: world.identityFile });
  return {
    pkg,
    cluster,
    engine: engineOf(context),
    ...asked,
    ...(streams === undefined ? {} : { streams }),
    workplace: workplaceOf(context),
    clock: world.clock,
    signal,
  };
}

function deploy(context: UpContext, found: Found, when: keyof typeof titles): Step {
  const { entry, pkg, change } = found;
  const name = [pkg.name, pkg.version].filter((part) => part !== "").join(" ");
  const wait = change?.effect === "wait";
  return {
    id: `packages-${when}/${pkg.name}`,
    title: wait
      ? `wait for package ${name}`
      : `deploy package ${name}${change === undefined || change.text === "" ? "" : `: ${change.text}`}`,
    target: { kind: "cluster", name: context.site.name },
    effect: change?.effect ?? "create",
    inputs: { package: pkg.digest, variables: Object.keys(entry.variables).sort() },
    ...(change === undefined ? { provisional: "after Wait for the API server" } : {}),
    apply: async ({ signal, progress, notice }) => {
      if (wait) return;
      remembered(context, "cluster");
      const request = await requestFor(context, found, signal);
      if (request === undefined) throw new Error("phase order: no cluster to deploy to");
      try {
        await deployPackage({ ...request, onEvent: tellStep({ progress, notice }) });
      } catch (error) {
        signal.throwIfAborted();
        throw await withCircumstances(context, found, error, signal);
      }
    },
    until: namingCutOff(context, controlPlanesOf(context.site), {
      description: `package ${pkg.name} is ready`,
      deadlineMs: waitsMs.package,
      next: nextInCluster,
      check: async ({ signal }) => {
        const state = await readinessOf(context, found, signal);
        if (state.kind === "ready") note(context, pkg);
        return state;
      },
    }),
  };
}

/** What is waited for may wait for nodes: those that were set aside, and control planes that are cut off. */
async function withCircumstances(
  context: UpContext,
  { setAside }: Found,
  error: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  if (!isOperatorError(error, "RELEASE_NOT_READY") && !isOperatorError(error, "PACKAGE_NOT_READY")) return error;
  const away = [...setAside];
  const reason = away.length === 0 ? error.message : `${error.message}; ${awayText(away)}`;
  const state = await namingCutOff(context, controlPlanesOf(context.site), {
    description: "",
    deadlineMs: 0,
    check: async () => await Promise.resolve({ kind: "waiting", reason }),
  }).check({ signal });
  const { code, where, next, retry, cause, problems } = error;
  const message = state.kind === "waiting" ? state.reason : reason;
  return new OperatorError(code, message, { where, next: [...next, ...nextInCluster], retry, cause, problems });
}

async function readinessOf(context: UpContext, found: Found, signal: AbortSignal): Promise<ConditionState> {
  const request = await requestFor(context, found, signal);
  if (request === undefined) return { kind: "waiting", reason: "no API server yet" };
  const { state, reason } = await packageReadiness(request);
  if (state === "ready") return { kind: "ready" };
  const away = [...found.setAside];
  return { kind: state, reason: away.length === 0 ? reason : `${reason}; ${awayText(away)}` };
}

/** "w-1, w-2 were set aside" */
function awayText(nodes: readonly string[]): string {
  const named = nodes.slice(0, MAX_NAMED).join(", ");
  const more = nodes.length > MAX_NAMED ? ` and ${nodes.length - MAX_NAMED} more` : "";
  return `${named}${more} ${nodes.length === 1 ? "was" : "were"} set aside`;
}

function note(context: UpContext, pkg: OpenPackage): void {
  const others = (context.memory.packages ?? []).filter((known) => known.name !== pkg.name);
  context.memory.packages = [...others, { name: pkg.name, version: pkg.version, state: "ready" }];
}
