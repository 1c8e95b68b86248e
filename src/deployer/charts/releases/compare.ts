import { type KubeObject, record } from "../../../kube/index.ts";
import { canonicalJson, type JsonValue } from "../../../lib/json.ts";

/** An object without what the server keeps book of, and without its status: what somebody decided. */
export function decided(object: KubeObject): Readonly<Record<string, unknown>> {
  const {
    managedFields: _managers,
    resourceVersion: _version,
    generation: _generation,
    uid: _uid,
    creationTimestamp: _created,
    selfLink: _link,
    ...metadata
  } = object.metadata;
  const { status: _status, ...rest } = object;
  return { ...rest, metadata };
}

const canonical = (value: unknown): string => canonicalJson(value as JsonValue);

/** Whether two objects ask for the same. */
export function isSameObject(a: KubeObject, b: KubeObject): boolean {
  return canonical(decided(a)) === canonical(decided(b));
}

/** A manifest without Helm's comments, which name temporary folders in Zarf's records. */
function bare(manifest: string): string {
  return manifest
    .split("\n")
    .filter((line) => !line.startsWith("# Source: "))
    .join("\n")
    .trim();
}

interface Comparable {
  readonly manifest?: string;
  readonly hooks?: readonly { readonly name?: string; readonly kind?: string; readonly manifest?: string }[];
  readonly chart?: unknown;
  readonly config?: unknown;
}

/** When a file was packed does not matter, nor what a raw chart's version, which is a time, says. */
function timeless(chart: unknown): unknown {
  const { modtime: _modified, schemamodtime: _schema, metadata, templates, files, ...rest } = record(chart) ?? {};
  const isRaw = String(record(metadata)?.["name"] ?? "").startsWith("raw-");
  const { version, ...about } = record(metadata) ?? {};
  const entries = (list: unknown) =>
    (Array.isArray(list) ? list : []).map((entry) => {
      const { modtime: _time, name, ...file } = record(entry) ?? {};
      // Zarf's temporary folder is part of the name.
      return isRaw ? { ...file, name: String(name).split("/").at(-1) } : { ...file, name };
    });
  return {
    ...rest,
    metadata: isRaw ? about : { ...about, version },
    templates: entries(templates),
    files: entries(files),
  };
}

/** Whether a recorded revision and a rendered release are the same but for times and temporary names. */
export function isSameRelease(a: Comparable, b: Comparable): boolean {
  const essence = ({ manifest, hooks, chart, config }: Comparable) =>
    JSON.stringify([
      bare(manifest ?? ""),
      (hooks ?? []).map((hook) => [hook.kind, hook.name, bare(hook.manifest ?? "")]),
      sorted(timeless(chart)),
      sorted(config ?? {}),
    ]);
  return essence(a) === essence(b);
}

/** The value with its keys in order; numbers kept as they were written stay so. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  const object = record(value);
  // JSON.rawJSON gives an object of its own kind, which JSON.stringify knows.
  if (object === undefined || Object.getPrototypeOf(object) === null) return value;
  return Object.fromEntries(
    Object.keys(object)
      .toSorted()
      .map((key) => [key, sorted(object[key])]),
  );
}
