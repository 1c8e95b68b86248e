import type { ImageSource } from "../../bundle/index.ts";
import type { HeldImages } from "../../deployer/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { type Digest, formatReference, parseDigest, type Reference } from "../../oci/index.ts";

/** Images that were taken out of an archive, as a registry would give them; undefined for others. */
export function heldSource(held: HeldImages): (reference: Reference) => ImageSource | undefined {
  return (reference) => (held.images.has(formatReference(reference)) ? archiveSource(held, reference) : undefined);
}

function archiveSource({ images, blobs }: HeldImages, reference: Reference): ImageSource {
  const image = images.get(formatReference(reference));
  const blobOf = (digest: Digest) => {
    const blob = blobs.get(digest);
    if (blob === undefined)
      throw new OperatorError(
        "PACKAGE_IMAGES_MISSING",
        `${formatReference(reference)}: ${digest} is not in its archive`,
      );
    return blob;
  };
  return {
    repository: reference.repository,
    client: {
      fetchManifest: async (_repository, target, call) => {
        const digest = parseDigest(target) ?? image?.descriptor.digest;
        const known = [image?.descriptor, ...(image?.blobs ?? [])].find((one) => one?.digest === digest);
        if (known === undefined || digest === undefined)
          throw new OperatorError(
            "PACKAGE_IMAGES_MISSING",
            `${target} is not in the archive of ${formatReference(reference)}`,
          );
        const chunks: Uint8Array[] = [];
        for await (const chunk of blobOf(digest).open(call)) chunks.push(chunk);
        return { descriptor: known, bytes: Buffer.concat(chunks) };
      },
      fetchBlob: (_repository, { digest }, call) => blobOf(digest).open(call),
    },
  };
}
