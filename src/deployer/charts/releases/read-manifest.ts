import { type KubeObject, objectName, record } from "../../../kube/index.ts";
import { OperatorError } from "../../../lib/errors/index.ts";
import { parseYamlDocuments } from "../../../lib/yaml/index.ts";

/**
 * The objects of a rendered or recorded manifest, in their order, as Kubernetes reads YAML; lists are taken apart. Of an
 * object that is there twice the last counts, at the place of the first.
 *
 * @param options.file - for messages: "web/templates/web.yaml"
 * @throws OperatorError RELEASE_MANIFEST_INVALID with every document that is no object, DOCUMENT_INVALID for broken YAML
 */
export function readManifest(text: string, options: { readonly file: string }): readonly KubeObject[] {
  const problems: string[] = [];
  const found = new Map<string, KubeObject>();
  const documents = parseYamlDocuments(text, { version: "1.1", file: options.file });
  for (const [index, document] of documents.entries())
    for (const object of objectsIn(document, `document ${index + 1}`, problems)) found.set(identity(object), object);
  if (problems.length > 0)
    throw new OperatorError("RELEASE_MANIFEST_INVALID", `${options.file}: ${problems[0]}`, {
      where: { file: options.file },
      problems: problems.map((message) => ({ message, where: { file: options.file } })),
    });
  return [...found.values()];
}

/** Which object of a cluster it is, whatever the version of its API: "apps Deployment demo web". */
export function identity({ apiVersion, kind, metadata }: KubeObject): string {
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
  // Without a name every one is another.
  const name = metadata.name ?? `${metadata.generateName ?? ""}…${identity.unnamed++}`;
  return [group, kind, metadata.namespace ?? "", name].join(" ");
}
identity.unnamed = 0;

/** The name of an object in messages; of one that the server is to name, the beginning of its name. */
export function nameOf(object: KubeObject): string {
  const { name, generateName } = object.metadata;
  return name === undefined && generateName !== undefined
    ? objectName({ ...object, metadata: { ...object.metadata, name: `${generateName}…` } })
    : objectName(object);
}

function objectsIn(value: unknown, what: string, problems: string[]): readonly KubeObject[] {
  const object = record(value);
  const { apiVersion, kind } = object ?? {};
  if (typeof kind === "string" && kind.endsWith("List") && Array.isArray(object?.["items"]))
    return object["items"].flatMap((item: unknown, index) => objectsIn(item, `item ${index + 1} of ${what}`, problems));
  const metadata = record(object?.["metadata"]);
  const name = metadata?.["name"] ?? metadata?.["generateName"];
  for (const [key, field] of Object.entries({ apiVersion, kind, "metadata.name": name }))
    if (typeof field !== "string" || field === "") {
      problems.push(`${what} is not a Kubernetes object: it has no ${key}`);
      return [];
    }
  return [object as unknown as KubeObject];
}
