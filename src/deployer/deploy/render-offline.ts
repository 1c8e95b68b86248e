import type { ChartToRender } from "../charts/releases/index.ts";
import { zarfJson } from "../package/zarf-json.ts";
import { chartStem, componentReleases } from "./component-release.ts";
import { maskSensitive } from "./mask.ts";
import { openRun } from "./open-run.ts";
import type { PackageRequest } from "./request.ts";
import type { Run } from "./run.ts";
import { componentTemplates } from "./templates.ts";

/** A text of a package as it is once its templates are filled in. */
export interface RenderedText {
  readonly component: string;
  /** "chart web", "manifest config" */
  readonly title: string;
  readonly text: string;
}

type OfflineRequest = Omit<PackageRequest, "cluster" | "streams">;

/**
 * What the charts and manifests of a package become, as far as it can be known without a cluster: `lookup` finds nothing, and
 * Kubernetes' own kinds are taken to be served. Values of sensitive variables are hidden.
 *
 * @throws OperatorError as deploying would
 */
export async function renderOffline(request: OfflineRequest): Promise<readonly RenderedText[]> {
  return await offline(request, async (run) => {
    const owner = { packageName: run.pkg.name, namespaceOverride: run.options.namespace, ignoredByAgent: false };
    const texts: RenderedText[] = [];
    for (const component of run.definition.components) {
      const files = await run.pkg.component(component.name, run);
      const templates = componentTemplates(run, component);
      for (const release of componentReleases({ owner, component, files, templates })) {
        const { render } = await release.prepare(run, async () => await Promise.resolve());
        const text =
          "chartName" in render
            ? (render.rendered ?? render.files).map((file) => `---\n# Source: ${file.path}\n${file.text}`).join("")
            : await renderChart(run, render, release);
        texts.push({ component: component.name, title: release.title, text });
      }
    }
    return texts;
  });
}

async function renderChart(
  run: Run,
  render: ChartToRender,
  release: { readonly name: string; readonly namespace: string },
): Promise<string> {
  const at = { name: release.name, namespace: release.namespace, revision: 1, isInstall: true, isUpgrade: false };
  const rendered = await run.engine.render({ ...render, release: at }, run);
  const hooks = rendered.hooks.map(({ path, manifest }) => `---\n# Source: ${path ?? ""}\n${manifest ?? ""}\n`);
  return [rendered.manifest, ...hooks].join("");
}

/** The values files of a package's charts with their templates filled in, in the order in which they count. */
export async function renderValuesFiles(request: OfflineRequest): Promise<readonly RenderedText[]> {
  return await offline(request, async (run) => {
    const texts: RenderedText[] = [];
    for (const component of run.definition.components) {
      const files = await run.pkg.component(component.name, run);
      const templates = componentTemplates(run, component);
      for (const chart of component.charts) {
        const sources = [...chart.valuesFiles, ...chart.templatedValuesFiles];
        for (const [index, source] of sources.entries()) {
          const path = `values/${chartStem(chart)}-${index}`;
          const written = (await files.read(path, { limitBytes: 4 << 20, signal: run.signal })).toString();
          const filled = await templates.text(written, run);
          const isTemplate = index >= chart.valuesFiles.length;
          const text = isTemplate ? await templates.go(path, filled, run) : filled;
          texts.push({ component: component.name, title: `chart ${chart.name}: ${source}`, text });
        }
      }
    }
    return texts;
  });
}

/** The definition in Zarf's own JSON. */
export function definitionJson(pkg: PackageRequest["pkg"]): object {
  return zarfJson(pkg.definition, { files: "written" });
}

async function offline(
  request: OfflineRequest,
  work: (run: Run) => Promise<readonly RenderedText[]>,
): Promise<readonly RenderedText[]> {
  const run = await openRun({ ...request, cluster: undefined }, { withoutCluster: true });
  try {
    const mask = maskSensitive(run.scope.now());
    return (await work(run)).map((each) => ({ ...each, text: mask(each.text) }));
  } finally {
    await run.close();
  }
}
