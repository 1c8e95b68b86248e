import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { stringify } from "yaml";
import type { resourcePb } from "../../talos/api/index.ts";
import { protoSpec } from "./proto-spec.ts";
import type { StoredResource } from "./resource-store.ts";

type WireResource = MessageInitShape<typeof resourcePb.ResourceSchema>;

/** As it goes over the wire: the protobuf form for typed clients, the YAML form for all others. */
export function toWire(resource: StoredResource): WireResource {
  const { namespace, type, id, owner, version, created, updated, annotations, spec } = resource;
  return {
    metadata: {
      namespace,
      type,
      id,
      owner,
      version: String(version),
      phase: "running",
      created: timestampFromDate(created),
      updated: timestampFromDate(updated),
      annotations,
    },
    spec: { protoSpec: protoSpec(type, spec), yamlSpec: specYaml(spec) },
  };
}

/** YAML as Talos prints it: four spaces, long lines left alone, a text of many lines as a block. */
function specYaml(spec: unknown): string {
  return stringify(spec, {
    indent: 4,
    lineWidth: 0,
    nullStr: "null",
    ...(typeof spec === "string" && { defaultStringType: spec.includes("\n") ? "BLOCK_LITERAL" : "PLAIN" }),
  });
}
