import type { KubeObject } from "../../kube/index.ts";
import type { RawChart, RawFile } from "../charts/releases/index.ts";
import type { ConnectStrings } from "../state/index.ts";
import { postRender, type ReleaseOwner } from "./post-render.ts";

export interface RawRelease {
  readonly chart: RawChart;
  readonly namespaces: readonly KubeObject[];
  readonly mentioned: readonly string[];
  readonly connectStrings: ConnectStrings;
}

/**
 * The release that Zarf makes of a manifest item: a chart whose files are the manifests as they are after templating.
 *
 * @param options.files - templates filled in; `path` is recorded: `manifests/web-0.yaml`
 * @throws OperatorError DOCUMENT_INVALID
 */
export function rawRelease(options: {
  readonly owner: ReleaseOwner;
  readonly component: string;
  readonly manifest: string;
  readonly files: readonly RawFile[];
}): RawRelease {
  const { owner, component, manifest, files } = options;
  const chartName = rawChartName(owner.packageName, component, manifest);
  const rendered = files.map(({ path, text }) => ({
    path,
    ...postRender(text, owner, { file: `${owner.packageName}: components/${component}/${path}` }),
  }));
  return {
    chart: { chartName, files, rendered },
    namespaces: rendered.flatMap(({ namespaces }) => namespaces),
    mentioned: [...new Set(rendered.flatMap(({ mentioned }) => mentioned))],
    connectStrings: Object.assign({}, ...rendered.map(({ connectStrings }) => connectStrings)) as ConnectStrings,
  };
}

/** What Zarf calls the chart of a manifest item. */
export function rawChartName(packageName: string, component: string, manifest: string): string {
  return `raw-${packageName}-${component}-${manifest}`;
}
