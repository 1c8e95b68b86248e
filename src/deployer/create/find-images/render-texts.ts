import type { ChartEngine } from "../../charts/engine/index.ts";
import type {
  ChartDefinition,
  ComponentDefinition,
  ManifestDefinition,
  PackageDefinition,
} from "../../package/definition.ts";
import { zarfJson } from "../../package/zarf-json.ts";
import {
  applyGoTemplate,
  applyTextTemplate,
  chartValues,
  loadFileValues,
  packageValues,
  resolveVariables,
  type Scope,
  templateValues,
  type VariableLayer,
} from "../../templates/index.ts";
import { chartStem } from "../component/stage-charts.ts";

/** What a package's files are read through, wherever it lies. */
export interface PackageTexts {
  readonly definition: PackageDefinition;
  /** A file below a component's folder; undefined where it has none. */
  readonly read: (component: string, path: string) => Promise<Buffer | undefined>;
  /** Text of values.yaml; undefined: it has none. */
  readonly valuesYaml?: string;
}

export interface RenderTextsCall {
  readonly engine: Pick<ChartEngine, "render" | "inspectChart" | "goTemplate" | "matchesPattern">;
  /** Values of variables; default: none, so the package's defaults. */
  readonly layers?: readonly VariableLayer[];
  readonly signal: AbortSignal;
}

/** Objects of one chart or manifest as they would be applied. */
export interface RenderedText {
  readonly component: string;
  /** "chart web", "manifest cm" */
  readonly what: string;
  readonly text: string;
  /** Images that a chart says it uses, in its annotation `helm.sh/images`; the text of it. */
  readonly statedImages?: string;
}

/**
 * Renders everything in a package without a cluster: variables and package values are filled in, what only a cluster knows stays as
 * it is written.
 *
 * @throws OperatorError PACKAGE_VARIABLE_INVALID, PACKAGE_VALUES_…, CHART_… for what would not work at a site either
 */
export async function renderTexts(texts: PackageTexts, call: RenderTextsCall): Promise<readonly RenderedText[]> {
  const { definition } = texts;
  const charts = definition.components.flatMap((component) => component.charts);
  const set = definition.components.flatMap(({ actions }) =>
    Object.values(actions.onDeploy).flatMap((list) => (Array.isArray(list) ? list : [])),
  );
  const names = [
    ...charts.flatMap(({ variables }) => variables.map(({ name }) => name)),
    ...set.flatMap(({ setVariables }) => setVariables.map(({ name }) => name)),
  ];
  const resolved = await resolveVariables(
    {
      packageName: definition.metadata.name,
      variables: definition.variables,
      constants: definition.constants,
      otherNames: names,
    },
    { layers: call.layers ?? [], engine: call.engine, mayLack: true, signal: call.signal },
  );
  const values = packageValues({ packageYaml: texts.valuesYaml, files: [], assignments: {} });
  const scope: Scope = { ...resolved, values };
  const rendered: RenderedText[] = [];
  for (const component of definition.components) {
    const place = { texts, component, scope, call };
    for (const chart of component.charts) rendered.push(await renderChart(place, chart));
    for (const manifest of component.manifests) rendered.push(...(await renderManifest(place, manifest)));
  }
  return rendered;
}

interface Place {
  readonly texts: PackageTexts;
  readonly component: ComponentDefinition;
  readonly scope: Scope;
  readonly call: RenderTextsCall;
}

async function filled(text: string, { scope, call }: Place): Promise<string> {
  // Files that variables name lie where the package is deployed, not here.
  const values = [...templateValues(scope, new Map())].filter(([, value]) => value.type !== "file");
  return applyTextTemplate(text, await loadFileValues(new Map(values), { folder: "/", signal: call.signal }));
}

async function gone({ texts, scope, call }: Place, name: string, text: string): Promise<string> {
  const data = {
    scope,
    state: undefined,
    builtIns: new Map(),
    package: zarfJson(texts.definition, { files: "stored" }),
  };
  return await applyGoTemplate(call.engine, { name, text, ...data }, { signal: call.signal });
}

async function renderChart(place: Place, chart: ChartDefinition): Promise<RenderedText> {
  const { texts, component, scope, call } = place;
  const { signal } = call;
  const stem = chartStem(chart);
  const archive = await texts.read(component.name, `charts/${stem}.tgz`);
  if (archive === undefined) throw new Error(`component ${component.name} has no archive of chart ${chart.name}`);
  const valuesFiles: string[] = [];
  for (let index = 0; index < chart.valuesFiles.length + chart.templatedValuesFiles.length; index++) {
    const path = `values/${stem}-${index}`;
    const text = await filled((await texts.read(component.name, path))?.toString("utf8") ?? "", place);
    valuesFiles.push(index < chart.valuesFiles.length ? text : await gone(place, path, text));
  }
  const { manifest, hooks, crds, info } = await call.engine.render(
    {
      chart: archive,
      values: chartValues(chart, scope),
      valuesFiles,
      release: {
        name: chart.releaseName ?? chart.name,
        namespace: chart.namespace ?? "default",
        revision: 1,
        isInstall: true,
        isUpgrade: false,
      },
      skipSchemaValidation: chart.schemaValidation === false,
    },
    { signal },
  );
  const all = [...crds.map(({ text }) => text), manifest, ...hooks.map((hook) => hook.manifest ?? "")];
  const stated = info.annotations["helm.sh/images"];
  return {
    component: component.name,
    what: `chart ${chart.name}`,
    text: await filled(all.join("\n---\n"), place),
    ...(stated === undefined ? {} : { statedImages: stated }),
  };
}

async function renderManifest(place: Place, manifest: ManifestDefinition): Promise<readonly RenderedText[]> {
  const { texts, component } = place;
  const files = [
    ...manifest.files.map((_, index) => `manifests/${manifest.name}-${index}.yaml`),
    ...manifest.kustomizations.map((_, index) => `manifests/kustomization-${manifest.name}-${index}.yaml`),
  ];
  const rendered: RenderedText[] = [];
  for (const file of files) {
    const text = await filled((await texts.read(component.name, file))?.toString("utf8") ?? "", place);
    rendered.push({
      component: component.name,
      what: `manifest ${manifest.name}`,
      text: manifest.template === true ? await gone(place, file, text) : text,
    });
  }
  return rendered;
}
