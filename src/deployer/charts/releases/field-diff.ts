import { type KubeObject, record } from "../../../kube/index.ts";
import { decided } from "./compare.ts";
import { ownField } from "./own-field.ts";
import type { FieldChange } from "./types.ts";

const longest = 200;
/** By what a person tells the items of a list apart, the first one that every item has. */
const itemKeys: readonly string[] = ["name", "mountPath", "containerPort", "port", "key", "host", "path", "type"];

interface Difference {
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
}

/**
 * Which fields of an object change, the smallest ones, in the order of their paths. Values of Secrets are hidden, and so is
 * what a Secret's annotation repeats of them.
 */
export function fieldDiff(live: KubeObject, wouldBe: KubeObject): readonly FieldChange[] {
  const isSecret = live.kind === "Secret" && live.apiVersion === "v1";
  return differences("", decided(live), decided(wouldBe)).map(({ path, from, to }) => {
    const isHidden = isSecret && !path.startsWith("metadata.labels");
    const say = (value: unknown): string => (isHidden ? "(hidden)" : shorten(JSON.stringify(value)));
    return {
      path,
      ...(from === undefined ? {} : { from: say(from) }),
      ...(to === undefined ? {} : { to: say(to) }),
    };
  });
}

const shorten = (text: string): string => (text.length <= longest ? text : `${text.slice(0, longest)}…`);

function differences(path: string, from: unknown, to: unknown): readonly Difference[] {
  const [before, after] = [record(from), record(to)];
  if (before !== undefined && after !== undefined) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
    return keys.flatMap((key) => differences(join(path, key), ownField(before, key), ownField(after, key)));
  }
  if (Array.isArray(from) && Array.isArray(to)) return listDifferences(path, from, to);
  return JSON.stringify(from) === JSON.stringify(to) ? [] : [{ path, from, to }];
}

const join = (path: string, key: string): string => {
  const step = /^[A-Za-z_][\w-]*$/.test(key) ? key : `"${key}"`;
  return path === "" ? step : `${path}.${step}`;
};

function listDifferences(path: string, from: readonly unknown[], to: readonly unknown[]): readonly Difference[] {
  const key = itemKeys.find((name) => isKey(name, from) && isKey(name, to));
  if (key === undefined) {
    const isPlain = [...from, ...to].every((item) => typeof item !== "object");
    if (isPlain || from.length !== to.length)
      return JSON.stringify(from) === JSON.stringify(to) ? [] : [{ path, from, to }];
    return from.flatMap((item, index) => differences(`${path}[${index}]`, item, to[index]));
  }
  const nameOf = (item: unknown) => String(record(item)?.[key]);
  const names = [...new Set([...from, ...to].map(nameOf))];
  return names.flatMap((name) =>
    differences(
      `${path}[${key}=${name}]`,
      from.find((item) => nameOf(item) === name),
      to.find((item) => nameOf(item) === name),
    ),
  );
}

/** Every item has it, and no two the same. */
function isKey(name: string, items: readonly unknown[]): boolean {
  const values = items.map((item) => record(item)?.[name]);
  return values.every((value) => value !== undefined) && new Set(values).size === items.length;
}
