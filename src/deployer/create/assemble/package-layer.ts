import { createHash } from "node:crypto";
import { type Descriptor, type Digest, digestHex, digestOf, parseDigest, recycleChunk } from "../../../oci/index.ts";
import { layerMediaType, titleAnnotation } from "../../package/media-types.ts";
import { type StagedFile, type StagedTree, stagedBytes } from "../stage/staged.ts";
import { archiveBytes, archiveStream } from "../stage/tar-stream.ts";

/** One file of a package. */
export interface PackageLayer {
  /** Path in the package: `zarf.yaml`, `components/web.tar`. */
  readonly title: string;
  /** As a layer of the published form. */
  readonly descriptor: Descriptor;
  /** Permission bits in an archive. */
  readonly mode: number;
  /** May be called again; the bytes are the same each time. */
  readonly open: (call: { readonly signal: AbortSignal }) => AsyncIterable<Uint8Array>;
}

/** A file of a package that is in memory. */
export function bytesLayer(title: string, bytes: Uint8Array, mode = 0o600): PackageLayer {
  const { open } = stagedBytes(bytes, mode);
  return { title, descriptor: describe(title, digestOf(bytes), bytes.length), mode, open };
}

/** A tree as a tar in the package: hashed now, read again when it is written. */
export async function archiveLayer(
  title: string,
  archive: { readonly root: string; readonly rootMode: number; readonly tree: StagedTree },
  call: { readonly signal: AbortSignal },
): Promise<PackageLayer> {
  const hash = createHash("sha256");
  for await (const chunk of archiveStream(archive, call)) {
    hash.update(chunk);
    recycleChunk(chunk);
  }
  const digest = parsed(hash.digest("hex"));
  const open = (again: { readonly signal: AbortSignal }) => archiveStream(archive, again);
  return { title, descriptor: describe(title, digest, archiveBytes(archive)), mode: 0o644, open };
}

/** A layer as an entry of an archive. */
export function layerEntry({ mode, descriptor, open }: PackageLayer): StagedFile {
  return { type: "file", mode, sizeBytes: descriptor.size, open };
}

/** How a published package names a file. */
export function describe(title: string, digest: Digest, size: number): Descriptor {
  return { mediaType: layerMediaType, digest, size, annotations: { [titleAnnotation]: title } };
}

/** Path of an image's blob in a package. */
export const blobTitle = (digest: Digest): string => `images/blobs/sha256/${digestHex(digest)}`;

function parsed(hex: string): Digest {
  const digest = parseDigest(`sha256:${hex}`);
  if (digest === undefined) throw new Error("a hash gave no digest");
  return digest;
}
