import { OperatorError } from "../../lib/errors/index.ts";
import type { JsonValue } from "../../lib/json.ts";
import type { JsonObject } from "../charts/engine/index.ts";

/** A JSON object, or undefined for anything else. */
export function asObject(value: JsonValue | undefined): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** Whether the object itself has the key, not what every object inherits. */
export const has = (object: JsonObject, key: string): boolean => Object.hasOwn(object, key);

/**
 * The keys of `.app.settings.a`; none for `.`, the root. Keys with dots in them cannot be named.
 *
 * @throws OperatorError PACKAGE_VALUES_INVALID for a path without its dot
 */
export function pathKeys(path: string): readonly string[] {
  if (!path.startsWith(".")) throw invalidPath(path, "it does not begin with a dot");
  return path === "." ? [] : path.slice(1).split(".");
}

/** `over` laid over `base`: maps are merged, anything else is replaced, also by null. */
export function mergeValues(base: JsonObject, over: JsonObject): JsonObject {
  const merged = Object.entries(over).map(([key, value]): [string, JsonValue | undefined] => {
    const [below, above] = [has(base, key) ? asObject(base[key]) : undefined, asObject(value)];
    return [key, below !== undefined && above !== undefined ? mergeValues(below, above) : value];
  });
  return Object.fromEntries([...Object.entries(base), ...merged]);
}

/**
 * The values with another one at a path; maps on the way are made, a map laid over a map is merged, the root takes maps only.
 *
 * @throws OperatorError PACKAGE_VALUES_INVALID where something on the way is no map
 */
export function setAt(values: JsonObject, path: string, value: JsonValue): JsonObject {
  const keys = pathKeys(path);
  const object = asObject(value);
  if (keys.length === 0) {
    if (object === undefined) throw invalidPath(path, "only a map can be laid over all values");
    return mergeValues(values, object);
  }
  const put = (parent: JsonObject, [key = "", ...rest]: readonly string[]): JsonObject => {
    const there = has(parent, key) ? parent[key] : undefined;
    const below = asObject(there);
    if (rest.length === 0)
      return { ...parent, [key]: object !== undefined && below !== undefined ? mergeValues(below, object) : value };
    if (there !== undefined && below === undefined) throw invalidPath(path, `${key} on the way is no map`);
    return { ...parent, [key]: put(below ?? {}, rest) };
  };
  return put(values, keys);
}

/** What lies at a path; undefined where nothing does. */
export function valueAt(values: JsonObject, path: string): JsonValue | undefined {
  let found: JsonValue | undefined = values;
  for (const key of pathKeys(path)) {
    const object = asObject(found);
    if (object === undefined || !has(object, key)) return undefined;
    found = object[key];
  }
  return found;
}

/**
 * The values without what lies at a path; the same where nothing does.
 *
 * @throws OperatorError PACKAGE_VALUES_INVALID for the root, and where something on the way is no map
 */
export function without(values: JsonObject, path: string): JsonObject {
  const keys = pathKeys(path);
  if (keys.length === 0) throw invalidPath(path, "all values cannot be left out");
  const drop = (parent: JsonObject, [key = "", ...rest]: readonly string[]): JsonObject => {
    if (!has(parent, key)) return parent;
    if (rest.length === 0) return Object.fromEntries(Object.entries(parent).filter(([name]) => name !== key));
    const below = asObject(parent[key]);
    if (below === undefined) throw invalidPath(path, `${key} on the way is no map`);
    return { ...parent, [key]: drop(below, rest) };
  };
  return drop(values, keys);
}

function invalidPath(path: string, reason: string): OperatorError {
  return new OperatorError("PACKAGE_VALUES_INVALID", `the path ${path} of package values cannot be used: ${reason}`, {
    next: ["write it as .key.key, from the root of the values"],
  });
}
