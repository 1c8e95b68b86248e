import { type Cluster, type KubeObject, record } from "../../../kube/index.ts";
import { isOperatorError } from "../../../lib/errors/index.ts";
import type { ChartEngine, JsonObject, LookupQuery, ReleaseHook, RenderedChart } from "../engine/index.ts";
import { definedKinds } from "./defined-kinds.ts";
import { parseObject } from "./lossless-json.ts";
import { type RawChart, rawChartJson, renderRaw } from "./raw-chart.ts";
import { readManifest } from "./read-manifest.ts";
import type { ChartToRender, ReleaseRequest } from "./types.ts";

/** What a release is going to be, whoever rendered it. */
export interface RenderedRelease {
  readonly manifest: string;
  readonly hooks: readonly ReleaseHook[];
  /** Of the chart's crds/ folder; never part of the manifest. */
  readonly crds: readonly KubeObject[];
  readonly notes: string;
  /** As the record says it. */
  readonly chart: Readonly<Record<string, unknown>>;
  readonly config: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
}

export const isRaw = (render: ReleaseRequest["render"]): render is RawChart => "chartName" in render;

/**
 * Renders with what the cluster serves and holds. A chart that brings definitions under crds/ is rendered as if they were
 * served already, because they are installed before anything else.
 *
 * @throws OperatorError CHART_…
 */
export async function renderRelease(
  request: Pick<ReleaseRequest, "engine" | "clock" | "signal" | "name" | "namespace" | "render"> & {
    readonly cluster: Cluster;
  },
  options: { readonly revision: number; readonly isInstall: boolean },
): Promise<RenderedRelease> {
  const { render, clock } = request;
  if (isRaw(render))
    return {
      ...renderRaw(render),
      crds: [],
      notes: "",
      chart: rawChartJson(render, { now: clock.now() }),
      config: {},
      warnings: [],
    };
  return renderChart({ ...request, render }, options);
}

interface ChartRequest {
  readonly cluster: Cluster;
  readonly engine: ChartEngine;
  readonly signal: AbortSignal;
  readonly name: string;
  readonly namespace: string;
  readonly render: ChartToRender;
}

async function renderChart(
  request: ChartRequest,
  options: { readonly revision: number; readonly isInstall: boolean },
): Promise<RenderedRelease> {
  const { cluster, engine, signal, name, namespace, render } = request;
  const [kubeVersion, apiVersions] = await Promise.all([cluster.version({ signal }), cluster.apiVersions({ signal })]);
  const served = new Set(apiVersions);
  const ask = (extraApiVersions: readonly string[]): Promise<RenderedChart> =>
    engine.render(
      {
        ...render,
        release: { name, namespace, ...options, isUpgrade: !options.isInstall },
        capabilities: { kubeVersion, apiVersions, extraApiVersions },
        lookup: (query, call) => lookUp(cluster, query, call),
      },
      { signal },
    );
  const first = await ask([]);
  const crds = first.crds.flatMap((crd) => readManifest(crd.text, { file: crd.name }));
  const coming = [...definedKinds(crds).keys()].flatMap((kind) => {
    const [apiVersion = "", of = ""] = kind.split(" ");
    return [apiVersion, `${apiVersion}/${of}`].filter((version) => !served.has(version));
  });
  const rendered = coming.length === 0 ? first : await ask(coming);
  return {
    manifest: rendered.manifest,
    hooks: rendered.hooks,
    crds,
    notes: rendered.notes,
    chart: parseObject(rendered.chartJson, `the chart of release ${name}`),
    config: parseObject(rendered.configJson, `the values of release ${name}`),
    warnings: rendered.warnings,
  };
}

/** What a template's `lookup` sees: nothing where the object, its namespace or its kind is not there. */
async function lookUp(
  cluster: Cluster,
  { apiVersion, kind, namespace, name }: LookupQuery,
  { signal }: { readonly signal: AbortSignal },
): Promise<JsonObject | undefined> {
  const within = namespace === "" ? {} : { namespace };
  try {
    if (name !== "") return asJson(await cluster.get({ apiVersion, kind, name, ...within }, { signal }));
    const { items, resourceVersion } = await cluster.list({ apiVersion, kind, ...within }, { signal });
    return asJson({ apiVersion, kind: `${kind}List`, metadata: { resourceVersion }, items });
  } catch (error) {
    if (isOperatorError(error, "KUBE_NOT_FOUND") || isOperatorError(error, "KUBE_KIND_UNKNOWN")) return undefined;
    throw error;
  }
}

const asJson = (value: unknown): JsonObject => record(value) as JsonObject;
