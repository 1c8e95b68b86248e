import type { ReleaseRequest } from "../charts/releases/index.ts";
import { type PostRendered, postRender, type ReleaseOwner } from "../manifests/post-render.ts";
import { rawRelease } from "../manifests/raw-release.ts";
import { releaseName } from "../manifests/release-name.ts";
import type { ChartDefinition, ComponentDefinition, ManifestDefinition } from "../package/definition.ts";
import type { ComponentFiles } from "../package/open-package.ts";
import type { ConnectStrings } from "../state/index.ts";
import { chartValues } from "../templates/index.ts";
import type { NamespaceNeeds } from "./namespaces.ts";
import { defaultNamespace } from "./override-namespace.ts";
import type { ComponentTemplates } from "./templates.ts";

/** Of a packed chart: Helm's own bound. */
const chartLimitBytes = 20 * 1024 * 1024;
const textLimitBytes = 4 * 1024 * 1024;

/** A chart or manifest item of a component, on its way to be a release. */
export interface ComponentRelease {
  /** As the package calls it. */
  readonly title: string;
  readonly kind: "chart" | "manifest";
  /** Of the release. */
  readonly name: string;
  readonly namespace: string;
  readonly noWait: boolean;
  readonly serverSideApply: "true" | "false" | "auto";
  /**
   * Reads its files and fills in their templates.
   *
   * @param found - told, each time it is rendered, which namespaces the release brings and names
   */
  readonly prepare: (
    call: { readonly signal: AbortSignal },
    found: (needs: NamespaceNeeds) => Promise<void>,
  ) => Promise<PreparedRelease>;
}

export interface PreparedRelease {
  readonly render: ReleaseRequest["render"];
  /** Of its Services; known once it has been rendered. */
  readonly connectStrings: () => ConnectStrings;
}

interface Source {
  readonly owner: ReleaseOwner;
  readonly component: ComponentDefinition;
  readonly files: ComponentFiles;
  readonly templates: ComponentTemplates;
}

/** The releases of a component in their order: charts, then manifests. */
export function componentReleases(source: Source): readonly ComponentRelease[] {
  const { component } = source;
  // Pods that wait for data never become ready before it is there, and it comes later.
  const waitsForData = component.dataInjections.length > 0;
  return [
    ...component.charts.map((chart) => ofChart(source, chart, waitsForData)),
    ...component.manifests.map((manifest) => ofManifest(source, manifest, waitsForData)),
  ];
}

function ofChart(source: Source, chart: ChartDefinition, waitsForData: boolean): ComponentRelease {
  const { owner, files, templates } = source;
  const stem = chartStem(chart);
  return {
    title: `chart ${chart.name}`,
    kind: "chart",
    name: chart.releaseName ?? chart.name,
    namespace: chart.namespace ?? defaultNamespace,
    noWait: chart.noWait || waitsForData,
    serverSideApply: chart.serverSideApply ?? "auto",
    prepare: async ({ signal }, found) => {
      let last: PostRendered | undefined;
      const archive = await files.read(`charts/${stem}.tgz`, { limitBytes: chartLimitBytes, signal });
      const readText = async (path: string) =>
        (await files.read(path, { limitBytes: textLimitBytes, signal })).toString();
      const texts: string[] = [];
      const count = chart.valuesFiles.length + chart.templatedValuesFiles.length;
      for (let index = 0; index < count; index++) {
        const path = `values/${stem}-${index}`;
        const text = await templates.text(await readText(path), { signal });
        texts.push(index < chart.valuesFiles.length ? text : await templates.go(path, text, { signal }));
      }
      return {
        render: {
          chart: archive,
          values: chartValues(chart, templates.scope()),
          valuesFiles: texts,
          skipSchemaValidation: chart.schemaValidation === false,
          postRender: async (merged, call) => {
            const text = await templates.text(merged, call);
            last = postRender(text, owner, { file: `chart ${chart.name} of package ${owner.packageName}` });
            await found({ declared: last.namespaces, mentioned: last.mentioned });
            return last.text;
          },
        },
        connectStrings: () => last?.connectStrings ?? {},
      };
    },
  };
}

/** What the files of a chart are called in the component's archive. */
export function chartStem({ name, version }: Pick<ChartDefinition, "name" | "version">): string {
  return version === undefined ? name : `${name}-${version}`;
}

function ofManifest(source: Source, manifest: ManifestDefinition, waitsForData: boolean): ComponentRelease {
  const { owner, component, files, templates } = source;
  const { name } = manifest;
  const namespace = manifest.namespace ?? defaultNamespace;
  return {
    title: `manifest ${name}`,
    kind: "manifest",
    name: releaseName(owner.packageName, component.name, name),
    namespace,
    noWait: manifest.noWait || waitsForData,
    serverSideApply: manifest.serverSideApply ?? "auto",
    prepare: async ({ signal }, found) => {
      const paths = [
        ...manifest.files.map((_file, index) => `manifests/${name}-${index}.yaml`),
        ...manifest.kustomizations.map((_folder, index) => `manifests/kustomization-${name}-${index}.yaml`),
      ];
      const texts = await Promise.all(
        paths.map(async (path) => {
          const written = (await files.read(path, { limitBytes: textLimitBytes, signal })).toString();
          const text = await templates.text(written, { signal });
          return { path, text: manifest.template === true ? await templates.go(path, text, { signal }) : text };
        }),
      );
      const raw = rawRelease({ owner, component: component.name, manifest: name, files: texts });
      await found({ declared: raw.namespaces, mentioned: raw.mentioned });
      return { render: raw.chart, connectStrings: () => raw.connectStrings };
    },
  };
}
