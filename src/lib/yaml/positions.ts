import { isMap, isPair, isScalar, isSeq, type LineCounter, type Node, type Pair } from "yaml";

export type YamlPath = readonly (string | number)[];

/** `path:line:column`, both counted from 1, of an offset in the text. */
export function placeOf(file: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
}

/**
 * Offset in the text of the value at `path`, or of the nearest thing around it that is there: a missing key points to
 * its map. With `at: "key"` the key itself instead of its value.
 */
export function offsetOf(root: Node | null, path: YamlPath, at: "key" | "value"): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const [index, segment] of path.entries()) {
    const isLast = index === path.length - 1;
    const found = childOf(node, segment);
    if (found === undefined) return offset;
    if (isPair(found)) {
      const keyOffset = startOf(found.key);
      const valueOffset = startOf(found.value);
      offset = (isLast && at === "key" ? keyOffset : (valueOffset ?? keyOffset)) ?? offset;
      node = found.value;
    } else {
      offset = startOf(found) ?? offset;
      node = found;
    }
  }
  return offset;
}

function childOf(node: unknown, segment: string | number): Pair | Node | undefined {
  if (isMap(node)) {
    // The last of two equal keys is the one whose value counts.
    return node.items.findLast((pair) => isScalar(pair.key) && String(pair.key.value) === String(segment));
  }
  if (isSeq(node) && typeof segment === "number") return node.items[segment] as Node | undefined;
  return undefined;
}

/** An empty value has a range of no length after the key: then the key is the better place to point to. */
function startOf(node: unknown): number | undefined {
  const range = (node as { readonly range?: readonly [number, number, number] | null } | null)?.range;
  if (!range || (isScalar(node) && node.value === null && range[0] === range[1])) return undefined;
  return range[0];
}
