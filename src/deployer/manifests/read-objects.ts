import { type KubeObject, record } from "../../kube/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { parseYamlDocuments } from "../../lib/yaml/index.ts";

/**
 * The Kubernetes objects of a manifest; a `List` is taken apart.
 *
 * @param options.file - for messages
 * @throws OperatorError DOCUMENT_INVALID, PACKAGE_INVALID for what is not an object with a name
 */
export function readObjects(text: string, options: { readonly file: string }): readonly KubeObject[] {
  return parseYamlDocuments(text, { version: "1.1", file: options.file }).flatMap((value, index) =>
    objectsIn(value, `document ${index + 1} of ${options.file}`),
  );
}

function objectsIn(value: unknown, what: string): readonly KubeObject[] {
  const object = record(value);
  if (object?.["apiVersion"] === "v1" && object["kind"] === "List") {
    const { items } = object;
    return Array.isArray(items) ? items.flatMap((item, index) => objectsIn(item, `item ${index + 1} of ${what}`)) : [];
  }
  const name = record(object?.["metadata"])?.["name"];
  for (const [key, found] of Object.entries({
    apiVersion: object?.["apiVersion"],
    kind: object?.["kind"],
    "metadata.name": name,
  }))
    if (typeof found !== "string" || found === "")
      throw new OperatorError("PACKAGE_INVALID", `${what} is not a Kubernetes object: it has no ${key}`, {
        where: { file: what },
      });
  return [object as unknown as KubeObject];
}
