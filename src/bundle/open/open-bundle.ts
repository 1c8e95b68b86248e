import {
  type ContentRequest,
  type Digest,
  parseDigest,
  parseReference,
  type Reference,
  verifyStream,
} from "../../oci/index.ts";
import type { PlacedEntry } from "../format/layout.ts";
import { checkTrust, type Trust } from "../sign/trust.ts";
import type { Bundle, BundleImage, BundlePackage } from "./bundle.ts";
import { type BundleFile, openBundleFile } from "./bundle-file.ts";
import { readRange } from "./read-range.ts";
import { type Scan, scanBundle } from "./scan.ts";
import { damagedBlobs, ownersOf, readStructure, type Structure } from "./structure.ts";

/**
 * Opens a bundle for serving: reads headers, documents and manifests, never the layers, so that the first blob can be handed
 * out within a second however large the file is.
 *
 * @param options.trust - whom to trust: checked before anything but the index is looked at, so that a changed index is called
 *   by its name. Absent: not checked; ask checkTrust later
 * @throws OperatorError FILE_UNREADABLE, BUNDLE_INVALID, BUNDLE_TRUNCATED, BUNDLE_DAMAGED, BUNDLE_GONE, and those of checkTrust
 */
export async function openBundle(
  path: string,
  options: { readonly signal: AbortSignal; readonly trust?: Trust },
): Promise<Bundle> {
  const file = await openBundleFile(path);
  try {
    const scan = await scanBundle(file, options);
    if (options.trust !== undefined) checkTrust({ file: path, ...scan }, options.trust);
    return bundleOf(file, scan, await readStructure(file, scan, options));
  } catch (error) {
    await file.close();
    throw error;
  }
}

function bundleOf(file: BundleFile, scan: Scan, structure: Structure): Bundle {
  const { definition, closure, contents, manifests } = structure;
  const images = imagesOf(scan, structure);
  const packages = packagesOf(scan, structure);
  const named = images.map((image) => ({ ...image, ...parseReference(image.reference) }));
  const entryOf = (digest: Digest): PlacedEntry => {
    const entry = scan.blobs.get(digest);
    if (entry === undefined) throw new Error(`asked for a blob that the bundle does not list: ${digest}`);
    return entry;
  };
  return {
    file: file.file,
    sizeBytes: file.sizeBytes,
    definition,
    closure,
    indexBytes: scan.indexBytes,
    ...(scan.signature === undefined ? {} : { signature: scan.signature }),
    images: () => images,
    packages: () => packages,
    assets: () => closure.assets,
    manifest: (digest) => manifests.get(digest),
    resolve: async (request) => {
      const digest = parseDigest(request.reference);
      return digest === undefined ? imageFor(request, named)?.descriptor : contents.manifests.get(digest);
    },
    tags: async ({ registry, repository }) => {
      const found = named.filter(
        (image) => image.repository === repository && (registry === undefined || image.registry === registry),
      );
      return found.length === 0 ? undefined : found.flatMap(({ tag }) => (tag === undefined ? [] : [tag]));
    },
    stat: async (digest) => scan.blobs.get(digest)?.sizeBytes,
    open: (digest, { start = 0, end, signal }) => {
      const { offset, sizeBytes } = entryOf(digest);
      const last = Math.min(end ?? sizeBytes, sizeBytes);
      return readRange(file, { start: offset + Math.max(0, start), end: offset + last }, { signal });
    },
    verifiedBlob: (digest, { signal }) => {
      const { offset, sizeBytes } = entryOf(digest);
      const bytes = readRange(file, { start: offset, end: offset + sizeBytes }, { signal });
      const owners = (): readonly string[] => ownersOf(digest, scan.index, contents.children);
      return verifyStream(
        bytes,
        { digest, size: sizeBytes },
        { mismatch: () => damagedBlobs(file, [{ digest, owners: owners() }]) },
      );
    },
    close: async () => await file.close(),
  };
}

/** The image of that repository and tag; where the puller does not say which registry it means, the first that fits. */
function imageFor(
  { registry, repository, reference }: ContentRequest,
  images: readonly (BundleImage & Reference)[],
): BundleImage | undefined {
  return images.find(
    (image) =>
      image.repository === repository &&
      image.tag === reference &&
      (registry === undefined || registry === image.registry),
  );
}

function imagesOf({ index }: Scan, { closure }: Structure): readonly BundleImage[] {
  // Held against each other when the bundle was opened: same order, same names.
  return index.images.flatMap(({ reference, descriptor }, at) => {
    const said = closure.images[at];
    return said === undefined ? [] : [{ reference, descriptor, why: said.why, platforms: said.platforms }];
  });
}

function packagesOf({ index }: Scan, { closure, manifests }: Structure): readonly BundlePackage[] {
  return index.packages.flatMap(({ name, descriptor }, at) => {
    const manifest = manifests.get(descriptor.digest);
    const version = closure.packages[at]?.version;
    return manifest?.kind === "image"
      ? [{ name, ...(version === undefined ? {} : { version }), descriptor, manifest }]
      : [];
  });
}
