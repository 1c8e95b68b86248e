import { record } from "../../../kube/index.ts";
import { parseYamlDocuments } from "../../../lib/yaml/index.ts";
import type { ReleaseHook } from "../engine/index.ts";
import { inInstallOrder } from "./kind-order.ts";

/**
 * Manifests that become a release without a template engine, because they are verbatim: what Zarf makes of a manifest item.
 */
export interface RawChart {
  /** `raw-<package>-<component>-<manifest>`: the name in the release's record. */
  readonly chartName: string;
  /** Default: `0.1.<seconds since 1970>`, as Zarf writes it. Another version alone is no change of the release. */
  readonly chartVersion?: string;
  /** The files as the package has them, recorded as the chart's templates: `manifests/web-0.yaml`. */
  readonly files: readonly RawFile[];
  /** The same files as they are to be applied (templates filled in, marks set). Default: `files`. */
  readonly rendered?: readonly RawFile[];
}

export interface RawFile {
  readonly path: string;
  /** One or more YAML documents. Documents with the annotation `helm.sh/hook` become hooks. */
  readonly text: string;
}

export interface RenderedRaw {
  readonly manifest: string;
  readonly hooks: readonly ReleaseHook[];
}

interface RawDocument {
  readonly source: string;
  readonly text: string;
  readonly kind: string;
  readonly name: string;
  readonly annotations: Readonly<Record<string, unknown>>;
}

const hookEvents: ReadonlyMap<string, string> = new Map([
  ...[
    "pre-install",
    "post-install",
    "pre-upgrade",
    "post-upgrade",
    "pre-rollback",
    "post-rollback",
    "pre-delete",
    "post-delete",
    "test",
  ].map((name) => [name, name] as const),
  ["test-success", "test"],
]);

/**
 * Splits and sorts verbatim manifests as Helm does with rendered ones: documents by file and place, hooks apart, both in the
 * order of installation.
 *
 * @throws OperatorError DOCUMENT_INVALID for broken YAML, naming the file
 * @see https://helm.sh/docs/topics/charts_hooks/
 */
export function renderRaw({ chartName, files, rendered }: RawChart): RenderedRaw {
  const documents = (rendered ?? files)
    .toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
    .flatMap((file) => documentsOf(file, `${chartName}/${file.path}`));
  const hooks: ReleaseHook[] = [];
  const objects: RawDocument[] = [];
  for (const document of documents) {
    if (document.annotations["helm.sh/hook"] === undefined) objects.push(document);
    else hooks.push(...hookOf(document));
  }
  return {
    manifest: inInstallOrder(objects, ({ kind }) => kind)
      .map(({ source, text }) => `---\n# Source: ${source}\n${text}\n`)
      .join(""),
    hooks: inInstallOrder(hooks, ({ kind }) => kind ?? ""),
  };
}

function documentsOf({ text }: RawFile, source: string): readonly RawDocument[] {
  return text
    .trimStart()
    .split(/^---[ \t]*/m)
    .map((part) => part.trimStart())
    .flatMap((part): readonly RawDocument[] => {
      const head = record(parseYamlDocuments(part, { version: "1.1", file: source })[0]);
      // Comments alone are no object.
      if (head === undefined) return [];
      const metadata = record(head["metadata"]);
      return [
        {
          source,
          text: part,
          kind: String(head["kind"] ?? ""),
          name: String(metadata?.["name"] ?? ""),
          annotations: record(metadata?.["annotations"]) ?? {},
        },
      ];
    });
}

/** Nothing for a hook of an event that Helm does not know: Helm leaves such an object out. */
function hookOf({ source, text, kind, name, annotations }: RawDocument): readonly ReleaseHook[] {
  const events = wordsOf(annotations["helm.sh/hook"]).map((word) => hookEvents.get(word));
  const known = events.filter((event) => event !== undefined);
  if (known.length < events.length) return [];
  const weight = Number.parseInt(String(annotations["helm.sh/hook-weight"] ?? "0"), 10);
  const deletePolicies = wordsOf(annotations["helm.sh/hook-delete-policy"]);
  const outputPolicies = wordsOf(annotations["helm.sh/hook-output-log-policy"]);
  return [
    {
      name,
      kind,
      path: source,
      manifest: text,
      events: known,
      last_run: { phase: "" },
      ...(Number.isNaN(weight) || weight === 0 ? {} : { weight }),
      ...(deletePolicies.length === 0 ? {} : { delete_policies: deletePolicies }),
      ...(outputPolicies.length === 0 ? {} : { output_log_policies: outputPolicies }),
    },
  ];
}

const wordsOf = (value: unknown): readonly string[] =>
  typeof value === "string" ? value.split(",").map((word) => word.trim().toLowerCase()) : [];

/** The chart of a release record, in the shape that Zarf gives it: every file one template that prints it verbatim. */
export function rawChartJson(chart: RawChart, options: { readonly now: Date }): Readonly<Record<string, unknown>> {
  return {
    metadata: {
      name: chart.chartName,
      version: chart.chartVersion ?? `0.1.${Math.floor(options.now.getTime() / 1000)}`,
      apiVersion: "v2",
    },
    lock: null,
    templates: chart.files.map(({ path, text }) => ({
      name: path,
      // A JSON string is a string of Go's templates as well.
      data: Buffer.from(`{{${JSON.stringify(text)}}}`).toString("base64"),
    })),
    values: null,
    schema: null,
    schemamodtime: "0001-01-01T00:00:00Z",
    files: null,
  };
}
