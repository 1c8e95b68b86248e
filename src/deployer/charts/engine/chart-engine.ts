import type { JsonObject } from "./json-object.ts";

/** Every call takes one: aborting it ends the call at once, also in the middle of an endless template. */
export interface EngineCall {
  readonly signal: AbortSignal;
}

/**
 * Helm's own engine (helm.sh/helm/v4 v4.3.1, unmodified) in a worker thread: what it answers is what Helm answers. It has no file
 * system, no network, no environment and bounded memory. Calls run one after the other; a time limit or an aborted signal
 * ends the one that runs, and the next call gets a fresh instance.
 */
export interface ChartEngine {
  /**
   * Renders a chart as `helm template`, `helm install` and `helm upgrade` do.
   *
   * @throws OperatorError CHART_INVALID, CHART_TOO_LARGE, CHART_VALUES_INVALID, CHART_RELEASE_INVALID, CHART_RENDER_FAILED,
   *   CHART_LOOKUP_ENDLESS, CHART_TIMEOUT, CHART_ENGINE_MISSING
   */
  readonly render: (request: RenderRequest, call: EngineCall) => Promise<RenderedChart>;
  /**
   * One Go template as Zarf runs them: `missingkey=error`, sprig without `env`, `expandenv` and `getHostByName`, and
   * `toYaml`, `fromJson`, `toToml` and their like.
   *
   * @throws OperatorError CHART_TEMPLATE_INVALID with Go's message, which names template and line; CHART_TIMEOUT
   */
  readonly goTemplate: (request: GoTemplateRequest, call: EngineCall) => Promise<string>;
  /**
   * Whether `value` holds a match of a Go regular expression (RE2; anchor it to match the whole).
   *
   * @throws OperatorError CHART_PATTERN_INVALID when the pattern is not one
   */
  readonly matchesPattern: (pattern: string, value: string, call: EngineCall) => Promise<boolean>;
  /** What a chart says of itself. @throws OperatorError CHART_INVALID, CHART_TOO_LARGE */
  readonly inspectChart: (chart: ChartSource, call: EngineCall) => Promise<ChartInfo>;
  /**
   * Packs a chart folder as Helm does (`.helmignore`, Chart.yaml first, subcharts under charts/), with the same bytes for
   * the same files: modification times are fixed. `version` and `appVersion` replace those of Chart.yaml.
   *
   * @throws OperatorError CHART_INVALID, CHART_TOO_LARGE
   */
  readonly packageChart: (request: PackageChartRequest, call: EngineCall) => Promise<Uint8Array>;
  /** Ends the worker and the calls that still run; a call afterwards is a bug. Safe to repeat. */
  readonly close: () => Promise<void>;
}

/** A packed chart (.tgz), or the files of a chart folder, by path below it ("Chart.yaml", "templates/web.yaml"). */
export type ChartSource = Uint8Array | { readonly files: ReadonlyMap<string, Uint8Array> };

export interface RenderRequest {
  readonly chart: ChartSource;
  /** What the user gives; the chart's own values are added by the engine. */
  readonly values: JsonObject;
  /** Texts of values files, merged in order below `values`; a name makes for better messages. */
  readonly valuesFiles?: readonly (string | ValuesFile)[];
  readonly release: RenderRelease;
  readonly capabilities?: RenderCapabilities;
  /**
   * Answers templates that `lookup` objects: the object, or for an empty `name` the list; undefined when there is none. What
   * templates ask is collected, asked here, and the chart is rendered again until nothing new is asked. Default: every
   * lookup finds nothing, as in `helm template`.
   */
  readonly lookup?: (query: LookupQuery, call: EngineCall) => Promise<JsonObject | undefined>;
  /**
   * Rewrites the rendered objects where Helm 4 runs a post-renderer: all documents in one stream, hooks included, each with
   * the annotation `postrenderer.helm.sh/postrender-filename`, which must stay (or the document loses its file's name).
   */
  readonly postRender?: (merged: string, call: EngineCall) => Promise<string>;
  readonly skipSchemaValidation?: boolean;
  /** Put the objects of crds/ into the manifest too, as `--include-crds`. Default: false. */
  readonly includeCrds?: boolean;
  /** Texts that messages and warnings, which may quote values, must not show. */
  readonly sensitive?: readonly string[];
  readonly limits?: RenderLimits;
}

export interface ValuesFile {
  readonly name: string;
  readonly text: string;
}

export interface RenderLimits {
  /** Of one pass of the engine, without the callbacks. Default: 30,000. */
  readonly timeoutMs?: number;
}

export interface RenderRelease {
  readonly name: string;
  readonly namespace: string;
  readonly revision: number;
  readonly isInstall: boolean;
  readonly isUpgrade: boolean;
}

/** Default: Helm's own (Kubernetes 1.37.0 and the API versions that its client knows). */
export interface RenderCapabilities {
  /** As the cluster says, "v1.36.3" or "v1.33.4-gke.1245000". */
  readonly kubeVersion?: string;
  /** All that the cluster serves: "v1", "apps/v1", "apps/v1/Deployment". Replaces Helm's own. */
  readonly apiVersions?: readonly string[];
  /** Added to them, as `--api-versions` does. */
  readonly extraApiVersions?: readonly string[];
}

export interface LookupQuery {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty: all namespaces, or an object without one. */
  readonly namespace: string;
  /** Empty: a list. */
  readonly name: string;
}

export interface RenderedChart {
  /** As it is recorded: in install order, each document under `---` and `# Source: `. */
  readonly manifest: string;
  /** In Helm's own order; the events of each say when it runs. */
  readonly hooks: readonly ReleaseHook[];
  /** Of crds/, subcharts included, in Helm's order. */
  readonly crds: readonly ChartCrd[];
  /** Text of NOTES.txt; empty when there is none. */
  readonly notes: string;
  readonly info: ChartInfo;
  /** The chart as Helm writes it into a release record: text, because JavaScript would round its long numbers. */
  readonly chartJson: string;
  /** The user's values as Helm writes them into a release record: `{}` when there are none. */
  readonly configJson: string;
  /** Warnings that Helm prints: values that cannot be merged, schema notes. */
  readonly warnings: readonly string[];
}

/** In the JSON shape of a release record. */
export interface ReleaseHook {
  readonly name?: string;
  readonly kind?: string;
  /** Template that made it: "web/templates/migrate.yaml". */
  readonly path?: string;
  readonly manifest?: string;
  readonly events?: readonly string[];
  readonly last_run: { readonly phase: string; readonly started_at?: string; readonly completed_at?: string };
  readonly weight?: number;
  readonly delete_policies?: readonly string[];
  readonly output_log_policies?: readonly string[];
}

export interface ChartCrd {
  /** Path with that of its chart: "web/crds/site.yaml". */
  readonly name: string;
  readonly text: string;
}

export interface ChartInfo {
  readonly apiVersion: string;
  readonly name: string;
  readonly version: string;
  readonly appVersion?: string;
  readonly description?: string;
  readonly icon?: string;
  /** "application" (also when unsaid) or "library". */
  readonly type: string;
  readonly kubeVersion?: string;
  readonly deprecated: boolean;
  readonly annotations: Readonly<Record<string, string>>;
  readonly dependencies: readonly ChartDependency[];
  /** Names of the subcharts that the chart carries. */
  readonly subcharts: readonly string[];
  /** The text of values.yaml, comments and all; empty when there is none. */
  readonly valuesYaml: string;
  /** Whether the chart has a values.schema.json. */
  readonly hasSchema: boolean;
}

export interface ChartDependency {
  readonly name: string;
  readonly version?: string;
  readonly repository?: string;
  readonly condition?: string;
  readonly tags?: readonly string[];
  readonly alias?: string;
}

export interface GoTemplateRequest {
  /** For error messages: the file's name. */
  readonly name: string;
  readonly text: string;
  readonly data: JsonObject;
  /** A package's definition as Zarf writes it in JSON: `.Pkg`, under the names of Zarf's Go fields. */
  readonly package?: JsonObject;
  /** Texts that messages must not show. */
  readonly sensitive?: readonly string[];
  readonly limits?: RenderLimits;
}

export interface PackageChartRequest {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly version?: string;
  readonly appVersion?: string;
}
