import type { Cluster } from "../../kube/index.ts";
import type { Clock } from "../../lib/clock.ts";
import type { ComponentDefinition, PackageDefinition } from "../package/definition.ts";
import { zarfJson } from "../package/zarf-json.ts";
import {
  type ComponentStatus,
  type ConnectStrings,
  type DeployedComponent,
  type InstalledChart,
  isSameRecord,
  type LeaseHolder,
  type PackageLease,
  type PackageRecord,
  recordName,
  type StoredRecord,
  takePackageLease,
  writePackageRecord,
} from "../state/index.ts";
import { bringStateNamespace } from "./namespaces.ts";
import { startOfUnfinished } from "./unfinished.ts";

export interface RecorderOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly self: LeaseHolder;
  /** With the components that this deployment takes. */
  readonly definition: PackageDefinition;
  /** Every component of the package: those that are not taken this time stay recorded if they were deployed before. */
  readonly known: ReadonlySet<string>;
  readonly digest: string;
  readonly connectivity: PackageRecord["packageConnectivity"];
  readonly namespaceOverride: string;
  readonly before: StoredRecord | undefined;
  /** What the deployment was given, as a digest. */
  readonly inputs: string;
  readonly onNamespace: (object: string) => void;
}

/**
 * Keeps the record of a package while it is deployed: written after every transition of a component, with what earlier
 * deployments left until it is replaced or pruned, so that whoever goes on after a crash knows of everything. Nothing is written,
 * and no lease taken, before something changes.
 */
export interface Recorder {
  /** The caller's signal, or the lease's once it is taken. */
  readonly signal: () => AbortSignal;
  /** Takes the lease. Safe to repeat. */
  readonly hold: () => Promise<void>;
  /** Before anything of a component is changed: takes the lease, says "Deploying". Safe to repeat. */
  readonly begin: (component: string) => Promise<void>;
  /** A release belongs to what is deployed now; for plans, where nothing is written. */
  readonly expect: (component: string, chart: { readonly namespace: string; readonly chartName: string }) => void;
  /** A release is there, or has failed. */
  readonly chart: (component: string, chart: InstalledChart) => Promise<void>;
  readonly finish: (component: string, status: ComponentStatus) => Promise<void>;
  /** Releases that earlier deployments left and this one does not have, in the order of their removal. */
  readonly dropped: () => readonly DroppedChart[];
  /** A dropped release is gone. */
  readonly pruned: (chart: DroppedChart) => Promise<void>;
  /** Everything is done: what is recorded is what is there. Answers whether that was news. */
  readonly complete: () => Promise<"created" | "configured" | "unchanged">;
  /** Of everything that is there. */
  readonly connectStrings: () => ConnectStrings;
  /** Gives the lease back. Safe to repeat. */
  readonly release: () => Promise<void>;
}

export interface DroppedChart {
  readonly component: string;
  readonly namespace: string;
  readonly release: string;
  /** The whole component is gone from the package, not this release alone. */
  readonly isComponentGone: boolean;
}

interface Progress {
  charts: readonly InstalledChart[];
  status: ComponentStatus;
  generation: number;
  /** Nothing of it was changed by this deployment. */
  isUntouched: boolean;
}

export function createRecorder(options: RecorderOptions): Recorder {
  const { cluster, definition, before, digest, inputs } = options;
  const recorded = new Map((before?.value.deployedComponents ?? []).map((component) => [component.name, component]));
  const reached = new Map<string, Progress>();
  const gone = new Set<string>();
  const startGeneration = before?.value.generation ?? 0;
  const unfinished = `${inputs}@${startOfUnfinished(before, inputs) ?? startGeneration}`;
  let generation = startGeneration;
  let lease: PackageLease | undefined;
  let isStored = before !== undefined;

  const signal = () => lease?.signal ?? options.signal;
  const take = async (): Promise<void> => {
    if (lease !== undefined) return;
    const made = await bringStateNamespace({ cluster, signal: options.signal });
    if (made !== undefined) options.onNamespace(made);
    const record = recordName(definition.metadata.name, options.namespaceOverride);
    lease = await takePackageLease({ ...options, record });
  };
  const keyOf = (component: string, chart: { readonly namespace: string; readonly chartName: string }) =>
    [component, chart.namespace, chart.chartName].join(" ");
  /** Of an earlier deployment, as far as it is still there. */
  const leftOf = (component: string): readonly InstalledChart[] => {
    const now = new Set(reached.get(component)?.charts.map((chart) => keyOf(component, chart)));
    const earlier = recorded.get(component)?.installedCharts ?? [];
    return earlier.filter((chart) => !now.has(keyOf(component, chart)) && !gone.has(keyOf(component, chart)));
  };
  const names = definition.components.map(({ name }) => name);
  const entryOf = (name: string): DeployedComponent | undefined => {
    const earlier = recorded.get(name);
    const now = reached.get(name);
    if (now === undefined) return earlier === undefined ? undefined : { ...earlier, installedCharts: leftOf(name) };
    const installedCharts = [...now.charts, ...leftOf(name)];
    return { name, installedCharts, status: now.status, observedGeneration: now.generation };
  };
  const isKept = (name: string) => options.known.has(name) || leftOf(name).length > 0;
  const value = (): PackageRecord => {
    const others = [...recorded.keys()].filter((name) => !names.includes(name) && isKept(name));
    const kept = [...names, ...others];
    return {
      name: definition.metadata.name,
      digest,
      data: dataOf(definition, others, before),
      cliVersion: "skerry",
      generation,
      deployedComponents: kept.flatMap((name) => entryOf(name) ?? []),
      packageConnectivity: options.connectivity,
      namespaceOverride: options.namespaceOverride,
    };
  };
  const write = async (isFinished = false): Promise<void> => {
    const stored = { value: value(), ...(isFinished ? {} : { unfinishedInputs: unfinished }) };
    await writePackageRecord(cluster, stored, { signal: signal() });
    isStored = true;
  };
  const progressOf = (name: string): Progress => {
    const known = reached.get(name);
    if (known !== undefined) return known;
    const earlier = recorded.get(name);
    const status = earlier?.status ?? "Succeeded";
    const fresh = { charts: [], status, generation: earlier?.observedGeneration ?? 0, isUntouched: true };
    reached.set(name, fresh);
    return fresh;
  };
  const begin = async (name: string): Promise<void> => {
    const progress = progressOf(name);
    if (!progress.isUntouched) return;
    await take();
    generation += 1;
    Object.assign(progress, { isUntouched: false, status: "Deploying", generation });
    await write();
  };

  return {
    signal,
    hold: take,
    begin,
    expect: (name, { namespace, chartName }) => {
      const progress = progressOf(name);
      progress.charts = [...progress.charts, { namespace, chartName, connectStrings: {}, status: "Succeeded" }];
    },
    chart: async (name, chart) => {
      const progress = progressOf(name);
      const isNews = !leftOf(name).some((earlier) => keyOf(name, earlier) === keyOf(name, chart));
      progress.charts = [...progress.charts.filter((each) => keyOf(name, each) !== keyOf(name, chart)), chart];
      if (isNews && !progress.isUntouched) await write();
    },
    finish: async (name, status) => {
      const progress = progressOf(name);
      const isNews = progress.status !== status;
      progress.status = status;
      if (isNews || !progress.isUntouched) {
        if (progress.isUntouched) await begin(name);
        progress.status = status;
        await write();
      }
    },
    dropped: () => {
      const found = [...recorded.values()].toReversed().flatMap(({ name }): readonly DroppedChart[] => {
        // What was not chosen this time is not dropped.
        if (!names.includes(name) && options.known.has(name)) return [];
        return leftOf(name)
          .toReversed()
          .map((chart) => ({
            component: name,
            namespace: chart.namespace,
            release: chart.chartName,
            isComponentGone: !names.includes(name),
          }));
      });
      return found;
    },
    pruned: async ({ component, namespace, release }) => {
      await take();
      gone.add(keyOf(component, { namespace, chartName: release }));
      await write();
    },
    complete: async () => {
      const now = value();
      const wasUnfinished = before?.unfinishedInputs !== undefined;
      const wasTouched = [...reached.values()].some(({ isUntouched }) => !isUntouched) || gone.size > 0;
      if (!wasTouched && !wasUnfinished && isSameRecord(before?.value, now)) return "unchanged";
      if (!isStored) await take();
      await write(true);
      return before === undefined ? "created" : "configured";
    },
    connectStrings: () =>
      Object.assign(
        {},
        ...value().deployedComponents.flatMap(({ installedCharts }) =>
          installedCharts.map(({ connectStrings }) => connectStrings),
        ),
      ) as ConnectStrings,
    release: async () => {
      const held = lease;
      lease = undefined;
      await held?.release();
    },
  };
}

/** The definition of what is deployed; of what stays from before, as it was recorded. */
function dataOf(definition: PackageDefinition, others: readonly string[], before: StoredRecord | undefined) {
  const data = zarfJson(definition, { files: "stored" });
  const earlier = before?.value.data["components"];
  const kept = (Array.isArray(earlier) ? (earlier as readonly unknown[]) : []).filter(
    (component): component is ComponentDefinition => others.includes(String((component as { name?: unknown })?.name)),
  );
  if (kept.length === 0) return data;
  const own = data["components"];
  return { ...data, components: [...(Array.isArray(own) ? own : []), ...kept] } as typeof data;
}
