import { objectName } from "../../kube/index.ts";
import { isOperatorError } from "../../lib/errors/index.ts";
import type { ListedAction } from "../actions/index.ts";
import { planRelease, type ReleasePlan } from "../charts/releases/index.ts";
import type { PlannedFile } from "../files/index.ts";
import type { ComponentDefinition } from "../package/definition.ts";
import { plannedFiles } from "./component-files.ts";
import { type ComponentRelease, componentReleases } from "./component-release.ts";
import { recorderOf, wasDeployed } from "./deploy.ts";
import { ownerOf } from "./deploy-component.ts";
import { maskSensitive } from "./mask.ts";
import { type NamespaceNeeds, namespaceChanges } from "./namespaces.ts";
import { imagesOf, setsVariables } from "./needs.ts";
import { openRun } from "./open-run.ts";
import { recordedObjects } from "./recorded-objects.ts";
import type { PackageRequest } from "./request.ts";
import type { Run, Site } from "./run.ts";
import { componentTemplates } from "./templates.ts";

/** What a deployment would do, as plain data; secrets are not in it. */
export interface PackagePlan {
  readonly package: { readonly name: string; readonly version: string; readonly digest: string };
  /** Images and repositories keep their names, or go to the cluster's own servers. */
  readonly connectivity: "airgap" | "connected";
  readonly components: readonly ComponentPlan[];
  /** Releases that an earlier version brought and this one does not have, in the order of their removal. */
  readonly prunes: readonly PlannedPrune[];
  /** Of the Secret that records the package; "none" where it needs no cluster. */
  readonly record: "created" | "configured" | "unchanged" | "none";
  /** Nothing would be written, and no command run. */
  readonly isUnchanged: boolean;
  /** This very package is there as it should be; its actions and files have had their turn when it was deployed. */
  readonly isSettled: boolean;
}

export interface ComponentPlan {
  readonly name: string;
  readonly description?: string;
  /** What runs on this machine, in its order. */
  readonly actions: readonly ListedAction[];
  /** That are put on this machine. */
  readonly files: readonly PlannedFile[];
  /** That go to the cluster's registry; what it has already is not sent. */
  readonly images: readonly string[];
  /** That go to the cluster's Git server; what it has already is not sent. */
  readonly repositories: readonly string[];
  readonly dataInjections: readonly string[];
  /** Namespaces, and the secrets in them. */
  readonly objects: readonly { readonly object: string; readonly outcome: "created" | "configured" }[];
  readonly releases: readonly PlannedRelease[];
  readonly healthChecks: readonly string[];
}

export interface PlannedRelease {
  /** "chart web", "manifest config" */
  readonly title: string;
  readonly name: string;
  readonly namespace: string;
  /** Undefined where it cannot be known yet. */
  readonly plan: Omit<ReleasePlan, "manifest"> | undefined;
  /** Why it cannot be known, or may be otherwise: "after the actions of component setup". */
  readonly provisional?: string;
}

export interface PlannedPrune {
  readonly component: string;
  readonly release: string;
  readonly namespace: string;
  /** `Kind/namespace/name` of everything that goes with it. */
  readonly objects: readonly string[];
}

/**
 * Asks the cluster what deploying a package would change, object by object, by server-side dry run. Writes nothing and runs no
 * action.
 *
 * @throws OperatorError as deploying would
 */
export async function planPackage(request: PackageRequest): Promise<PackagePlan> {
  const run = await openRun(request);
  try {
    return await plan(run);
  } finally {
    await run.close();
  }
}

async function plan(run: Run): Promise<PackagePlan> {
  const { definition, pkg, site } = run;
  const components: ComponentPlan[] = [];
  let after: string | undefined;
  for (const component of definition.components) {
    if (setsVariables(component)) after ??= `after the actions of component ${component.name}`;
    components.push(await planComponent(run, component, after));
  }
  const recorder = site === undefined ? undefined : recorderOf(run, site, { holder: "", host: "", pid: 0, run: "" });
  for (const { name, releases } of components)
    for (const release of releases) recorder?.expect(name, { namespace: release.namespace, chartName: release.name });
  const dropped = run.options.prune ? (recorder?.dropped() ?? []) : [];
  const prunes = site === undefined ? [] : await Promise.all(dropped.map((each) => planPrune(run, site, each)));
  const isTouched = prunes.length > 0 || components.some(changes);
  const record = site === undefined ? "none" : recordPlan(run, site, isTouched);
  return {
    package: { name: pkg.name, version: pkg.version, digest: pkg.digest },
    connectivity: site === undefined || site.isConnected ? "connected" : "airgap",
    components,
    prunes,
    record,
    isUnchanged: record === "unchanged" && !isTouched,
    isSettled: site !== undefined && wasDeployed(run, site) && prunes.length === 0 && !components.some(changesCluster),
  };
}

/** Images and repositories that are there already are no change; whether they are is found out by pushing. */
function changes(component: ComponentPlan): boolean {
  const { actions, dataInjections, files } = component;
  return changesCluster(component) || [actions, dataInjections, files].some((list) => list.length > 0);
}

function changesCluster({ objects, releases }: ComponentPlan): boolean {
  return objects.length > 0 || releases.some(({ plan }) => plan?.outcome !== "unchanged");
}

function recordPlan(run: Run, site: Site, isTouched: boolean): PackagePlan["record"] {
  if (site.before === undefined) return "created";
  return isTouched || !wasDeployed(run, site) ? "configured" : "unchanged";
}

async function planComponent(
  run: Run,
  component: ComponentDefinition,
  after: string | undefined,
): Promise<ComponentPlan> {
  const { site, pkg, signal } = run;
  const files = await pkg.component(component.name, { signal });
  const isPushed = site !== undefined && !site.isConnected;
  const objects = new Map<string, { readonly object: string; readonly outcome: "created" | "configured" }>();
  const releases: PlannedRelease[] = [];
  if (site !== undefined) {
    const owner = ownerOf(run, site);
    const tell = (found: { readonly object: string; readonly outcome: "created" | "configured" }) => {
      objects.set(found.object, { object: found.object, outcome: found.outcome });
    };
    for (const release of componentReleases({ owner, component, files, templates: componentTemplates(run, component) }))
      releases.push(await planOne({ run, site, release, after, tell }));
  }
  return {
    name: component.name,
    ...(component.description === undefined ? {} : { description: component.description }),
    actions: run.actions.filter((each) => each.component === component.name && each.occasion === "onDeploy"),
    files: await plannedFiles(run, component, files),
    images: isPushed ? imagesOf(component) : [],
    repositories: isPushed ? component.repos : [],
    dataInjections: component.dataInjections.map(
      ({ target }) => `${target.namespace}/${target.selector}: ${target.path}`,
    ),
    objects: [...objects.values()],
    releases,
    healthChecks: component.healthChecks.map(({ kind, namespace, name }) =>
      [kind, namespace, name].filter((part) => part !== "").join("/"),
    ),
  };
}

interface PlanOne {
  readonly run: Run;
  readonly site: Site;
  readonly release: ComponentRelease;
  readonly after: string | undefined;
  readonly tell: (found: { readonly object: string; readonly outcome: "created" | "configured" }) => void;
}

async function planOne({ run, site, release, after, tell }: PlanOne): Promise<PlannedRelease> {
  const { title, name, namespace } = release;
  const { signal, options } = run;
  const provisional = after === undefined ? {} : { provisional: after };
  const look = async (needs: NamespaceNeeds) => {
    const world = {
      cluster: site.cluster,
      clock: run.clock,
      signal,
      state: site.state,
      takeOwnership: options.takeOwnership,
    };
    for (const change of await namespaceChanges(world, needs)) tell(change);
  };
  try {
    await look({ release: namespace, declared: [], mentioned: [] });
    const { render } = await release.prepare({ signal }, look);
    const { manifest: _manifest, ...found } = await planRelease({
      cluster: site.cluster,
      engine: run.engine,
      clock: run.clock,
      signal,
      name,
      namespace,
      render,
      serverSideApply: release.serverSideApply,
      noWait: release.noWait,
      timeoutMs: options.timeoutMs,
      maxHistory: 10,
      takeOwnership: options.takeOwnership,
      forceConflicts: options.forceConflicts,
    });
    return { title, name, namespace, plan: masked(found, maskSensitive(run.scope.now())), ...provisional };
  } catch (error) {
    // What the actions are going to set may be what is missing here.
    if (after === undefined || !isOperatorError(error)) throw error;
    signal.throwIfAborted();
    return { title, name, namespace, plan: undefined, provisional: after };
  }
}

type FoundPlan = Omit<ReleasePlan, "manifest">;

/** Secrets are hidden already; a sensitive value may be somewhere else all the same. */
function masked(plan: FoundPlan, mask: (text: string) => string): FoundPlan {
  const objects = plan.objects.map((object) => ({
    ...object,
    ...(object.refused === undefined ? {} : { refused: mask(object.refused) }),
    fields: object.fields.map(({ path, from, to }) => ({
      path,
      ...(from === undefined ? {} : { from: mask(from) }),
      ...(to === undefined ? {} : { to: mask(to) }),
    })),
  }));
  return { ...plan, objects };
}

async function planPrune(
  { signal }: Run,
  { cluster }: Site,
  chart: { readonly component: string; readonly release: string; readonly namespace: string },
): Promise<PlannedPrune> {
  const { component, release, namespace } = chart;
  const objects = await recordedObjects(cluster, { name: release, namespace }, { signal });
  return { component, release, namespace, objects: (objects ?? []).map(objectName) };
}
