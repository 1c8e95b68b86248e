import { type KubeObject, record } from "../../kube/index.ts";
import { emitYaml, parseYamlDocuments } from "../../lib/yaml/index.ts";
import type { ConnectStrings } from "../state/index.ts";
import { ignoredByAgent } from "./agent-label.ts";

/** What a release belongs to. */
export interface ReleaseOwner {
  readonly packageName: string;
  /** Empty: none. */
  readonly namespaceOverride: string;
  /** Images keep their names although an agent would change them: everything it looks at says that it is to be left alone. */
  readonly ignoredByAgent: boolean;
}

export interface PostRendered {
  /** Without the Namespaces. */
  readonly text: string;
  /** That the release brings: they belong to no release, so that nothing ever deletes them. */
  readonly namespaces: readonly KubeObject[];
  /** Namespaces that objects name, each once, in their order. */
  readonly mentioned: readonly string[];
  readonly connectStrings: ConnectStrings;
}

/**
 * What Zarf does to the rendered objects of a release, after its text templates: the package's label on each (and on the Pods of
 * its template), Namespaces taken out, the rest written anew. Hooks stay as they are. Safe to repeat.
 *
 * @param text - documents in one stream, lists among them
 * @param options.file - for messages
 * @throws OperatorError DOCUMENT_INVALID
 */
export function postRender(text: string, owner: ReleaseOwner, options: { readonly file: string }): PostRendered {
  const documents = parseYamlDocuments(text, { version: "1.1", file: options.file, exactIntegers: true });
  const objects = documents.flatMap(objectsIn).map((value) => (isHook(value) ? value : marked(value, owner)));
  const plain = objects.filter((value) => !isHook(value));
  const namespaces = plain.filter(isNamespace) as unknown as readonly KubeObject[];
  const kept = objects.filter((value) => isHook(value) || !isNamespace(value));
  return {
    text: kept.map((value) => emitYaml(value, { style: "kubernetes" })).join("---\n"),
    namespaces,
    mentioned: [...new Set(plain.flatMap(namespaceOf))],
    connectStrings: Object.fromEntries(plain.flatMap(connectString)),
  };
}

type Json = Readonly<Record<string, unknown>>;

function objectsIn(document: unknown): readonly unknown[] {
  const value = record(document);
  const { kind, items } = value ?? {};
  // As Helm and Zarf take a list apart: whatever ends in List and has items.
  if (typeof kind === "string" && kind.endsWith("List") && Array.isArray(items)) return items.flatMap(objectsIn);
  return [document];
}

const metadataOf = (value: unknown): Json | undefined => record(record(value)?.["metadata"]);
const textsOf = (value: unknown, key: "labels" | "annotations"): Json => record(metadataOf(value)?.[key]) ?? {};

const isHook = (value: unknown): boolean => textsOf(value, "annotations")["helm.sh/hook"] !== undefined;
const isNamespace = (value: unknown): boolean => {
  const object = record(value);
  return object?.["kind"] === "Namespace" && object["apiVersion"] === "v1";
};

function namespaceOf(value: unknown): readonly string[] {
  const namespace = metadataOf(value)?.["namespace"];
  return typeof namespace === "string" && namespace !== "" ? [namespace] : [];
}

function connectString(value: unknown): readonly (readonly [string, { description: string; url: string }])[] {
  const object = record(value);
  if (object?.["kind"] !== "Service" || object["apiVersion"] !== "v1") return [];
  const name = textsOf(value, "labels")["zarf.dev/connect-name"];
  if (typeof name !== "string") return [];
  const said = (key: string) => {
    const annotation = textsOf(value, "annotations")[`zarf.dev/connect-${key}`];
    return typeof annotation === "string" ? annotation : "";
  };
  return [[name, { description: said("description"), url: said("url") }]];
}

function marked(value: unknown, owner: ReleaseOwner): unknown {
  const object = record(value);
  if (object === undefined) return value;
  const labels = {
    "zarf.dev/package": owner.packageName,
    ...(owner.namespaceOverride === "" ? {} : { "zarf.dev/namespace-override": owner.namespaceOverride }),
  };
  const labelled = withTemplateLabels(withLabels(object, labels), labels);
  return owner.ignoredByAgent ? ignoredByAgent(labelled) : labelled;
}

/** An object with labels more. */
export function withLabels(object: Json, labels: Json): Json {
  const metadata = record(object["metadata"]);
  return { ...object, metadata: { ...metadata, labels: { ...record(metadata?.["labels"]), ...labels } } };
}

/** Pods of a template that has labels of its own get the package's too. */
function withTemplateLabels(object: Json, labels: Json): Json {
  const spec = record(object["spec"]);
  const template = record(spec?.["template"]);
  if (template === undefined || record(record(template["metadata"])?.["labels"]) === undefined) return object;
  return { ...object, spec: { ...spec, template: withLabels(template, labels) } };
}
