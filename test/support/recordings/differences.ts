import type { ClusterState, Json, JsonObject } from "./state.ts";

/** One place where two states are not the same. */
export interface Difference {
  /** `Secret.v1/zarf/zarf-package-web` */
  readonly object: string;
  /** `data.data.$decoded.generation`; empty: the whole object */
  readonly path: string;
  /** Undefined: not there. */
  readonly recorded: Json | undefined;
  readonly ours: Json | undefined;
}

/** Where `ours` is not what was recorded, object by object and field by field; lists of the same length item by item. */
export function differences(recorded: ClusterState, ours: ClusterState): readonly Difference[] {
  const keys = [...new Set([...recorded.keys(), ...ours.keys()])].sort();
  return keys.flatMap((object) => compare({ object, path: "" }, recorded.get(object), ours.get(object)));
}

function compare(
  where: { readonly object: string; readonly path: string },
  recorded: Json | undefined,
  ours: Json | undefined,
): readonly Difference[] {
  const deeper = (key: string) => ({ ...where, path: where.path === "" ? key : `${where.path}.${key}` });
  if (isObject(recorded) && isObject(ours)) {
    const keys = [...new Set([...Object.keys(recorded), ...Object.keys(ours)])].sort();
    return keys.flatMap((key) => compare(deeper(key), recorded[key], ours[key]));
  }
  if (Array.isArray(recorded) && Array.isArray(ours) && recorded.length === ours.length)
    return recorded.flatMap((item: Json, index) => compare(deeper(String(index)), item, (ours as Json[])[index]));
  if (JSON.stringify(recorded) === JSON.stringify(ours)) return [];
  return [{ ...where, recorded, ours }];
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A difference as a person reads it, long values shortened to where they part. */
export function describeDifference({ object, path, recorded, ours }: Difference): string {
  const [left, right] = partingTexts(shown(recorded), shown(ours));
  return `${object} ${path}\n    recorded ${left}\n    ours     ${right}`;
}

const shown = (value: Json | undefined): string => (value === undefined ? "nothing" : (JSON.stringify(value) ?? ""));

const contextChars = 60;
const shownChars = 400;

function partingTexts(left: string, right: string): readonly [string, string] {
  let same = 0;
  while (same < left.length && left[same] === right[same]) same += 1;
  const from = Math.max(0, same - contextChars);
  const cut = (text: string) => `${from > 0 ? "…" : ""}${text.slice(from, from + shownChars)}`;
  return [cut(left), cut(right)];
}
