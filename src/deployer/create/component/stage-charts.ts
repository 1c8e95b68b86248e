import { mkdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { OperatorError } from "../../../lib/errors/index.ts";
import type { ChartDefinition } from "../../package/definition.ts";
import { cloneRepository } from "../fetch/clone-repository.ts";
import { chartLimitBytes, fetchChart } from "../fetch/fetch-chart.ts";
import { shownUrl } from "../fetch/repository-url.ts";
import { stagedFile } from "../stage/read-folder.ts";
import { stagedBytes, type TreeBuilder } from "../stage/staged.ts";
import { withDependencies } from "./chart-dependencies.ts";
import { readChartFolder } from "./chart-folder.ts";
import type { StageContext } from "./stage-context.ts";
import { manifestLimitBytes, takeSource } from "./take-source.ts";

/** Stem of the stored files of a chart. */
export const chartStem = ({ name, version }: Pick<ChartDefinition, "name" | "version">): string =>
  version === undefined ? name : `${name}-${version}`;

/** `charts/<stem>.tgz` and `values/<stem>-<i>`, plain values files before templated ones. */
export async function stageCharts(
  tree: TreeBuilder,
  charts: readonly ChartDefinition[],
  context: StageContext,
): Promise<void> {
  for (const chart of charts) {
    context.onProgress?.({ kind: "fetching", what: `chart ${chartStem(chart)}` });
    const packed = await packChart(chart, context);
    tree.add(`charts/${chartStem(chart)}.tgz`, stagedBytes(packed.bytes, 0o644), packed.folderMode);
    const valuesFiles = [...chart.valuesFiles, ...chart.templatedValuesFiles];
    for (const [index, source] of valuesFiles.entries()) {
      const file = await takeSource(source, context, { limitBytes: manifestLimitBytes });
      tree.add(`values/${chartStem(chart)}-${index}`, await stagedFile(file));
    }
  }
}

interface PackedChart {
  readonly bytes: Uint8Array;
  /** Of `charts/`, where this is the first in it; Zarf's differs by where the chart came from. */
  readonly folderMode: number;
}

async function packChart(chart: ChartDefinition, context: StageContext): Promise<PackedChart> {
  const { localPath, url = "" } = chart;
  if (localPath !== undefined) return await packLocal(path.resolve(context.folder, localPath), context);
  const [plainUrl = "", ref] = url.split(/(?<=\.git)@/);
  if (plainUrl.endsWith(".git")) return await packFromGit(plainUrl, ref ?? chart.version ?? "", chart, context);
  const { name, repoName, version = "" } = chart;
  const fetched = await fetchChart({ url, name: repoName ?? name, version }, context);
  await context.engine.inspectChart(fetched.bytes, context);
  return { bytes: fetched.bytes, folderMode: 0o700 };
}

async function packLocal(place: string, context: StageContext): Promise<PackedChart> {
  const found = await stat(place).catch(() => undefined);
  if (found?.isDirectory()) {
    const files = await withDependencies(await readChartFolder(place, context.signal), place, context);
    return { bytes: await context.engine.packageChart({ files }, context), folderMode: 0o755 };
  }
  if (found === undefined || found.size > chartLimitBytes)
    throw new OperatorError(
      found === undefined ? "FILE_UNREADABLE" : "PACKAGE_SOURCE_UNUSABLE",
      found === undefined ? `there is no chart at ${place}` : `${place} is larger than a chart can be`,
      { where: { file: place }, next: ["correct localPath of the chart in zarf.yaml"] },
    );
  const bytes = await readFile(place, { signal: context.signal });
  await context.engine.inspectChart(bytes, context);
  return { bytes, folderMode: 0o700 };
}

async function packFromGit(
  url: string,
  ref: string,
  chart: ChartDefinition,
  context: StageContext,
): Promise<PackedChart> {
  const clone = path.join(await context.staging.newFolder(), "clone");
  await mkdir(clone);
  context.onProgress?.({ kind: "fetching", what: shownUrl(url) });
  await cloneRepository(ref === "" ? url : `${url}@${ref}`, clone, context);
  const place = path.resolve(clone, chart.gitPath ?? ".");
  if (place !== clone && !place.startsWith(`${clone}${path.sep}`))
    throw new OperatorError("PACKAGE_CHART_NOT_FOUND", `gitPath of chart ${chart.name} leaves its repository`);
  return await packLocal(place, context);
}
