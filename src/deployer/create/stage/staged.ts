/** One thing in an archive that is going to be written. */
export type StagedEntry =
  | { readonly type: "folder"; readonly mode: number }
  | StagedFile
  /** Relative to the link's own folder. */
  | { readonly type: "link"; readonly target: string };

export interface StagedFile {
  readonly type: "file";
  readonly mode: number;
  readonly sizeBytes: number;
  /** May be called more than once; the bytes are the same each time, or writing fails. */
  readonly open: (call: { readonly signal: AbortSignal }) => AsyncIterable<Uint8Array>;
}

/** Entries by path below one folder, in no order. */
export type StagedTree = ReadonlyMap<string, StagedEntry>;

/** Bytes that are in memory, as a file. */
export function stagedBytes(bytes: Uint8Array, mode: number): StagedFile {
  return {
    type: "file",
    mode,
    sizeBytes: bytes.length,
    open: async function* () {
      if (bytes.length > 0) yield bytes;
    },
  };
}

/** A tree that grows; folders above an entry come into being with it, and keep the mode they came with. */
export class TreeBuilder {
  readonly #entries = new Map<string, StagedEntry>();

  get entries(): StagedTree {
    return this.#entries;
  }

  /** @param folderMode - of folders above it that are not there yet */
  add(path: string, entry: StagedEntry, folderMode = 0o700): void {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = parts.slice(0, depth).join("/");
      if (!this.#entries.has(folder)) this.#entries.set(folder, { type: "folder", mode: folderMode });
    }
    this.#entries.set(path, entry);
  }

  /** Puts a whole tree below a folder. */
  addTree(path: string, tree: StagedTree, folderMode?: number): void {
    for (const [inner, entry] of tree) this.add(`${path}/${inner}`, entry, folderMode);
  }
}

/** Paths as a walk through folders meets them: names of one folder as bytes, what is in a folder right after it. */
export function inWalkOrder(paths: Iterable<string>): readonly string[] {
  // A slash that sorts below every letter gives the order of a walk.
  return [...paths]
    .map((path) => ({ path, key: Buffer.from(path.replaceAll("/", "\0")) }))
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ path }) => path);
}
