import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { extract } from "tar-stream";
import { zstdDecompress } from "../../src/lib/zstd/index.ts";

export interface ReadEntry {
  readonly type: "file" | "folder" | "link" | "other";
  readonly mode: number;
  readonly bytes: Buffer;
  readonly linkTarget: string;
  /** Modification time, owner and group: all zero in a package. */
  readonly marks: readonly (number | string)[];
}

const types = { file: "file", directory: "folder", symlink: "link" } as const;

/** Every entry of a tar or tar.zst, whole, in its order. */
export async function readArchive(source: string | Buffer): Promise<ReadonlyMap<string, ReadEntry>> {
  const bytes = typeof source === "string" ? await readFile(source) : source;
  const isZstd = bytes.length > 4 && bytes.readUInt32LE(0) === 0xfd2fb528;
  const once = Readable.from([bytes]);
  const tar = isZstd ? Readable.from(zstdDecompress(once, { signal: new AbortController().signal })) : once;
  const entries = new Map<string, ReadEntry>();
  for await (const entry of tar.pipe(extract())) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    const { name, type, mode = 0, mtime, uid, gid, uname, gname, linkname } = entry.header;
    entries.set(name.replace(/\/$/, ""), {
      type: types[type as keyof typeof types] ?? "other",
      mode,
      bytes: Buffer.concat(chunks),
      linkTarget: linkname ?? "",
      marks: [mtime?.getTime() ?? 0, uid ?? 0, gid ?? 0, uname ?? "", gname ?? ""],
    });
  }
  return entries;
}
