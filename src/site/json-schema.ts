import { z } from "zod";
import type { JsonValue } from "../lib/json.ts";
import { SiteSpec } from "./schema.ts";

/** JSON Schema (draft-7) of site.yaml, for editors. */
export function siteJsonSchema(): JsonValue {
  const schema = z.toJSONSchema(SiteSpec, { target: "draft-7", io: "input" }) as Readonly<Record<string, JsonValue>>;
  return { title: "Skerry site.yaml", ...schema };
}
