import type { JsonValue } from "../../../src/lib/json.ts";

export type JsonSchema = { readonly [key: string]: JsonValue | undefined };

/** Formats that draft-7 defines, of those that our schemas use. */
const knownFormats: ReadonlySet<JsonValue | undefined> = new Set(["ipv4", "ipv6", "uri"]);

/**
 * The schema as editors get it: without formats that draft-7 does not know, since a strict validator refuses a schema with
 * one. Their patterns say the same and stay.
 */
export function editorSchema(schema: JsonValue): JsonValue {
  if (isArray(schema)) return schema.map(editorSchema);
  if (typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema).filter(
    ([key, value]) => key !== "format" || typeof value !== "string" || knownFormats.has(value),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, value === undefined ? undefined : editorSchema(value)]));
}

/** A value that must be a schema object; anything else is a bug in who made the schema. */
export function asSchema(value: JsonValue | undefined): JsonSchema {
  if (typeof value !== "object" || value === null || isArray(value)) throw new Error("a JSON Schema is not an object");
  return value;
}

export function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
