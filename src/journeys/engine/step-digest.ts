import { createHash } from "node:crypto";
import { canonicalJson, type JsonValue } from "../../lib/json.ts";

/** Digest of everything a step depends on, as the journal keeps it: never the inputs themselves, which may hold secrets. */
export function digestInputs(inputs: JsonValue): string {
  return `sha256:${createHash("sha256").update(canonicalJson(inputs)).digest("hex")}`;
}
