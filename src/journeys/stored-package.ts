import type { Bundle, BundlePackage } from "../bundle/index.ts";
import { openPackage, type Package } from "../deployer/index.ts";

/** A package read in its place in the bundle, without unpacking. */
export async function openStoredPackage(
  bundle: Bundle,
  { descriptor, manifest }: BundlePackage,
  options: { readonly signal: AbortSignal },
): Promise<Package> {
  return await openPackage({ digest: descriptor.digest, manifest, readBlob: bundle.verifiedBlob }, options);
}
