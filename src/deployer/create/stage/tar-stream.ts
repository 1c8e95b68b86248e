import { inWalkOrder, type StagedEntry, type StagedTree } from "./staged.ts";
import { blockBytes, padding, type TarHead, tarHeader } from "./tar-header.ts";

/** A tree as an archive, in the order of a walk. */
export interface TreeArchive {
  /** The folder that everything is in, which comes first; "." is written and not put before the paths. undefined: none. */
  readonly root: string | undefined;
  readonly rootMode?: number;
  readonly tree: StagedTree;
}

/** Size of the archive, known before a byte of it is read. */
export function archiveBytes(archive: TreeArchive): number {
  return (
    heads(archive).reduce(
      (sum, { head }) => sum + tarHeader(head).length + head.sizeBytes + padding(head.sizeBytes),
      0,
    ) +
    2 * blockBytes
  );
}

/** A plain tar, byte for byte as Zarf writes the same entries. Nothing is held but one chunk. */
export async function* archiveStream(
  archive: TreeArchive,
  call: { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  for (const { head, entry } of heads(archive)) {
    call.signal.throwIfAborted();
    yield tarHeader(head);
    if (entry.type !== "file") continue;
    yield* entry.open(call);
    if (padding(entry.sizeBytes) > 0) yield Buffer.alloc(padding(entry.sizeBytes));
  }
  yield Buffer.alloc(2 * blockBytes);
}

function heads({
  root,
  rootMode = 0o700,
  tree,
}: TreeArchive): readonly { readonly head: TarHead; readonly entry: StagedEntry }[] {
  const top: StagedEntry = { type: "folder", mode: rootMode };
  const inner = inWalkOrder(tree.keys()).map((path) => {
    const entry = tree.get(path) ?? top;
    return { head: headOf(root === undefined || root === "." ? path : `${root}/${path}`, entry), entry };
  });
  return root === undefined ? inner : [{ head: headOf(root, top), entry: top }, ...inner];
}

function headOf(path: string, entry: StagedEntry): TarHead {
  switch (entry.type) {
    case "folder":
      return { path, type: "folder", mode: entry.mode, sizeBytes: 0 };
    case "link":
      return { path, type: "link", mode: 0o777, sizeBytes: 0, linkTarget: entry.target };
    case "file":
      return { path, type: "file", mode: entry.mode, sizeBytes: entry.sizeBytes };
  }
}
