import { type Descriptor, type Digest, mediaTypes } from "../../../oci/index.ts";
import { blobTitle, bytesLayer, describe, type PackageLayer } from "./package-layer.ts";

/** An image as it is stored in a package: Zarf keeps one manifest per tag, an index only where a digest names it. */
export interface PackageImage {
  /** Of its manifest or index. */
  readonly descriptor: Descriptor;
  /** Everything below: for an image config and layers, for an index also the manifests of the platforms that are stored. */
  readonly blobs: readonly Descriptor[];
}

export const byDigest = (a: { readonly digest: Digest }, b: { readonly digest: Digest }): number =>
  a.digest < b.digest ? -1 : a.digest > b.digest ? 1 : 0;

/** `images/index.json` and `images/oci-layout`: an OCI layout that names each image by its full reference. */
export function imageIndexLayers(images: ReadonlyMap<string, PackageImage>): readonly PackageLayer[] {
  if (images.size === 0) return [];
  const manifests = [...images]
    .map(([reference, { descriptor }]) => ({
      mediaType: descriptor.mediaType,
      digest: descriptor.digest,
      size: descriptor.size,
      annotations: { "org.opencontainers.image.base.name": reference, "org.opencontainers.image.ref.name": reference },
      ...(descriptor.platform === undefined ? {} : { platform: descriptor.platform }),
    }))
    // Those of one digest stay in the order of the definition.
    .sort(byDigest);
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
  return [
    bytesLayer("images/index.json", Buffer.from(JSON.stringify(index)), 0o644),
    bytesLayer("images/oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}'), 0o644),
  ];
}

/** The content of all images as layers of the published form, each blob once. */
export function imageBlobsOf(images: ReadonlyMap<string, PackageImage>): readonly Descriptor[] {
  const all = [...images.values()].flatMap(({ descriptor, blobs }) => [descriptor, ...blobs]);
  return [...new Map(all.map(({ digest, size }) => [digest, describe(blobTitle(digest), digest, size)])).values()];
}

/** Whether an index is kept, which older readers do not know. */
export function keepsIndex(images: ReadonlyMap<string, PackageImage>): boolean {
  const kinds: readonly string[] = [mediaTypes.ociIndex, mediaTypes.dockerManifestList];
  return [...images.values()].some(({ descriptor }) => kinds.includes(descriptor.mediaType));
}
