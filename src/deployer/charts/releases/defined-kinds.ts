import { type KubeObject, record, records } from "../../../kube/index.ts";

export interface DefinedKind {
  readonly isNamespaced: boolean;
}

/** Kinds that CustomResourceDefinitions among the objects bring: "example.com/v1 Widget". */
export function definedKinds(objects: readonly KubeObject[]): ReadonlyMap<string, DefinedKind> {
  const kinds = new Map<string, DefinedKind>();
  for (const object of objects) {
    if (object.kind !== "CustomResourceDefinition") continue;
    const spec = record(object["spec"]);
    const kind = record(spec?.["names"])?.["kind"];
    for (const version of records(spec?.["versions"]))
      if (version["served"] !== false)
        kinds.set(`${String(spec?.["group"])}/${String(version["name"])} ${String(kind)}`, {
          isNamespaced: spec?.["scope"] === "Namespaced",
        });
  }
  return kinds;
}
