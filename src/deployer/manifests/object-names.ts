import { type KubeObject, type ObjectRef, record, refOf } from "../../kube/index.ts";
import { parseYamlDocuments } from "../../lib/yaml/index.ts";

/** What the objects of a recorded manifest are called. */
export function objectRefs(manifest: string): readonly ObjectRef[] {
  return parseYamlDocuments(manifest, { version: "1.1", file: "a recorded release" }).flatMap((value) => {
    const object = record(value);
    const name = record(object?.["metadata"])?.["name"];
    return typeof name === "string" ? [refOf(object as unknown as KubeObject)] : [];
  });
}
