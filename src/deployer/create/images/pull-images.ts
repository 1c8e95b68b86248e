import { createWriteStream } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import pMap from "p-map";
import { isOperatorError } from "../../../lib/errors/index.ts";
import { type Descriptor, type Digest, digestHex } from "../../../oci/index.ts";
import type { PackageImage } from "../assemble/image-layers.ts";
import type { Registries } from "../fetch/registries.ts";
import { diskFull } from "../stage/free-space.ts";
import { stagedFile } from "../stage/read-folder.ts";
import { type StagedFile, stagedBytes } from "../stage/staged.ts";
import type { StagingFolder } from "../stage/staging-folder.ts";
import { contentOf, type HeldImages } from "./held-images.ts";
import { imagesMissing, type ResolvedImage } from "./resolve-images.ts";

export interface Puller {
  /**
   * Fetches what an image consists of into the staging folder, verified on its way; what another image brought, or is bringing, is
   * not fetched again.
   *
   * @throws OperatorError PACKAGE_IMAGES_MISSING for a blob that cannot be had
   */
  readonly pull: (image: ResolvedImage, onBytes?: (bytes: number) => void) => Promise<void>;
  /** All images that were pulled. */
  readonly held: () => HeldImages;
}

const blobMode = 0o444;
const blobsAtATime = 6;

export function createPuller(ports: {
  readonly registries: Registries;
  readonly staging: StagingFolder;
  readonly signal: AbortSignal;
}): Puller {
  const images = new Map<string, PackageImage>();
  const blobs = new Map<Digest, StagedFile>();
  const underWay = new Map<Digest, Promise<StagedFile>>();
  const folder = ports.staging.newFolder();
  folder.catch(() => undefined);

  const fetchBlob = async (
    { digest, size }: Descriptor,
    { reference, source }: ResolvedImage,
    onBytes: (bytes: number) => void,
  ): Promise<StagedFile> => {
    const file = path.join(await folder, digestHex(digest));
    try {
      const blob = ports.registries.client(source.registry).fetchBlob(source.repository, { digest, size }, ports);
      await pipeline(counted(blob, onBytes), createWriteStream(file, { mode: 0o600 }), { signal: ports.signal });
    } catch (error) {
      ports.signal.throwIfAborted();
      if (!isOperatorError(error)) throw diskFull(file, error) ?? error;
      throw imagesMissing([{ message: `${reference}: ${error.message}` }]);
    }
    return await stagedFile(file, blobMode);
  };

  return {
    pull: async (image, onBytes = () => undefined) => {
      for (const [digest, bytes] of image.manifests) blobs.set(digest, stagedBytes(bytes, blobMode));
      await pMap(
        contentOf(image),
        async (descriptor) => {
          if (blobs.has(descriptor.digest)) return;
          const known = underWay.get(descriptor.digest);
          const fetching = known ?? fetchBlob(descriptor, image, onBytes);
          if (known === undefined) underWay.set(descriptor.digest, fetching);
          blobs.set(descriptor.digest, await fetching);
        },
        { concurrency: blobsAtATime },
      );
      images.set(image.reference, { descriptor: image.descriptor, blobs: image.blobs });
    },
    held: () => ({ images, blobs }),
  };
}

async function* counted(source: AsyncIterable<Uint8Array>, told: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    told(chunk.length);
    yield chunk;
  }
}
