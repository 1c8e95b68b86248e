import { createHash } from "node:crypto";
import semver from "semver";
import { OperatorError } from "../../../lib/errors/index.ts";
import { parseYamlDocuments } from "../../../lib/yaml/index.ts";
import { parseManifest, parseReference } from "../../../oci/index.ts";
import { download } from "./download.ts";
import type { Registries } from "./registries.ts";
import { shownUrl } from "./repository-url.ts";

/** No chart that Helm itself takes is larger. */
export const chartLimitBytes = 100 << 20;
const indexLimitBytes = 64 << 20;
const chartLayers = new Set(["application/vnd.cncf.helm.chart.content.v1.tar+gzip", "application/tar+gzip"]);

export interface ChartRequest {
  /** `oci://registry/path/chart`, or the URL of a chart repository (where index.yaml lies). */
  readonly url: string;
  /** Name in a chart repository. */
  readonly name: string;
  /** Exact, or a range for a chart repository. */
  readonly version: string;
}

export interface FetchedChart {
  readonly bytes: Uint8Array;
  readonly version: string;
}

/**
 * Fetches a packed chart.
 *
 * @throws OperatorError PACKAGE_FETCH_FAILED, PACKAGE_CHART_NOT_FOUND, PACKAGE_FILE_MISMATCH, REGISTRY_…
 */
export async function fetchChart(
  request: ChartRequest,
  call: { readonly registries: Registries; readonly signal: AbortSignal },
): Promise<FetchedChart> {
  return request.url.startsWith("oci://") ? await fromRegistry(request, call) : await fromRepository(request, call);
}

async function fromRegistry(
  { url, version }: ChartRequest,
  { registries, signal }: { readonly registries: Registries; readonly signal: AbortSignal },
): Promise<FetchedChart> {
  if (semver.valid(version) === null)
    throw notFound(`${url}: version ${version} is a range; charts in registries are named by an exact version`);
  // A tag cannot hold a plus sign.
  const tag = version.replaceAll("+", "_");
  const { registry, repository } = parseReference(`${url.slice("oci://".length)}:${tag}`);
  const client = registries.client(registry);
  const { bytes } = await client.fetchManifest(repository, tag, { signal });
  const manifest = parseManifest(bytes, { what: `chart ${url}` });
  const layer = manifest.kind === "image" ? manifest.layers.find((one) => chartLayers.has(one.mediaType)) : undefined;
  if (layer === undefined) throw notFound(`${url}:${tag} is not a chart`);
  if (layer.size > chartLimitBytes) throw notFound(`${url}:${tag} is larger than ${chartLimitBytes} bytes`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of client.fetchBlob(repository, layer, { signal })) chunks.push(chunk);
  return { bytes: Buffer.concat(chunks), version };
}

interface IndexEntry {
  readonly version?: unknown;
  readonly urls?: unknown;
  readonly digest?: unknown;
}

async function fromRepository(
  { url, name, version }: ChartRequest,
  call: { readonly registries: Registries; readonly signal: AbortSignal },
): Promise<FetchedChart> {
  const base = url.endsWith("/") ? url : `${url}/`;
  const indexUrl = new URL("index.yaml", base).href;
  const text = (await download(indexUrl, { signal: call.signal, limitBytes: indexLimitBytes })).toString("utf8");
  const entry = chooseEntry(readEntries(text, name, indexUrl), version);
  if (entry === undefined) throw notFound(`${shownUrl(indexUrl)} has no chart ${name} in version ${version}`);
  const [first] = Array.isArray(entry.urls) ? (entry.urls as readonly unknown[]) : [];
  if (typeof first !== "string") throw notFound(`${shownUrl(indexUrl)} names no file for ${name} ${version}`);
  const found = String(entry.version);
  if (first.startsWith("oci://")) return await fromRegistry({ url: withoutTag(first), name, version: found }, call);
  const file = new URL(first, base).href;
  const bytes = await download(file, { signal: call.signal, limitBytes: chartLimitBytes });
  checkDigest(bytes, entry.digest, file);
  return { bytes, version: found };
}

const withoutTag = (url: string): string => url.replace(/:[^/:]*$/, "");

function readEntries(text: string, name: string, file: string): readonly IndexEntry[] {
  // Many are JSON with the name of YAML, and large.
  const [index] = text.startsWith("{")
    ? [JSON.parse(text) as unknown]
    : parseYamlDocuments(text, { version: "1.2", file: shownUrl(file), sizeLimitBytes: indexLimitBytes });
  const entries = (index as { readonly entries?: Readonly<Record<string, unknown>> | null } | null)?.entries?.[name];
  return Array.isArray(entries) ? (entries as readonly IndexEntry[]) : [];
}

/** An exact version, else the highest one in the range. */
function chooseEntry(entries: readonly IndexEntry[], wanted: string): IndexEntry | undefined {
  const byVersion = new Map(entries.map((entry) => [String(entry.version), entry]));
  const exact = byVersion.get(wanted);
  if (exact !== undefined) return exact;
  const valid = [...byVersion.keys()].filter((version) => semver.valid(version) !== null);
  const equal = valid.find((version) => semver.valid(wanted) !== null && semver.eq(version, wanted));
  const best = equal ?? semver.maxSatisfying(valid, wanted.replaceAll(",", " "));
  return best === null ? undefined : byVersion.get(best);
}

function checkDigest(bytes: Uint8Array, digest: unknown, url: string): void {
  if (typeof digest !== "string" || digest === "") return;
  const found = createHash("sha256").update(bytes).digest("hex");
  if (digest.replace(/^sha256:/, "") === found) return;
  throw new OperatorError(
    "PACKAGE_FILE_MISMATCH",
    `${shownUrl(url)} has the checksum ${found}, and the repository's index.yaml promises another`,
    { next: ["ask whoever keeps the chart repository; the package was not made"] },
  );
}

function notFound(message: string): OperatorError {
  return new OperatorError("PACKAGE_CHART_NOT_FOUND", message, {
    next: ["correct url, repoName or version of the chart in zarf.yaml"],
  });
}
