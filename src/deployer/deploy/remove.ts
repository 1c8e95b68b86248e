import type { Cluster } from "../../kube/index.ts";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { isOperatorError } from "../../lib/errors/index.ts";
import { availableTools, checkActions, type ListedAction, actionsOf as listActions } from "../actions/index.ts";
import type { ChartEngine } from "../charts/engine/index.ts";
import { createChartEngine } from "../charts/engine/index.ts";
import { uninstallRelease } from "../charts/releases/index.ts";
import type { PackageDefinition } from "../package/definition.ts";
import type { OpenPackage } from "../package/open-package.ts";
import {
  type DeployedComponent,
  deletePackageRecord,
  type LeaseHolder,
  readState,
  recordName,
  takePackageLease,
  writePackageRecord,
} from "../state/index.ts";
import type { VariableLayer } from "../templates/index.ts";
import { type ActionWorld, runActionsAt } from "./component-actions.ts";
import type { DeployEvent } from "./events.ts";
import { lookAtRecord, type RecordLook } from "./look-at-record.ts";
import { actionsOf } from "./needs.ts";
import { removalScope } from "./removal-scope.ts";
import type { Workplace } from "./request.ts";
import { thisProcess } from "./this-process.ts";
import { localWorkplace, type OpenWorkplace, openWorkplace } from "./workplace.ts";

export interface RemoveRequest {
  /** Of the package, as it was deployed. */
  readonly name: string;
  /** The package itself: one of files and commands alone is recorded nowhere, and what it runs on removal is found there. */
  readonly pkg?: OpenPackage;
  /** That it was put into with --namespace; empty: where it says itself. */
  readonly namespace?: string;
  /** Names and globs; a leading `-` leaves out. Default: every component. */
  readonly components?: readonly string[];
  /** Undefined only for a package of files and commands alone. */
  readonly cluster: Cluster | undefined;
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
  const { record, chosen, definition } = await lookAtRecord(request);
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
  const first = await lookAtRecord(request);
  const name = recordName(first.record.name, first.record.namespaceOverride);
  const self = request.self ?? thisProcess();
  const isRecorded = first.cluster !== undefined;
  const lease =
    cluster === undefined || !isRecorded
      ? { signal, release: async () => await Promise.resolve() }
      : await takePackageLease({ cluster, record: name, self, clock, signal });
  const engine = request.engine ?? createChartEngine();
  try {
    // Somebody else may have removed a part of it before the lease was ours.
    const again = await lookAtRecord({ ...request, signal: lease.signal });
    return await remove({ ...request, signal: lease.signal, clock, engine }, again);
  } finally {
    if (request.engine === undefined) await engine.close();
    await lease.release();
  }
}

function removalActions({ workplace }: RemoveRequest, definition: PackageDefinition): readonly ListedAction[] {
  const { platform } = (workplace ?? localWorkplace()).commands;
  return listActions(definition, platform).filter(({ occasion }) => occasion === "onRemove");
}

type Removal = RemoveRequest & { readonly clock: Clock; readonly engine: ChartEngine };

async function remove(request: Removal, found: RecordLook): Promise<RemoveOutcome> {
  const { definition, chosen } = found;
  const actions = removalActions(request, {
    ...definition,
    components: chosen.flatMap(({ component }) => component ?? []),
  });
  const workplace = await openWorkplace(request.workplace ?? localWorkplace(), { actions, components: [] });
  try {
    await refuseUnsupported(workplace, actions, found.cluster !== undefined);
    return await removeComponents({ ...request, workplace }, found);
  } finally {
    await workplace.close();
  }
}

async function refuseUnsupported(
  place: Workplace,
  actions: readonly ListedAction[],
  hasCluster: boolean,
): Promise<void> {
  const tools =
    place.path === undefined ? new Set<string>() : await availableTools({ path: place.path, program: place.program });
  checkActions(actions, { occasion: "onRemove", tools, hasCluster });
}

async function removeComponents(
  request: Removal & { readonly workplace: OpenWorkplace },
  { record, definition, chosen, cluster }: RecordLook,
): Promise<RemoveOutcome> {
  const objects: string[] = [];
  let now = record;
  const write = async (change: (components: readonly DeployedComponent[]) => readonly DeployedComponent[]) => {
    now = { ...now, deployedComponents: change(now.deployedComponents) };
    if (cluster !== undefined) await writePackageRecord(cluster, { value: now }, request);
  };
  const world = await actionWorld({ ...request, cluster }, definition);
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
        if (cluster !== undefined) objects.push(...(await uninstall({ ...request, cluster }, name, chart)));
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
  if (isWhole && cluster !== undefined) await deletePackageRecord(cluster, now, request);
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
  request: Removal & { readonly cluster: Cluster },
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
    state: cluster === undefined ? undefined : await readState(cluster, { signal }),
    workplace: request.workplace,
    clock,
    signal,
    marker: "",
    tell: (event) => request.onEvent?.(event),
  };
}
