import type { ChartEngine, RenderedChart } from "../../src/deployer/charts/engine/index.ts";
import {
  deployRelease,
  planRelease,
  type RawChart,
  type ReleaseEvent,
  type ReleaseOutcome,
  type ReleasePlan,
  type ReleaseRequest,
  type UninstallOutcome,
  uninstallRelease,
} from "../../src/deployer/charts/releases/index.ts";
import { type Cluster, type KubeObject, record } from "../../src/kube/index.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { emitYaml } from "../../src/lib/yaml/index.ts";

export const { signal } = new AbortController();

/** Nobody asks an engine for verbatim manifests. */
const noEngine = new Proxy({} as ChartEngine, {
  get: (_target, name) => {
    throw new Error(`the chart engine was asked for ${String(name)}`);
  },
});

/** An engine whose charts are functions: of the cluster's capabilities and `lookup`. */
export function fakeEngine(render: ChartEngine["render"]): ChartEngine {
  return { ...noEngine, render };
}

/** What a fake engine answers. */
export function renderedChart(objects: readonly object[], more: Partial<RenderedChart> = {}): RenderedChart {
  return {
    manifest: objects
      .map((object, index) => `---\n# Source: web/templates/${index}.yaml\n${emitYaml(object)}\n`)
      .join(""),
    hooks: [],
    crds: [],
    notes: "",
    info: {
      apiVersion: "v2",
      name: "web",
      version: "1.0.0",
      type: "application",
      deprecated: false,
      annotations: {},
      dependencies: [],
      subcharts: [],
      valuesYaml: "",
      hasSchema: false,
    },
    chartJson: '{"metadata":{"name":"web","version":"1.0.0","apiVersion":"v2"},"templates":[]}',
    configJson: "{}",
    warnings: [],
    ...more,
  };
}

export const rawChart = (objects: readonly object[], chartName = "raw-test-one-m"): RawChart => ({
  chartName,
  files: [{ path: "manifests/m-0.yaml", text: objects.map((object) => emitYaml(object)).join("---\n") }],
});

type Overrides = Partial<Omit<ReleaseRequest, "render" | "cluster">>;

export interface ReleaseDesk {
  readonly events: ReleaseEvent[];
  readonly deploy: (
    what: readonly object[] | ReleaseRequest["render"],
    overrides?: Overrides,
  ) => Promise<ReleaseOutcome>;
  readonly plan: (what: readonly object[] | ReleaseRequest["render"], overrides?: Overrides) => Promise<ReleasePlan>;
  readonly uninstall: (overrides?: { readonly timeoutMs?: number }) => Promise<UninstallOutcome>;
  /** Live objects, undefined where there is none. */
  readonly find: (apiVersion: string, kind: string, name: string) => Promise<KubeObject | undefined>;
  /** "1 superseded", "2 deployed" */
  readonly history: () => Promise<readonly string[]>;
}

/** One release in one namespace, with what a deployer says by default. */
export function releaseDesk(cluster: Cluster, namespace: string, name = "web"): ReleaseDesk {
  const events: ReleaseEvent[] = [];
  const requestFor = (what: readonly object[] | ReleaseRequest["render"], overrides: Overrides): ReleaseRequest => ({
    cluster,
    engine: noEngine,
    clock: systemClock,
    signal,
    name,
    namespace,
    render: Array.isArray(what) ? rawChart(what) : (what as ReleaseRequest["render"]),
    serverSideApply: "auto",
    noWait: false,
    timeoutMs: 20_000,
    maxHistory: 10,
    takeOwnership: false,
    forceConflicts: false,
    onProgress: (event) => events.push(event),
    ...overrides,
  });
  return {
    events,
    deploy: (what, overrides = {}) => deployRelease(requestFor(what, overrides)),
    plan: (what, overrides = {}) => planRelease(requestFor(what, overrides)),
    uninstall: (overrides = {}) =>
      uninstallRelease({
        cluster,
        clock: systemClock,
        signal,
        name,
        namespace,
        timeoutMs: 20_000,
        onProgress: (event) => events.push(event),
        ...overrides,
      }),
    find: (apiVersion, kind, objectName) =>
      cluster.get({ apiVersion, kind, namespace, name: objectName }, { signal }).catch(() => undefined),
    history: async () => {
      const { items } = await cluster.list(
        { apiVersion: "v1", kind: "Secret", namespace, labelSelector: `owner=helm,name=${name}` },
        { signal },
      );
      return items
        .map(({ metadata }) => metadata.labels ?? {})
        .toSorted((a, b) => Number(a["version"]) - Number(b["version"]))
        .map((labels) => `${labels["version"] ?? ""} ${labels["status"] ?? ""}`);
    },
  };
}

export const configMap = (name: string, data: Readonly<Record<string, string>> = { v: "1" }): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});

export const dataOf = (object: KubeObject | undefined): unknown => record(object?.["data"]);
