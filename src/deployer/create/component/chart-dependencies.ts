import path from "node:path";
import { OperatorError } from "../../../lib/errors/index.ts";
import { parseYamlDocuments } from "../../../lib/yaml/index.ts";
import type { ChartDependency } from "../../charts/engine/index.ts";
import { fetchChart } from "../fetch/fetch-chart.ts";
import { readChartFolder } from "./chart-folder.ts";
import type { StageContext } from "./stage-context.ts";

/** Charts that depend on charts that depend on charts: deeper is a circle. */
const maxDepth = 8;

/**
 * A chart folder with the charts that it depends on below `charts/`, as `helm dependency build` gives it: what is there stays, the
 * rest is fetched in the versions of Chart.lock, or else the highest that fit.
 *
 * @throws OperatorError PACKAGE_CHART_NOT_FOUND, PACKAGE_FEATURE_UNSUPPORTED (repositories by alias), PACKAGE_FETCH_FAILED
 */
export async function withDependencies(
  files: Map<string, Uint8Array>,
  folder: string,
  context: StageContext,
  depth = 0,
): Promise<ReadonlyMap<string, Uint8Array>> {
  if (depth > maxDepth) throw notFound(`${folder} depends on itself`);
  const info = await context.engine.inspectChart({ files }, context);
  const lacking = info.dependencies.filter(({ name }) => !isThere(files, name));
  if (lacking.length === 0) return files;
  const locked = lockedVersions(files);
  for (const dependency of lacking) {
    const { bytes, version } = await fetchDependency(dependency, folder, { context, depth, locked });
    files.set(`charts/${dependency.name}-${version}.tgz`, bytes);
  }
  return files;
}

/** As a folder or packed, whatever its version. */
function isThere(files: ReadonlyMap<string, Uint8Array>, name: string): boolean {
  const packed = new RegExp(`^charts/${name.replace(/[^\w-]/g, "\\$&")}-v?\\d[^/]*\\.tgz$`);
  return files.has(`charts/${name}/Chart.yaml`) || [...files.keys()].some((file) => packed.test(file));
}

function lockedVersions(files: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, string> {
  const text = files.get("Chart.lock") ?? files.get("requirements.lock");
  if (text === undefined) return new Map();
  const [lock] = parseYamlDocuments(Buffer.from(text).toString("utf8"), { version: "1.2", file: "Chart.lock" });
  const dependencies = (lock as { readonly dependencies?: unknown } | null)?.dependencies;
  if (!Array.isArray(dependencies)) return new Map();
  const pairs = (dependencies as readonly { readonly name?: unknown; readonly version?: unknown }[]).map(
    ({ name, version }) => [String(name), String(version)] as const,
  );
  return new Map(pairs);
}

async function fetchDependency(
  { name, version = "", repository = "" }: ChartDependency,
  folder: string,
  {
    context,
    depth,
    locked,
  }: { readonly context: StageContext; readonly depth: number; readonly locked: ReadonlyMap<string, string> },
): Promise<{ readonly bytes: Uint8Array; readonly version: string }> {
  const wanted = locked.get(name) ?? version;
  if (repository.startsWith("file://")) {
    const place = path.resolve(folder, repository.slice("file://".length));
    const files = await withDependencies(await readChartFolder(place, context.signal), place, context, depth + 1);
    const info = await context.engine.inspectChart({ files }, context);
    return { bytes: await context.engine.packageChart({ files }, context), version: info.version };
  }
  if (repository === "")
    throw notFound(`chart ${folder} needs ${name}, which is not below its charts/ and has no repository`);
  if (/^(@|alias:)/.test(repository))
    throw new OperatorError(
      "PACKAGE_FEATURE_UNSUPPORTED",
      `chart ${folder} needs ${name} from ${repository}, a name that only one machine's Helm knows`,
      { where: { file: folder }, next: ["write the URL of the repository, or run helm dependency build first"] },
    );
  const url = repository.startsWith("oci://") ? `${repository.replace(/\/$/, "")}/${name}` : repository;
  return await fetchChart({ url, name, version: wanted }, context);
}

function notFound(message: string): OperatorError {
  return new OperatorError("PACKAGE_CHART_NOT_FOUND", message, {
    next: ["run helm dependency build in the chart's folder, or correct the dependencies in its Chart.yaml"],
  });
}
