import {
  type ContentStore,
  type Descriptor,
  describeMismatch,
  digestOf,
  type Manifest,
  manifestLimitBytes,
  mediaTypes,
  type Platform,
  parseManifest,
  verifyStream,
} from "../../oci/index.ts";
import { damaged, missing } from "./push-failure.ts";

/** A manifest or index with its bytes, and what it consists of. */
export interface StoredManifest {
  readonly kind: "image" | "index";
  readonly descriptor: Pick<Descriptor, "mediaType" | "digest" | "size">;
  readonly bytes: Uint8Array;
  /** Of an index: those entries that are stored. */
  readonly children: readonly StoredManifest[];
  /** Of an image: config and layers. */
  readonly blobs: readonly Descriptor[];
  /** Of an index: "linux/arm64" for each entry that is not stored. */
  readonly missingPlatforms: readonly string[];
}

/** An index of indexes is allowed, a tower is not. */
const maxDepth = 4;

/**
 * Reads an image from its manifest down to the names of its blobs, every byte checked.
 *
 * @param image - for messages
 * @throws OperatorError IMAGE_PUSH_MISSING, IMAGE_PUSH_DAMAGED, MANIFEST_INVALID
 */
export async function readImage(
  content: ContentStore,
  wanted: { readonly root: Descriptor; readonly image: string; readonly signal: AbortSignal },
  depth = 0,
): Promise<StoredManifest> {
  const { root, image, signal } = wanted;
  const bytes = await readManifest(content, wanted);
  const manifest = parseManifest(bytes, { what: `manifest ${root.digest} of ${image}` });
  const descriptor = { mediaType: mediaTypeOf(root, manifest), digest: root.digest, size: bytes.length };
  if (manifest.kind === "image") {
    const blobs = await carriedBlobs(content, [manifest.config, ...manifest.layers], image);
    return { kind: "image", descriptor, bytes, children: [], blobs, missingPlatforms: [] };
  }
  if (depth === maxDepth) throw damaged(image, `its indexes are nested deeper than ${maxDepth}`);
  const children: StoredManifest[] = [];
  const missingPlatforms: string[] = [];
  for (const entry of manifest.manifests) {
    if ((await content.stat(entry.digest)) === undefined) missingPlatforms.push(platformName(entry.platform));
    else children.push(await readImage(content, { root: entry, image, signal }, depth + 1));
  }
  return { kind: "index", descriptor, bytes, children, blobs: [], missingPlatforms };
}

/** Every manifest below and with this one, those first that others name. */
export function manifestsOf(image: StoredManifest): readonly StoredManifest[] {
  return [...image.children.flatMap(manifestsOf), image];
}

/** Platforms that are listed somewhere in the image and not stored. */
export function missingPlatformsOf(image: StoredManifest): readonly string[] {
  return [...new Set(manifestsOf(image).flatMap(({ missingPlatforms }) => missingPlatforms))];
}

/**
 * An image of what is stored, for registries that want every entry of an index to be there: the one manifest, or a smaller index.
 * Its digest is another one, so it can stand behind a tag only.
 */
export function withoutMissing(image: StoredManifest): StoredManifest {
  if (missingPlatformsOf(image).length === 0) return image;
  const children = image.children.map(withoutMissing);
  const [only, ...others] = children;
  if (only !== undefined && others.length === 0) return only;
  const index = JSON.parse(Buffer.from(image.bytes).toString("utf8")) as { manifests: Record<string, unknown>[] };
  const kept = new Map(image.children.map((child, place) => [child.descriptor.digest as string, children[place]]));
  const manifests = index.manifests.flatMap((entry) => {
    const child = kept.get(String(entry["digest"]));
    return child === undefined ? [] : [{ ...entry, ...child.descriptor }];
  });
  const bytes = Buffer.from(JSON.stringify({ ...index, manifests }));
  const descriptor = { mediaType: image.descriptor.mediaType, digest: digestOf(bytes), size: bytes.length };
  return { kind: "index", descriptor, bytes, children, blobs: [], missingPlatforms: [] };
}

async function readManifest(
  content: ContentStore,
  { root, image, signal }: { readonly root: Descriptor; readonly image: string; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  if (root.size > manifestLimitBytes) throw damaged(image, `its manifest is larger than ${manifestLimitBytes} bytes`);
  if ((await content.stat(root.digest)) === undefined) throw missing(image, `manifest ${root.digest}`);
  const chunks: Uint8Array[] = [];
  const mismatch = (found: Parameters<typeof describeMismatch>[0]): Error =>
    damaged(image, `manifest ${root.digest} ${describeMismatch(found)}`);
  for await (const chunk of verifyStream(content.open(root.digest, { signal }), root, { mismatch })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Layers that may not be distributed name where to get them and may be absent; all others must be stored. */
async function carriedBlobs(
  content: ContentStore,
  blobs: readonly Descriptor[],
  image: string,
): Promise<readonly Descriptor[]> {
  const carried: Descriptor[] = [];
  for (const blob of blobs) {
    if ((await content.stat(blob.digest)) !== undefined) carried.push(blob);
    else if (!/\.(nondistributable|foreign)\./.test(blob.mediaType)) throw missing(image, `blob ${blob.digest}`);
  }
  return carried;
}

/** What the manifest says of itself is covered by its digest, so it counts before what others say. */
function mediaTypeOf(root: Descriptor, manifest: Manifest): string {
  const isDefault = manifest.mediaType === mediaTypes.ociManifest || manifest.mediaType === mediaTypes.ociIndex;
  return isDefault ? root.mediaType : manifest.mediaType;
}

function platformName(platform: Platform | undefined): string {
  if (platform === undefined) return "unknown";
  const { os, architecture, variant } = platform;
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join("/");
}
