import type { JsonValue } from "../../lib/json.ts";

export type JsonObject = { readonly [key: string]: JsonValue | undefined };

/**
 * How a field of one of Zarf's structs is written into JSON:
 * "always": also where it is empty; "filled": left out where it is empty (absent, empty text, 0, false, empty list or map);
 * "said": left out only where it is absent; a struct is always written, `said` and `list` before it as their names say.
 */
export type Field = "always" | "filled" | "said" | Struct | { readonly said: Struct } | { readonly list: Struct };

/** The fields in the order of the Go struct, which is the order of keys in the JSON. */
export interface Struct {
  readonly fields: Readonly<Record<string, Field>>;
}

/** Shorthand: names in order, each of one kind. */
export function fields(kind: "always" | "filled" | "said", names: string): Readonly<Record<string, Field>> {
  return Object.fromEntries(names.split(" ").map((name) => [name, kind]));
}

const isEmpty = (value: JsonValue | undefined): boolean =>
  value === undefined ||
  value === null ||
  value === "" ||
  value === 0 ||
  value === false ||
  (typeof value === "object" && Object.keys(value).length === 0);

/** A value in the shape that Go's encoder gives the struct. */
export function structJson(struct: Struct, value: JsonObject): JsonObject {
  const entries = Object.entries(struct.fields).flatMap(([name, field]) => {
    const written = fieldJson(field, value[name]);
    return written === undefined ? [] : [[name, written] as const];
  });
  return Object.fromEntries(entries);
}

function fieldJson(field: Field, value: JsonValue | undefined): JsonValue | undefined {
  if (field === "always") return value ?? "";
  if (field === "said") return value;
  if (field === "filled") return isEmpty(value) ? undefined : sortedMap(value);
  if ("fields" in field) return structJson(field, (value ?? {}) as JsonObject);
  if ("said" in field) return value === undefined ? undefined : structJson(field.said, value as JsonObject);
  const items = (value ?? []) as readonly JsonObject[];
  return items.length === 0 ? undefined : items.map((item) => structJson(field.list, item));
}

/** Go writes maps in the order of their keys. */
function sortedMap(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
