import type { JsonValue } from "../../../lib/json.ts";

/** What only an action will set, or nobody can say beforehand. */
export const unknown = Symbol("unknown");

/** Values as far as they are known before anything runs. */
export type Known = typeof unknown | null | boolean | number | string | readonly Known[] | KnownMap;
export interface KnownMap {
  readonly [key: string]: Known;
}

export function isMap(value: Known): value is KnownMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Keys whose value is undefined are not there. */
export function knownOf(value: JsonValue): Known {
  if (Array.isArray(value)) return value.map((item: JsonValue) => knownOf(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as Readonly<Record<string, JsonValue | undefined>>).flatMap(([key, item]) =>
      item === undefined ? [] : [[key, knownOf(item)] as const],
    ),
  );
}

/** The values with an unknown one at a path; all of them for the root. */
export function withUnknown(values: Known, keys: readonly string[]): Known {
  const [key, ...rest] = keys;
  if (key === undefined || values === unknown) return unknown;
  const map = isMap(values) ? values : {};
  return { ...map, [key]: withUnknown(Object.hasOwn(map, key) ? (map[key] ?? null) : {}, rest) };
}

/** As Go templates judge: empty things are false. Undefined where nobody can say. */
export function truthOf(value: Known): boolean | undefined {
  if (value === unknown) return undefined;
  if (Array.isArray(value)) return value.length > 0;
  if (isMap(value)) return Object.keys(value).length > 0;
  return value !== null && value !== false && value !== 0 && value !== "";
}
