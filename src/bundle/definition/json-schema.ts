import { z } from "zod";
import type { JsonValue } from "../../lib/json.ts";
import { BundleDefinition } from "./schema.ts";

/** JSON Schema (draft-7) of bundle.yaml, for editors. */
export function bundleJsonSchema(): JsonValue {
  const schema = z.toJSONSchema(BundleDefinition, { target: "draft-7", io: "input" }) as Readonly<
    Record<string, JsonValue>
  >;
  return { title: "Skerry bundle.yaml", ...schema };
}
