import type { PackageInput, StoredImage } from "../../bundle/index.ts";
import { attachImages, type BuiltPackage, type PackageImage } from "../../deployer/index.ts";
import { parseReference } from "../../oci/index.ts";

/**
 * A package as the bundle stores it, its images listed in it by Zarf's rules: their blobs are the bundle's own, stored once. Where an
 * image could not be had the package stays without; the bundle is then not made anyway, and the list of all that is missing is better
 * than the first.
 */
export function packageInput(
  built: BuiltPackage,
  imageOf: (reference: string) => StoredImage | undefined,
): PackageInput {
  const images = new Map<string, PackageImage>();
  for (const reference of built.images) {
    const image = packageImage(built, reference, imageOf(reference));
    if (image !== undefined) images.set(reference, image);
  }
  const whole = images.size === built.images.length ? attachImages(built, images) : built;
  return {
    name: whole.name,
    ...(whole.version === "" ? {} : { version: whole.version }),
    manifest: whole.manifestBytes,
    config: whole.configBytes,
    layers: whole.layers,
  };
}

/** Zarf keeps one manifest per tag, and the index only where a digest names it. */
function packageImage(
  built: BuiltPackage,
  reference: string,
  stored: StoredImage | undefined,
): PackageImage | undefined {
  if (stored === undefined) return undefined;
  const { digest } = parseReference(reference);
  const { architecture } = built.definition.metadata;
  const [first] = stored.manifests;
  const own = stored.manifests.find(({ descriptor }) => descriptor.platform?.architecture === architecture) ?? first;
  if (digest === undefined || own?.descriptor.digest === digest) return own;
  return {
    descriptor: stored.descriptor,
    blobs: stored.manifests.flatMap(({ descriptor, blobs }) => [descriptor, ...blobs]),
  };
}
