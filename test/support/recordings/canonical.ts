import { createHash } from "node:crypto";
import { parse } from "yaml";
import type { ClusterState, Json, JsonObject } from "./state.ts";

/** Those who only tell what a pod does: our stand-in for the kubelet, and the one of the recordings. */
const kubelets = new Set(["Python-urllib", "stand-in-kubelet"]);

/**
 * A state without what differs between two runs of one program: names and hashes that controllers make up, addresses that the server
 * chooses, times, temporary folders. `replace` turns addresses of this run into those of the recordings.
 */
export function canonicalState(
  state: ClusterState,
  options: { readonly replace?: Readonly<Record<string, string>> } = {},
): ClusterState {
  const replaced = [...state].map(([key, object]) => [key, canonicalObject(object, options.replace ?? {})] as const);
  const hashes = new Map(replaced.flatMap(([, object]) => templateHash(object)));
  const rehashed = replaced.map(([, object]) => rehash(object, hashes));
  return numberPods(rehashed);
}

/** The value at a path of keys, or undefined. */
export const at = (value: Json | undefined, ...path: readonly string[]): Json | undefined =>
  path.reduce<Json | undefined>((here, key) => (isObject(here) ? here[key] : undefined), value);

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const keyOf = (object: JsonObject): string => {
  const text = (...path: readonly string[]) => String(at(object, ...path) ?? "");
  return `${text("kind")}.${text("apiVersion")}/${text("metadata", "namespace")}/${text("metadata", "name")}`;
};

function canonicalObject(object: JsonObject, replace: Readonly<Record<string, string>>): JsonObject {
  const texts = mapTexts(withReadableChart(object), (text) =>
    Object.entries(replace).reduce((so, [from, to]) => so.replaceAll(from, to), text),
  );
  const plain = mapTexts(texts, (text) =>
    text
      .replaceAll(/kube-api-access-[a-z0-9]{5}/g, "kube-api-access")
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uid>")
      .replaceAll(/\/tmp\/zarf-\d+/g, "<tmp>")
      .replaceAll(/\.zarf-injection-\d+/g, ".zarf-injection")
      .replaceAll(/\b0\.1\.\d{9,10}\b/g, "0.1.<time>")
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, "<time>"),
  ) as JsonObject;
  const spec = plain["kind"] === "Service" ? { spec: withoutAddresses(at(plain, "spec")) } : {};
  return withOrderedLists({ ...plain, ...spec, metadata: canonicalMetadata(plain) }, "installedCharts");
}

/** Zarf lists the charts of a component in any order, another one each time. */
function withOrderedLists(value: Json, field: string): JsonObject {
  const change = (item: Json): Json => {
    if (Array.isArray(item)) return item.map(change);
    if (!isObject(item)) return item;
    const changed = Object.entries(item).map(([key, inner]) => [key, change(inner)] as const);
    return Object.fromEntries(changed.map(([key, inner]) => [key, key === field ? inOrder(inner) : inner]));
  };
  return change(value) as JsonObject;
}

const inOrder = (list: Json): Json =>
  Array.isArray(list)
    ? [...(list as Json[])].map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    : list;

/** The objects of a manifest with the comments before each: two printers of YAML write one object in two ways. */
function documentsOf(manifest: string): Json {
  return manifest
    .split(/^---$/m)
    .filter((text) => text.trim() !== "")
    .map((text) => ({
      comments: text.split("\n").filter((line) => line.startsWith("#")),
      // As Kubernetes reads it: yes and no are words of YAML 1.1.
      object: (parse(text, { version: "1.1", logLevel: "error" }) ?? null) as Json,
    }));
}

/** Templates and files of a release's chart as text instead of base64, so that addresses in them can be replaced. */
function withReadableChart(object: JsonObject): JsonObject {
  const value = at(object, "data", "release", "value") as JsonObject | undefined;
  if (object["type"] !== "helm.sh/release.v1" || value === undefined) return object;
  const readable = (files: Json | undefined): Json =>
    Array.isArray(files)
      ? files.map((file: JsonObject) => ({
          ...file,
          data: Buffer.from(String(file["data"]), "base64").toString("utf8"),
        }))
      : (files ?? null);
  const chart = value["chart"] as JsonObject;
  const read = { ...chart, templates: readable(chart["templates"]), files: readable(chart["files"]) };
  const release = at(object, "data", "release") as JsonObject;
  const hooks = (value["hooks"] ?? null) as readonly JsonObject[] | null;
  const whole = {
    ...value,
    chart: read,
    manifest: documentsOf(String(value["manifest"])),
    ...(hooks === null
      ? {}
      : { hooks: hooks.map((hook) => ({ ...hook, manifest: documentsOf(String(hook["manifest"])) })) }),
  };
  return { ...object, data: { release: { ...release, value: whole } } };
}

function canonicalMetadata(object: JsonObject): JsonObject {
  const metadata = at(object, "metadata") as JsonObject;
  const managers = (metadata["$managers"] ?? []) as readonly JsonObject[];
  const kept = managers.filter(({ manager }) => !kubelets.has(String(manager)));
  const { modifiedAt: _, ...labels } = (metadata["labels"] ?? {}) as JsonObject;
  return {
    ...metadata,
    ...(metadata["labels"] === undefined ? {} : { labels }),
    $managers: kept.map((manager) => JSON.stringify(sorted(manager))).sort(),
  };
}

/** A cluster address is the server's choice; that there is one is not. */
function withoutAddresses(spec: Json | undefined): Json {
  const isHeadless = at(spec, "clusterIP") === "None";
  return isHeadless ? (spec ?? null) : { ...(spec as JsonObject), clusterIP: "<ip>", clusterIPs: ["<ip>"] };
}

/** The hash that the Deployment controller made of a template, to one that says the same of a template with other addresses. */
function templateHash(object: JsonObject): readonly (readonly [string, string])[] {
  const hash = at(object, "metadata", "labels", "pod-template-hash");
  if (object["kind"] !== "ReplicaSet" || typeof hash !== "string") return [];
  const template = JSON.stringify(sorted(at(object, "spec", "template") ?? null)).replaceAll(hash, "");
  return [[hash, createHash("sha256").update(template).digest("hex").slice(0, 10)]];
}

function rehash(object: JsonObject, hashes: ReadonlyMap<string, string>): JsonObject {
  const hash = at(object, "metadata", "labels", "pod-template-hash");
  const other = typeof hash === "string" ? hashes.get(hash) : undefined;
  return other === undefined
    ? object
    : (mapTexts(object, (text) => text.replaceAll(String(hash), other)) as JsonObject);
}

/** Pods of one maker get the names `maker-#1`, `maker-#2` …, in an order that does not depend on their random ends. */
function numberPods(objects: readonly JsonObject[]): ClusterState {
  const counts = new Map<string, number>();
  const anonymous = objects.map((object) => {
    const from = at(object, "metadata", "generateName");
    if (object["kind"] !== "Pod" || typeof from !== "string") return object;
    return { ...object, metadata: { ...(object["metadata"] as JsonObject), name: `${from}#` } };
  });
  const ordered = anonymous.map((object) => sorted(object) as JsonObject).sort(byText);
  return new Map(
    ordered.map((object) => {
      const name = String(at(object, "metadata", "name"));
      if (!name.endsWith("#")) return [keyOf(object), object];
      const maker = keyOf(object);
      const number = (counts.get(maker) ?? 0) + 1;
      counts.set(maker, number);
      const named = { ...object, metadata: { ...(object["metadata"] as JsonObject), name: `${name}${number}` } };
      return [keyOf(named), named];
    }),
  );
}

const byText = (left: JsonObject, right: JsonObject): number => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1);

/** The same value with the keys of every object in order. */
export function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key] as Json)]));
}

/** Every text of a value (not the keys) through `change`. */
function mapTexts(value: Json, change: (text: string) => string): Json {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item: Json) => mapTexts(item, change));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, change)]));
}
