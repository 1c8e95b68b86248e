/**
 * A field of a parsed object; undefined where it has none of that name. Keys come from other people's manifests, and
 * "constructor" or "toString" are names like any other.
 */
export function ownField(object: Readonly<Record<string, unknown>> | undefined, key: string): unknown {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
}
