import { mkdir } from "node:fs/promises";
import path from "node:path";
import { releaseFrame, zstdCompress } from "../../../lib/zstd/index.ts";
import { recycleChunk } from "../../../oci/index.ts";
import type { BuiltPackage } from "../assemble/assemble.ts";
import { layerEntry } from "../assemble/package-layer.ts";
import { blobEntries, type HeldImages } from "../images/held-images.ts";
import { TreeBuilder } from "../stage/staged.ts";
import { archiveBytes, archiveStream } from "../stage/tar-stream.ts";
import { packageFileName } from "./package-name.ts";
import { type WrittenFiles, writeParts } from "./part-writer.ts";

export interface WriteRequest {
  /** With its images attached. */
  readonly built: BuiltPackage;
  readonly images: HeldImages;
  /** Made where it is missing. */
  readonly folder: string;
  /** Larger archives become parts of this size; default: one file. */
  readonly maxPartBytes?: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/**
 * Writes a package as Zarf does: a tar of all its files in order, as Zstandard unless it asks not to be. Nothing is held but a few
 * chunks. The same package gives the same bytes.
 *
 * @throws OperatorError FILE_UNWRITABLE, PACKAGE_NO_SPACE, PACKAGE_TOO_MANY_PARTS, PACKAGE_SOURCE_CHANGED
 */
export async function writePackage(request: WriteRequest): Promise<WrittenFiles> {
  const { built, images, folder, signal, maxPartBytes } = request;
  const tree = new TreeBuilder();
  for (const layer of built.layers)
    tree.add(layer.title, layerEntry(layer), layer.title.startsWith("images/") ? 0o755 : 0o700);
  for (const [title, entry] of blobEntries(images)) tree.add(title, entry, 0o755);
  const archive = { root: undefined, tree: tree.entries };
  const totalBytes = archiveBytes(archive);
  let doneBytes = 0;
  const told = async function* () {
    for await (const chunk of archiveStream(archive, { signal })) {
      doneBytes += chunk.length;
      request.onProgress?.(doneBytes, totalBytes);
      yield chunk;
      // Whoever took it has copied or written it before asking for the next.
      recycleChunk(chunk);
    }
  };
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, packageFileName(built.definition));
  const bytes = built.definition.metadata.uncompressed ? told() : compressed(told(), signal);
  return await writeParts(file, bytes, { signal, ...(maxPartBytes === undefined ? {} : { maxPartBytes }) });
}

async function* compressed(source: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const frame of zstdCompress(source, { signal })) {
    yield frame;
    // It has been written when the next one is asked for.
    releaseFrame(frame);
  }
}
