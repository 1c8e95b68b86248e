import { record } from "../../../kube/index.ts";
import { canonicalJson, type JsonValue } from "../../../lib/json.ts";
import { ownField } from "./own-field.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * By what the items of a list are told apart, by the list's own name, as the API types say it (`patchMergeKey`). Lists that are
 * not here are one value.
 *
 * @see https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.36/ ("patch merge key")
 */
const mergeKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ["name"],
  initContainers: ["name"],
  ephemeralContainers: ["name"],
  env: ["name"],
  // Of a container by containerPort, of a Service by port.
  ports: ["containerPort", "port"],
  volumes: ["name"],
  volumeMounts: ["mountPath"],
  volumeDevices: ["devicePath"],
  imagePullSecrets: ["name"],
  secrets: ["name"],
  hostAliases: ["ip"],
  topologySpreadConstraints: ["topologyKey"],
  schedulingGates: ["name"],
  resourceClaims: ["name"],
  ownerReferences: ["uid"],
  conditions: ["type"],
  webhooks: ["name"],
};

const isSame = (a: unknown, b: unknown): boolean => canonicalJson(a as JsonValue) === canonicalJson(b as JsonValue);

/**
 * What a live object becomes when its owner goes from `before` to `after`: what the owner sets counts, what the owner has
 * stopped setting goes away, what others have set stays.
 *
 * @param before - undefined: the owner has set nothing so far
 */
export function mergeThreeWay(before: Fields | undefined, after: Fields, live: Fields): Fields {
  const isDropped = (key: string): boolean =>
    Object.hasOwn(after, key) ? after[key] === null : Object.hasOwn(before ?? {}, key);
  const keys = [...new Set([...Object.keys(live), ...Object.keys(after)])].filter((key) => !isDropped(key));
  return Object.fromEntries(
    keys.map((key) => [
      key,
      Object.hasOwn(after, key) ? mergeValue(key, ownField(before, key), after[key], ownField(live, key)) : live[key],
    ]),
  );
}

function mergeValue(name: string, before: unknown, after: unknown, live: unknown): unknown {
  const [newer, there] = [record(after), record(live)];
  if (newer !== undefined && there !== undefined) return mergeThreeWay(record(before), newer, there);
  if (Array.isArray(after) && Array.isArray(live)) {
    if (name === "finalizers") return mergeSet(before, after, live);
    const key = keyOf(name, [...after, ...live]);
    if (key !== undefined) return mergeList(key, Array.isArray(before) ? before : [], after, live);
  }
  return after;
}

/** The key that every item has. */
function keyOf(name: string, items: readonly unknown[]): string | undefined {
  return mergeKeys[name]?.find((key) => items.every((item) => record(item)?.[key] !== undefined));
}

function mergeList(
  key: string,
  before: readonly unknown[],
  after: readonly unknown[],
  live: readonly unknown[],
): unknown {
  const find = (list: readonly unknown[], item: unknown) =>
    record(list.find((other) => isSame(record(other)?.[key], record(item)?.[key])));
  const wanted = after.map((item) => mergeThreeWay(find(before, item), record(item) ?? {}, find(live, item) ?? {}));
  const others = live.filter((item) => find(after, item) === undefined && find(before, item) === undefined);
  return [...wanted, ...others];
}

function mergeSet(before: unknown, after: readonly unknown[], live: readonly unknown[]): unknown {
  const gone = Array.isArray(before) ? before.filter((item) => !after.includes(item)) : [];
  return [...new Set([...live.filter((item) => !gone.includes(item)), ...after])];
}

/**
 * The JSON merge patch that leads from one object to another: what Helm sends for custom resources, whose lists nobody can
 * tell the items of.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7396
 */
export function mergePatch(before: Fields, after: Fields): Fields {
  const dropped = Object.keys(before)
    .filter((key) => !Object.hasOwn(after, key))
    .map((key): readonly [string, unknown] => [key, null]);
  const set = Object.entries(after).flatMap(([key, value]): readonly (readonly [string, unknown])[] => {
    const [older, newer] = [record(ownField(before, key)), record(value)];
    if (older !== undefined && newer !== undefined) {
      const inner = mergePatch(older, newer);
      return Object.keys(inner).length > 0 ? [[key, inner]] : [];
    }
    return isSame(ownField(before, key) ?? null, value ?? null) ? [] : [[key, value]];
  });
  return Object.fromEntries([...dropped, ...set]);
}
