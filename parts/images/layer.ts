/** One entry of a layer, with a relative path and its content. */
export type LayerEntry =
  | { readonly kind: "directory"; readonly path: string; readonly mode: number }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "bytes"; readonly path: string; readonly mode: number; readonly bytes: Uint8Array }
  | { readonly kind: "file"; readonly path: string; readonly mode: number; readonly file: string };

/**
 * The entries in the order in which they are packed: by path, every parent folder named before what is in it (0755 where
 * nobody gave it), so that the same entries in any order give the same bytes.
 *
 * @throws Error when two entries have one path, or a path is not a plain relative one: a mistake in the image catalog
 */
export function orderLayer(entries: readonly LayerEntry[]): readonly LayerEntry[] {
  const byPath = new Map<string, LayerEntry>();
  for (const entry of entries) {
    if (entry.path === "" || entry.path.split("/").some((name) => name === "" || name === "." || name === "..")) {
      throw new Error(`"${entry.path}" is not a plain relative path`);
    }
    if (byPath.has(entry.path)) throw new Error(`two entries are called ${entry.path}`);
    byPath.set(entry.path, entry);
  }
  for (const entry of entries) {
    const names = entry.path.split("/").slice(0, -1);
    for (const depth of names.keys()) {
      const path = names.slice(0, depth + 1).join("/");
      const parent = byPath.get(path);
      if (parent === undefined) byPath.set(path, { kind: "directory", path, mode: 0o755 });
      else if (parent.kind !== "directory") throw new Error(`${entry.path} lies below ${path}, which is no folder`);
    }
  }
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
