import { createWriteStream } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import pMap from "p-map";
import { isOperatorError } from "../../../lib/errors/index.ts";
import { type Descriptor, type Digest, digestHex, parseReference } from "../../../oci/index.ts";
import type { Registries } from "../fetch/registries.ts";
import { stagedFile } from "../stage/read-folder.ts";
import { type StagedFile, stagedBytes } from "../stage/staged.ts";
import { contentOf, type HeldImages } from "./held-images.ts";
import { imagesMissing, type ResolvedImage } from "./resolve-images.ts";

export interface PullCall {
  readonly registries: Registries;
  /** Where the blobs are put; each is verified on its way. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onBytes?: (doneBytes: number) => void;
  /** default 6 */
  readonly concurrency?: number;
}

const blobMode = 0o444;

/** Blobs of images that are still to be fetched, each once, with one of the places that have it. */
export function wantedBlobs(
  images: readonly ResolvedImage[],
): ReadonlyMap<Digest, { readonly descriptor: Descriptor; readonly image: ResolvedImage }> {
  const wanted = new Map<Digest, { readonly descriptor: Descriptor; readonly image: ResolvedImage }>();
  for (const image of images)
    for (const descriptor of contentOf(image))
      if (!image.manifests.has(descriptor.digest) && !wanted.has(descriptor.digest))
        wanted.set(descriptor.digest, { descriptor, image });
  return wanted;
}

/**
 * Fetches what images consist of, each blob once.
 *
 * @throws OperatorError PACKAGE_IMAGES_MISSING for a blob that cannot be had
 */
export async function pullImages(images: readonly ResolvedImage[], call: PullCall): Promise<HeldImages> {
  const blobs = new Map<Digest, StagedFile>();
  for (const { manifests } of images)
    for (const [digest, bytes] of manifests) blobs.set(digest, stagedBytes(bytes, blobMode));
  let doneBytes = 0;
  await pMap(
    wantedBlobs(images).values(),
    async ({ descriptor, image }) => {
      const file = path.join(call.folder, digestHex(descriptor.digest));
      const { registry, repository } = parseReference(image.reference);
      try {
        const blob = call.registries.client(registry).fetchBlob(repository, descriptor, call);
        const counted = count(blob, (bytes) => {
          doneBytes += bytes;
          call.onBytes?.(doneBytes);
        });
        await pipeline(counted, createWriteStream(file, { mode: 0o600 }), { signal: call.signal });
      } catch (error) {
        call.signal.throwIfAborted();
        if (!isOperatorError(error)) throw error;
        throw imagesMissing([{ message: `${image.reference}: ${error.message}` }]);
      }
      blobs.set(descriptor.digest, await stagedFile(file, blobMode));
    },
    { concurrency: call.concurrency ?? 6 },
  );
  return {
    images: new Map(images.map(({ reference, descriptor, blobs: below }) => [reference, { descriptor, blobs: below }])),
    blobs,
  };
}

async function* count(source: AsyncIterable<Uint8Array>, told: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    told(chunk.length);
    yield chunk;
  }
}
