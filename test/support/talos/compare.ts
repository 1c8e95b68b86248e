import { parseAllDocuments } from "yaml";

/** The documents of a YAML stream as plain values. */
export function values(yaml: string | undefined): readonly unknown[] {
  return parseAllDocuments(yaml ?? "").map((document) => document.toJS() as unknown);
}

/** Where two values differ, as `path: ours | theirs` shortened: a whole machine config in a test's output helps nobody. */
export function differences(ours: unknown, theirs: unknown, path = ""): readonly string[] {
  if (isTree(ours) && isTree(theirs) && Array.isArray(ours) === Array.isArray(theirs)) {
    const keys = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])];
    return keys.flatMap((key) => differences(ours[key], theirs[key], path === "" ? key : `${path}.${key}`));
  }
  const [left, right] = [JSON.stringify(ours) ?? "absent", JSON.stringify(theirs) ?? "absent"];
  return left === right ? [] : [`${path}: ${left.slice(0, 80)} | ${right.slice(0, 80)}`];
}

/** The keys of all mappings in order, as paths. */
export function keyOrder(value: unknown, path = ""): readonly string[] {
  if (!isTree(value)) return [path];
  return [path, ...Object.entries(value).flatMap(([key, child]) => keyOrder(child, `${path}.${key}`))];
}

function isTree(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
