import type { JsonValue } from "../../../lib/json.ts";

export type JsonObject = { readonly [key: string]: JsonValue | undefined };

/** What Go's `omitempty` leaves out: empty text, false, zero, empty lists and maps. */
export function some<T>(value: T | undefined): T | undefined {
  if (value === "" || value === false || value === 0 || value === null) return undefined;
  if (typeof value !== "object") return value;
  return (Array.isArray(value) ? value : Object.keys(value as object)).length === 0 ? undefined : value;
}

/** A struct: its keys in this order, those without a value left out. Maps in it are sorted, as Go writes them. */
export function fields(struct: { readonly [key: string]: unknown }): JsonObject {
  return Object.fromEntries(
    Object.entries(struct)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, mapKeys.has(key) ? sorted(value as JsonObject) : (value as JsonValue)]),
  );
}

const mapKeys: ReadonlySet<string> = new Set(["annotations", "registryOverrides", "documentation"]);

function sorted(value: JsonValue | JsonObject): JsonValue {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value as JsonValue;
  const entries = Object.entries(value as JsonObject).sort(([a], [b]) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  return Object.fromEntries(entries) as JsonValue;
}

/** JSON text as Go's `encoding/json` gives it: <, > and & are escaped, and so are the line separators of JavaScript. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
