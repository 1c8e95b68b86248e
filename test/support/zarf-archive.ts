import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { zstdDecompressSync } from "node:zlib";
import { extract } from "tar-stream";
import type { PackageSource } from "../../src/deployer/index.ts";
import { digestOf } from "../../src/oci/index.ts";

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

/** The same files as Zarf would publish them: one layer each, whatever they are. */
export function publishedSource(
  files: readonly ArchiveFile[],
  options: { readonly configMediaType?: string } = {},
): PackageSource {
  const byDigest = new Map(files.map(({ bytes }) => [digestOf(bytes) as string, bytes]));
  const config = Buffer.from("{}");
  const mediaType = options.configMediaType ?? "application/vnd.zarf.config.v1+json";
  return {
    digest: digestOf("manifest"),
    manifest: {
      config: { mediaType, digest: digestOf(config), size: config.length },
      layers: files.map(({ name, bytes }) => ({
        mediaType: "application/vnd.zarf.layer.v1.blob",
        digest: digestOf(bytes),
        size: bytes.length,
        annotations: { "org.opencontainers.image.title": name },
      })),
    },
    readBlob: async function* (digest) {
      yield byDigest.get(digest) ?? Buffer.alloc(0);
    },
  };
}
