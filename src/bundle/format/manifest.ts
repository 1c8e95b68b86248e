import type { Descriptor, Manifest } from "../../oci/index.ts";

/** A platform as the closure writes it: `linux/amd64`. */
export type PlatformName = string;

/**
 * What of a manifest or index a bundle stores, in the order of mention. Of an index only the manifests for wanted platforms
 * (or for no stated one): its digest stays, and the others are never asked for by machines of these platforms. Attestations
 * state the platform unknown/unknown and so stay out.
 */
export function storedChildren(manifest: Manifest, platforms: ReadonlySet<PlatformName>): readonly Descriptor[] {
  if (manifest.kind === "image") return [manifest.config, ...manifest.layers];
  return manifest.manifests.filter((child) => {
    const platform = platformName(child);
    return platform === undefined || platforms.has(platform);
  });
}

/** `os/architecture` of an index entry; variants of an architecture are stored together. */
export function platformName({ platform }: Pick<Descriptor, "platform">): PlatformName | undefined {
  return platform === undefined ? undefined : `${platform.os}/${platform.architecture}`;
}
