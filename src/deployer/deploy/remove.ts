import type { Cluster } from "../../kube/index.ts";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { availableTools, checkActions, type ListedAction, actionsOf as listActions } from "../actions/index.ts";
import type { ChartEngine } from "../charts/engine/index.ts";
import { createChartEngine } from "../charts/engine/index.ts";
import { uninstallRelease } from "../charts/releases/index.ts";
import { BuiltDefinition, type ComponentDefinition, type PackageDefinition } from "../package/definition.ts";
import {
  type DeployedComponent,
  deletePackageRecord,
  type LeaseHolder,
  type PackageRecord,
  readPackageRecord,
  readState,
  recordName,
  takePackageLease,
  writePackageRecord,
} from "../state/index.ts";
import type { VariableLayer } from "../templates/index.ts";
import { type ActionWorld, runActionsAt } from "./component-actions.ts";
import type { DeployEvent } from "./events.ts";
import { matchesGlob } from "./glob.ts";
import { actionsOf } from "./needs.ts";
import { removalScope } from "./removal-scope.ts";
import type { Workplace } from "./request.ts";
import { thisProcess } from "./this-process.ts";
import { localWorkplace, type OpenWorkplace, openWorkplace } from "./workplace.ts";

export interface RemoveRequest {
  /** Of the package, as it was deployed. */
  readonly name: string;
  /** That it was put into with --namespace; empty: where it says itself. */
  readonly namespace?: string;
  /** Names and globs; a leading `-` leaves out. Default: every component. */
  readonly components?: readonly string[];
  readonly cluster: Cluster;
  /** Default: one is made when an action needs it, and closed at the end. */
  readonly engine?: ChartEngine;
  /** For its actions on removal. */
  readonly variables?: readonly VariableLayer[];
  /** For each release; default 900 000 (15 minutes). */
  readonly timeoutMs?: number;
  readonly workplace?: Workplace;
  readonly self?: LeaseHolder;
  readonly clock?: Clock;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: DeployEvent) => void;
}

/** What a removal would do, in its order. */
export interface RemovePlan {
  readonly package: { readonly name: string; readonly version: string };
  readonly components: readonly {
    readonly name: string;
    readonly actions: readonly ListedAction[];
    /** In the order of their removal. */
    readonly releases: readonly { readonly namespace: string; readonly name: string }[];
  }[];
  /** The record goes too: nothing of the package stays. */
  readonly isWhole: boolean;
}

export interface RemoveOutcome {
  readonly package: { readonly name: string; readonly version: string };
  readonly components: readonly string[];
  /** `Kind/namespace/name` of what was deleted. */
  readonly objects: readonly string[];
  readonly isWhole: boolean;
}

const defaultTimeoutMs = 900_000;

/**
 * What removing a package would take away, from its record alone. Writes nothing.
 *
 * @throws OperatorError DEPLOY_PACKAGE_UNKNOWN, DEPLOY_SELECTION_INVALID, STATE_RECORD_INVALID, KUBE_…
 */
export async function planRemoval(request: RemoveRequest): Promise<RemovePlan> {
  const { record, chosen, definition } = await look(request);
  const actions = removalActions(request, definition);
  return {
    package: { name: record.name, version: definition.metadata.version ?? "" },
    components: chosen.map(({ deployed }) => ({
      name: deployed.name,
      actions: actions.filter((each) => each.component === deployed.name),
      releases: deployed.installedCharts
        .toReversed()
        .map(({ namespace, chartName }) => ({ namespace, name: chartName })),
    })),
    isWhole: chosen.length === record.deployedComponents.length,
  };
}

/**
 * Takes a package away, whoever deployed it: its components in reverse order, of each the actions before, its releases in reverse
 * order, the actions after. The record says after every step what is still there, and goes at the end. Images, repositories,
 * files, namespaces and definitions of kinds stay, as Zarf leaves them. Safe to repeat; after an interrupt the next call goes on.
 *
 * @throws OperatorError DEPLOY_PACKAGE_UNKNOWN, DEPLOY_SELECTION_INVALID, STATE_…, RELEASE_…, ACTION_…, KUBE_…
 */
export async function removePackage(request: RemoveRequest): Promise<RemoveOutcome> {
  const { cluster, signal } = request;
  const clock = request.clock ?? systemClock;
  const first = await look(request);
  const name = recordName(first.record.name, first.record.namespaceOverride);
  const lease = await takePackageLease({ cluster, record: name, self: request.self ?? thisProcess(), clock, signal });
  const engine = request.engine ?? createChartEngine();
  try {
    // Somebody else may have removed a part of it before the lease was ours.
    return await remove(
      { ...request, signal: lease.signal, clock, engine },
      await look({ ...request, signal: lease.signal }),
    );
  } finally {
    if (request.engine === undefined) await engine.close();
    await lease.release();
  }
}

interface Chosen {
  readonly deployed: DeployedComponent;
  /** Undefined where the record does not hold its definition. */
  readonly component: ComponentDefinition | undefined;
}

interface Look {
  readonly record: PackageRecord;
  readonly definition: PackageDefinition;
  /** In the order of their removal. */
  readonly chosen: readonly Chosen[];
}

async function look({ cluster, name, namespace, components, signal }: RemoveRequest): Promise<Look> {
  const stored = await readPackageRecord(cluster, { name, namespaceOverride: namespace ?? "" }, { signal });
  if (stored === undefined) throw unknownPackage(name, namespace ?? "");
  const record = stored.value;
  const definition = definitionOf(record);
  const wanted = (components ?? []).map((item) => item.trim()).filter((item) => item !== "");
  const chosen = record.deployedComponents
    .filter((deployed) => isWanted(deployed.name, wanted))
    .toReversed()
    .map((deployed) => ({ deployed, component: definition.components.find((each) => each.name === deployed.name) }));
  if (chosen.length === 0 && wanted.length > 0)
    throw new OperatorError("DEPLOY_SELECTION_INVALID", `no deployed component of ${name} is ${wanted.join(", ")}`, {
      next: [`name one of: ${record.deployedComponents.map((each) => each.name).join(", ")}`],
    });
  return { record, definition, chosen };
}

function isWanted(name: string, wanted: readonly string[]): boolean {
  if (wanted.some((item) => item.startsWith("-") && matchesGlob(item.slice(1), name))) return false;
  const included = wanted.filter((item) => !item.startsWith("-"));
  return included.length === 0 || included.some((item) => matchesGlob(item, name));
}

function unknownPackage(name: string, namespace: string): OperatorError {
  const where = namespace === "" ? "" : ` in namespace ${namespace}`;
  return new OperatorError("DEPLOY_PACKAGE_UNKNOWN", `the cluster has no record of a package ${name}${where}`, {
    next: ["skerry package list   shows what is deployed; give it the same --kubeconfig or --site"],
  });
}

function definitionOf(record: PackageRecord): PackageDefinition {
  const read = BuiltDefinition.safeParse(record.data);
  if (read.success) return read.data;
  throw new OperatorError(
    "STATE_RECORD_INVALID",
    `the record of package ${record.name} holds a definition that cannot be read`,
    {
      where: { object: `Secret/zarf/${recordName(record.name, record.namespaceOverride)}` },
      problems: read.error.issues.map(({ path, message }) => ({ message: `${path.join(".")}: ${message}` })),
      next: ["remove the package with the tool that deployed it"],
    },
  );
}

function removalActions({ workplace }: RemoveRequest, definition: PackageDefinition): readonly ListedAction[] {
  const { platform } = (workplace ?? localWorkplace()).commands;
  return listActions(definition, platform).filter(({ occasion }) => occasion === "onRemove");
}

type Removal = RemoveRequest & { readonly clock: Clock; readonly engine: ChartEngine };

async function remove(request: Removal, { record, definition, chosen }: Look): Promise<RemoveOutcome> {
  const actions = removalActions(request, {
    ...definition,
    components: chosen.flatMap(({ component }) => component ?? []),
  });
  const workplace = await openWorkplace(request.workplace ?? localWorkplace(), { actions, components: [] });
  try {
    await refuseUnsupported(workplace, actions);
    return await removeComponents({ ...request, workplace }, { record, definition, chosen });
  } finally {
    await workplace.close();
  }
}

async function refuseUnsupported(place: Workplace, actions: readonly ListedAction[]): Promise<void> {
  const tools =
    place.path === undefined ? new Set<string>() : await availableTools({ path: place.path, program: place.program });
  checkActions(actions, { occasion: "onRemove", tools, hasCluster: true });
}

async function removeComponents(
  request: Removal & { readonly workplace: OpenWorkplace },
  { record, definition, chosen }: Look,
): Promise<RemoveOutcome> {
  const objects: string[] = [];
  let now = record;
  const write = async (change: (components: readonly DeployedComponent[]) => readonly DeployedComponent[]) => {
    now = { ...now, deployedComponents: change(now.deployedComponents) };
    await writePackageRecord(request.cluster, { value: now }, request);
  };
  const world = await actionWorld(request, definition);
  for (const { deployed, component } of chosen) {
    request.signal.throwIfAborted();
    const { name } = deployed;
    const update = (change: Partial<DeployedComponent>) =>
      write((all) => all.map((each) => (each.name === name ? { ...each, ...change } : each)));
    request.onEvent?.({ kind: "component", component: name, status: "started" });
    await update({ status: "Removing" });
    const act = async (moment: "before" | "after" | "onSuccess" | "onFailure") => {
      if (component === undefined || actionsOf(component.actions.onRemove).length === 0) return;
      await runActionsAt({ ...world, component }, "onRemove", moment);
    };
    try {
      await act("before");
      let left = deployed.installedCharts;
      for (const chart of deployed.installedCharts.toReversed()) {
        objects.push(...(await uninstall(request, name, chart)));
        left = left.filter((each) => each !== chart);
        await update({ installedCharts: left });
      }
      await act("after");
      await act("onSuccess");
    } catch (error) {
      request.signal.throwIfAborted();
      await failed(request, name, async () => {
        await act("onFailure");
        await update({ status: "Failed" });
      });
      throw error;
    }
    await write((all) => all.filter((each) => each.name !== name));
    request.onEvent?.({ kind: "component", component: name, status: "removed" });
  }
  const isWhole = now.deployedComponents.length === 0;
  if (isWhole) await deletePackageRecord(request.cluster, now, request);
  return {
    package: { name: record.name, version: definition.metadata.version ?? "" },
    components: chosen.map(({ deployed }) => deployed.name),
    objects,
    isWhole,
  };
}

/** What stopped the removal is what must be seen, whether or not what follows a failure works. */
async function failed(request: Removal, component: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isOperatorError(error)) throw error;
    request.onEvent?.({ kind: "notice", text: `after the failure of component ${component}: ${error.message}` });
  }
  request.onEvent?.({ kind: "component", component, status: "failed" });
}

async function uninstall(
  request: Removal,
  component: string,
  chart: { readonly namespace: string; readonly chartName: string },
): Promise<readonly string[]> {
  const title = `release ${chart.namespace}/${chart.chartName}`;
  const { outcome, objects, warnings } = await uninstallRelease({
    cluster: request.cluster,
    clock: request.clock,
    signal: request.signal,
    name: chart.chartName,
    namespace: chart.namespace,
    timeoutMs: request.timeoutMs ?? defaultTimeoutMs,
    onProgress: (event) => request.onEvent?.({ kind: "release", component, title, event }),
  });
  for (const text of warnings) request.onEvent?.({ kind: "notice", text: `${title}: ${text}` });
  request.onEvent?.({ kind: "release-done", component, title, outcome });
  return objects.filter((each) => each.outcome === "pruned").map(({ object }) => object);
}

async function actionWorld(
  request: Removal & { readonly workplace: OpenWorkplace },
  definition: PackageDefinition,
): Promise<Omit<ActionWorld, "component">> {
  const { cluster, engine, clock, signal } = request;
  return {
    scope: await removalScope(request, definition, engine),
    engine,
    cluster,
    state: await readState(cluster, { signal }),
    workplace: request.workplace,
    clock,
    signal,
    marker: "",
    tell: (event) => request.onEvent?.(event),
  };
}
