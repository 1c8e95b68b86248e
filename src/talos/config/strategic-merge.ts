import { isMap, isScalar, isSeq, type Pair, type Scalar, type YAMLMap, type YAMLSeq } from "yaml";
import { isNullScalar, isPlain } from "./config-text.ts";
import { type MergeRule, ruleAt } from "./merge-rules.ts";

/** Told where two values do not fit each other; the caller knows file and words. */
export class MergeMismatch extends Error {
  readonly path: readonly string[];

  constructor(path: readonly string[]) {
    super(`types differ at ${path.join(".")}`);
    this.name = "MergeMismatch";
    this.path = path;
  }
}

/**
 * Merges `patch` into `target` in place, by Talos' rules for documents of this kind. Nodes of the patch are moved, not copied.
 *
 * @throws MergeMismatch where a mapping meets a list or a scalar
 * @see https://www.talos.dev/v1.13/talos-guides/configuration/patching/#strategic-merge-patches
 */
export function mergeMaps(target: YAMLMap, patch: YAMLMap, kind: string, path: readonly string[] = []): void {
  for (const pair of patch.items) {
    const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
    const here = [...path, key];
    // Inside a list the rules speak of any item.
    const existing = target.get(key, true);
    if (isNullScalar(pair.value)) continue;
    if (isNullScalar(existing)) target.set(key, pair.value);
    else mergeValues({ owner: target, key, existing, pair }, kind, here);
  }
}

interface Meeting {
  readonly owner: YAMLMap;
  readonly key: string;
  readonly existing: unknown;
  readonly pair: Pair;
}

function mergeValues({ owner, key, existing, pair }: Meeting, kind: string, path: readonly string[]): void {
  const rule = ruleAt(kind, path);
  const incoming = pair.value;
  if (rule?.kind === "replace") {
    owner.set(key, incoming);
  } else if (isMap(existing) && isMap(incoming)) {
    if (rule?.kind === "arguments") replaceKeys(existing, incoming);
    else mergeMaps(existing, incoming, kind, path);
  } else if (isSeq(existing) && isSeq(incoming)) {
    if (rule?.kind === "keyed") mergeKeyed(existing, incoming, rule, { kind, path });
    else existing.items.push(...incoming.items);
  } else if (isScalar(existing) && isScalar(incoming)) {
    if (rule?.kind === "overwrite" || !isZero(incoming)) owner.set(key, incoming);
  } else {
    throw new MergeMismatch(path);
  }
}

function replaceKeys(target: YAMLMap, patch: YAMLMap): void {
  for (const { key, value } of patch.items) target.set(isScalar(key) ? key.value : key, value);
}

function mergeKeyed(
  target: YAMLSeq,
  patch: YAMLSeq,
  rule: MergeRule & { readonly kind: "keyed" },
  { kind, path }: { readonly kind: string; readonly path: readonly string[] },
): void {
  for (const item of patch.items) {
    const index = isMap(item) ? target.items.findIndex((other) => isMap(other) && agree(other, item, rule.keys)) : -1;
    const existing = target.items[index];
    if (!isMap(item) || !isMap(existing)) target.items.push(item);
    else if (rule.onMatch === "replace") target.items[index] = item;
    else mergeMaps(existing, item, kind, [...path, "[]"]);
  }
}

/** Whether both agree in the first of these keys that the patch item has. */
function agree(existing: YAMLMap, item: YAMLMap, keys: readonly string[]): boolean {
  const key = keys.find((candidate) => !isAbsent(item, candidate));
  if (key === undefined) return false;
  return !isAbsent(existing, key) && sameValue(existing.get(key, true), item.get(key, true));
}

function isAbsent(map: YAMLMap, key: string): boolean {
  const value = map.get(key, true);
  return isNullScalar(value) || (isScalar(value) && value.value === "");
}

/** By content; the order of keys in a mapping does not matter. */
function sameValue(a: unknown, b: unknown): boolean {
  if (isScalar(a) && isScalar(b)) return String(a.value) === String(b.value);
  if (isMap(a) && isMap(b)) {
    return (
      a.items.length === b.items.length &&
      a.items.every(({ key, value }) => sameValue(value, b.get(isScalar(key) ? key.value : key, true)))
    );
  }
  if (isSeq(a) && isSeq(b)) {
    return a.items.length === b.items.length && a.items.every((item, index) => sameValue(item, b.items[index]));
  }
  return false;
}

/** What Go calls the zero value of a text or a number; `false` is not one, it always counts. */
function isZero(node: Scalar): boolean {
  const text = String(node.value);
  return text === "" || (isPlain(node) && /^0+(\.0*)?$|^0(s|m|h|ms|us|ns)$|^0h0m0s$/.test(text));
}
