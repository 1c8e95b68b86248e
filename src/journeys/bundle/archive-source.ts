import type { ImageSource } from "../../bundle/index.ts";
import type { HeldImages } from "../../deployer/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { type Digest, formatReference, parseDigest, type Reference } from "../../oci/index.ts";

type Source = (reference: Reference) => ImageSource;

/** Images that packages bring in archives come from there, all others from where they came before. */
export function withArchives(source: Source, archives: readonly HeldImages[]): Source {
  return (reference) => {
    const held = archives.find(({ images }) => images.has(formatReference(reference)));
    return held === undefined ? source(reference) : archiveSource(held, reference);
  };
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
