import { isMap, isScalar, isSeq, type Pair, type YAMLMap } from "yaml";
import { isNullScalar } from "./config-text.ts";
import { freeMappings } from "./merge-rules.ts";

/** One `$patch: delete` of a patch document. */
export interface Deletion {
  /** Keys from the top; empty: the whole document. */
  readonly path: readonly string[];
  /** For an item of the list at `path`: the first key and value beside `$patch`. */
  readonly item?: { readonly key: string; readonly value: string };
}

/** Told when a deletion cannot be understood or finds nothing; the caller adds file and words. */
export class DeletionRefused extends Error {
  readonly path: readonly string[];

  constructor(path: readonly string[], reason: string) {
    super(reason);
    this.name = "DeletionRefused";
    this.path = path;
  }
}

/**
 * Takes every `$patch: delete` out of a patch document, with whatever becomes empty by that.
 *
 * @returns the deletions in the order of the text; `isEmpty` when nothing else is left to merge
 */
export function takeDeletions(map: YAMLMap): { readonly deletions: readonly Deletion[]; readonly isEmpty: boolean } {
  const deletions: Deletion[] = [];
  const isWhole = takeFrom(map, [], deletions);
  const left = map.items.map((pair) => keyOf(pair)).filter((key) => !["version", "kind", "name"].includes(key));
  return { deletions, isEmpty: isWhole || left.length === 0 };
}

/** @returns whether the mapping asked to be deleted, or is empty now */
function takeFrom(map: YAMLMap, path: readonly string[], found: Deletion[]): boolean {
  if (isMarked(map)) {
    if (path.some((segment) => segment === "[]")) {
      throw new DeletionRefused(path, "a key inside a list item cannot be deleted");
    }
    found.push({ path });
    return true;
  }
  const before = map.items.length;
  map.items = map.items.filter((pair) => {
    const here = [...path, keyOf(pair)];
    if (isMap(pair.value)) return !takeFrom(pair.value, here, found);
    if (!isSeq(pair.value)) return true;
    const items = pair.value.items;
    pair.value.items = items.filter((item) => !isMap(item) || !takeItem(item, here, found));
    return pair.value.items.length > 0 || items.length === 0;
  });
  return before > 0 && map.items.length === 0;
}

function takeItem(item: YAMLMap, path: readonly string[], found: Deletion[]): boolean {
  if (!isMarked(item)) return takeFrom(item, [...path, "[]"], found);
  if (path.includes("[]")) throw new DeletionRefused(path, "an item of a list inside a list cannot be deleted");
  const selector = item.items.find((pair) => keyOf(pair) !== "$patch");
  if (selector === undefined || !isScalar(selector.value)) {
    throw new DeletionRefused(path, "a list item to delete needs a key and value that tell which one");
  }
  found.push({ path, item: { key: keyOf(selector), value: String(selector.value.value) } });
  return true;
}

/**
 * Applies one deletion to a document of the config.
 *
 * @returns "document" when the whole document is to go
 * @throws DeletionRefused when there is nothing at the path
 */
export function applyDeletion(map: YAMLMap, kind: string, { path, item }: Deletion): "document" | "done" {
  const last = path.at(-1);
  if (last === undefined) {
    if (kind === "") throw new DeletionRefused(path, "the document with machine and cluster cannot be deleted");
    return "document";
  }
  const parentPath = path.slice(0, -1);
  const parent = path.slice(0, -1).reduce<unknown>((at, key) => (isMap(at) ? at.get(key, true) : undefined), map);
  if (!isMap(parent)) throw new DeletionRefused(path, "there is nothing to delete");
  if (item === undefined) {
    const isDeleted = parent.delete(last);
    const isFree = freeMappings[kind]?.includes(parentPath.join(".")) === true;
    if (!isDeleted && isFree) throw new DeletionRefused(path, "there is nothing to delete");
    return "done";
  }
  deleteItem(parent.get(last, true), path, item);
  return "done";
}

function deleteItem(list: unknown, path: readonly string[], { key, value }: NonNullable<Deletion["item"]>): void {
  const items = isSeq(list) ? list.items : [];
  const index = items.findIndex((candidate) => {
    const found = isMap(candidate) ? candidate.get(key, true) : undefined;
    return isScalar(found) && !isNullScalar(found) && String(found.value) === value;
  });
  if (index === -1) throw new DeletionRefused(path, `no item has ${key}: ${value}`);
  items.splice(index, 1);
}

function isMarked(map: YAMLMap): boolean {
  return map.items.some((pair) => keyOf(pair) === "$patch" && isScalar(pair.value) && pair.value.value === "delete");
}

function keyOf({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key);
}
