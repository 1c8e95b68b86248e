import type { Descriptor, Manifest } from "../../oci/index.ts";
import { type PlatformName, storedChildren } from "./manifest.ts";
import { isManifestMediaType } from "./names.ts";

/** Everything a bundle stores, found from its index. */
export interface Contents {
  /** Each blob once, in the order of first mention, level by level: the index names the top ones, those name the next. */
  readonly blobs: readonly Descriptor[];
  /** Digests a manifest or index lists, as stored. */
  readonly children: ReadonlyMap<string, readonly string[]>;
  /** What is walked further, by digest. A package may carry the same bytes as a mere file, without its media type. */
  readonly manifests: ReadonlyMap<string, Descriptor>;
  /** Digests that two mentions give different sizes, or two media types of a manifest. */
  readonly conflicts: readonly string[];
  /** Manifests that could not be read; nothing below them is known. */
  readonly unread: readonly string[];
}

/**
 * Walks from the index's descriptors down. Creating and opening use this same walk, so what is written is what is expected.
 *
 * @param manifestOf - the manifest or index behind a descriptor; undefined where it is not there or not one
 */
export async function mentionOrder(
  top: readonly Descriptor[],
  platforms: ReadonlySet<PlatformName>,
  manifestOf: (descriptor: Descriptor) => Promise<Manifest | undefined>,
): Promise<Contents> {
  const blobs = new Map<string, Descriptor>();
  const children = new Map<string, readonly string[]>();
  const conflicts = new Set<string>();
  const unread: string[] = [];
  const manifests = new Map<string, Descriptor>();
  const queue: Descriptor[] = [];
  const mention = (descriptor: Descriptor): void => {
    const { digest, size, mediaType } = descriptor;
    const first = blobs.get(digest);
    if (first === undefined) blobs.set(digest, descriptor);
    else if (first.size !== size) conflicts.add(digest);
    if (!isManifestMediaType(mediaType)) return;
    const known = manifests.get(digest);
    if (known === undefined) {
      manifests.set(digest, descriptor);
      queue.push(descriptor);
    } else if (known.mediaType !== mediaType) conflicts.add(digest);
  };
  for (const descriptor of top) mention(descriptor);
  // Grows while it is walked: that is the order of mention.
  for (const descriptor of queue) {
    const manifest = await manifestOf(descriptor);
    if (manifest === undefined) {
      unread.push(descriptor.digest);
      continue;
    }
    const stored = storedChildren(manifest, platforms);
    children.set(
      descriptor.digest,
      stored.map(({ digest }) => digest),
    );
    for (const child of stored) mention(child);
  }
  return { blobs: [...blobs.values()], manifests, children, conflicts: [...conflicts], unread };
}

/** Digests reachable from one, itself included. */
export function reachableFrom(digest: string, children: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const found = new Set([digest]);
  // A set visits what is added while it is walked.
  for (const next of found) for (const child of children.get(next) ?? []) found.add(child);
  return found;
}
