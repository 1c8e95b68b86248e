import type { Bundle, BundlePackage } from "../bundle/index.ts";
import { type OpenPackage, openPackage } from "../deployer/index.ts";

/** A package read in its place in the bundle, without unpacking; the bundle's own signature covers it. */
export async function openStoredPackage(
  bundle: Bundle,
  { name, descriptor, manifest }: BundlePackage,
  options: { readonly signal: AbortSignal },
): Promise<OpenPackage> {
  const published = {
    label: name,
    digest: descriptor.digest,
    manifest,
    readBlob: bundle.verifiedBlob,
    openBlob: bundle.open,
  };
  return await openPackage({ published, isCovered: true }, { ...options, trust: {} });
}
