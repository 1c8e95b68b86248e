import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { zstdDecompressSync } from "node:zlib";
import { extract } from "tar-stream";

export interface ArchiveFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** The files of a `zarf-package-*.tar.zst` in their order, names as they are written. */
export async function readZarfArchive(file: string): Promise<readonly ArchiveFile[]> {
  const files: ArchiveFile[] = [];
  for await (const entry of Readable.from([zstdDecompressSync(await readFile(file))]).pipe(extract())) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    if (entry.header.type === "file") files.push({ name: entry.header.name, bytes: Buffer.concat(chunks) });
  }
  return files;
}
