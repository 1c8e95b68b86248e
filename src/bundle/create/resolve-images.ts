import pLimit from "p-limit";
import { isOperatorError } from "../../lib/errors/index.ts";
import {
  type Descriptor,
  formatReference,
  type Manifest,
  parseManifest,
  parseReference,
  targetOf,
} from "../../oci/index.ts";
import { type PlatformName, platformName, storedChildren } from "../format/manifest.ts";
import { isManifestMediaType } from "../format/names.ts";
import { configPlatform } from "./config-platform.ts";
import type { CreateBundleOptions, ImageSource, StoredImage } from "./options.ts";

/** A manifest or index in memory, at most 4 MiB. */
export interface HeldManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
}

export interface ResolvedImage extends StoredImage {
  readonly reference: string;
  readonly why: readonly string[];
  readonly platforms: readonly PlatformName[];
}

/** An image that cannot go into the bundle. */
export interface ImageFailure {
  readonly reference: string;
  readonly why: readonly string[];
  readonly reason: string;
  /** The registry answered, and does not have it (or not for a wanted platform). */
  readonly isMissing: boolean;
}

export interface ResolvedImages {
  readonly images: readonly ResolvedImage[];
  readonly failures: readonly ImageFailure[];
  /** By digest. */
  readonly manifests: ReadonlyMap<string, HeldManifest>;
  /** Where a blob of an image can be fetched, by digest, in the order found. */
  readonly sources: ReadonlyMap<string, readonly ImageSource[]>;
}

interface Wanted {
  readonly reference: string;
  readonly why: readonly string[];
  readonly platforms: readonly PlatformName[];
}

const REGISTRY_CONCURRENCY = 8;
/** An index may list indexes; no real image goes deeper than two. */
const MAX_DEPTH = 3;

/**
 * Asks the registries for every image of the closure: index, manifests of the wanted platforms, and whether they really are for
 * them. Goes on after a failure, so that all that is missing is known at once.
 */
export async function resolveImages(
  options: Pick<CreateBundleOptions, "closureImages" | "source" | "signal" | "onProgress">,
  platforms: ReadonlySet<PlatformName>,
): Promise<ResolvedImages> {
  const { wanted, failures } = joinedImages(options.closureImages, platforms);
  const images: ResolvedImage[] = [];
  const manifests = new Map<string, HeldManifest>();
  const sources = new Map<string, ImageSource[]>();
  const tellFailure = ({ reference, reason }: ImageFailure): void =>
    options.onProgress?.({ kind: "image-failed", reference, reason });
  failures.forEach(tellFailure);
  const limit = pLimit(REGISTRY_CONCURRENCY);
  let done = 0;

  const resolveOne = async (image: Wanted): Promise<void> => {
    options.signal.throwIfAborted();
    try {
      const reference = parseReference(image.reference);
      const source = options.source(reference);
      const found = await collect(source, targetOf(reference), { ...options, platforms });
      const lacking = image.platforms.filter((platform) => !found.covers(platform));
      if (lacking.length > 0) throw new Lacking(lacking, found.states);
      for (const held of found.manifests) {
        manifests.set(held.descriptor.digest, held);
        for (const child of storedChildren(held.manifest, platforms)) {
          sources.set(child.digest, [...(sources.get(child.digest) ?? []), source]);
        }
      }
      images.push({ ...image, descriptor: found.top, manifests: found.stored });
    } catch (error) {
      options.signal.throwIfAborted();
      const failure = failureOf(image, error);
      failures.push(failure);
      tellFailure(failure);
    }
    done += 1;
    options.onProgress?.({ kind: "resolved", reference: image.reference, done, total: wanted.length });
  };

  await Promise.all(wanted.map(async (image) => await limit(resolveOne, image)));
  return {
    images: images.sort(byReference),
    failures: failures.sort(byReference),
    manifests,
    sources,
  };
}

/** One entry per full reference, reasons and platforms joined; sorted, so that what follows does not depend on the order given. */
function joinedImages(
  images: CreateBundleOptions["closureImages"],
  platforms: ReadonlySet<PlatformName>,
): { readonly wanted: readonly Wanted[]; readonly failures: ImageFailure[] } {
  const wanted = new Map<string, Wanted>();
  const failures: ImageFailure[] = [];
  for (const image of images) {
    try {
      const reference = formatReference(parseReference(image.reference));
      const known = wanted.get(reference);
      wanted.set(reference, {
        reference,
        why: sorted([...(known?.why ?? []), ...image.why]),
        platforms: sorted([...(known?.platforms ?? []), ...(image.platforms ?? platforms)]),
      });
    } catch (error) {
      failures.push(failureOf(image, error));
    }
  }
  return { wanted: [...wanted.values()].sort(byReference), failures };
}

/** Thrown where a registry has an image, but not for every platform. */
class Lacking extends Error {
  constructor(lacking: readonly PlatformName[], states: readonly PlatformName[]) {
    const has = states.length === 0 ? "" : `; it is for ${states.join(", ")}`;
    super(`it is not for ${lacking.join(" or ")}${has}`);
  }
}

interface Found {
  readonly top: Descriptor;
  readonly stored: StoredImage["manifests"];
  readonly manifests: readonly HeldManifest[];
  /** Platforms that were seen, wanted or not. */
  readonly states: readonly PlatformName[];
  readonly covers: (platform: PlatformName) => boolean;
}

async function collect(
  source: ImageSource,
  target: string,
  options: { readonly signal: AbortSignal; readonly platforms: ReadonlySet<PlatformName> },
): Promise<Found> {
  const held: HeldManifest[] = [];
  const stored: StoredImage["manifests"][number][] = [];
  const states = new Set<PlatformName>();
  let isForAny = false;
  const fetch = async (reference: string, listed: Descriptor | undefined, depth: number): Promise<Descriptor> => {
    const { descriptor, bytes } = await source.client.fetchManifest(source.repository, reference, options);
    const manifest = parseManifest(bytes, { what: `manifest ${source.repository} ${reference}` });
    const isImage = isManifestMediaType(descriptor.mediaType) && descriptor.mediaType === manifest.mediaType;
    if (!isImage || depth > MAX_DEPTH) throw new Unusable(descriptor.mediaType);
    held.push({ descriptor, bytes, manifest });
    if (manifest.kind === "image") {
      stored.push({ descriptor: listed ?? descriptor, blobs: [manifest.config, ...manifest.layers] });
      const stated = listed === undefined ? undefined : platformName(listed);
      const platform = stated ?? (await configPlatform(source, manifest, options));
      if (platform === undefined) isForAny = true;
      else states.add(platform);
      return descriptor;
    }
    for (const child of manifest.manifests) {
      const platform = platformName(child);
      if (platform !== undefined && !platform.startsWith("unknown/")) states.add(platform);
    }
    for (const child of storedChildren(manifest, options.platforms)) {
      const found = await fetch(child.digest, child, depth + 1);
      if (found.size !== child.size || found.mediaType !== child.mediaType) throw new Unusable(child.mediaType);
    }
    return descriptor;
  };
  const top = await fetch(target, undefined, 0);
  return {
    top,
    stored,
    manifests: held,
    states: sorted([...states]),
    covers: (platform) => isForAny || states.has(platform),
  };
}

/** Thrown where content is no image that nodes pull, or contradicts the index that lists it. */
class Unusable extends Error {
  constructor(mediaType: string) {
    super(`its content of type ${mediaType.slice(0, 100)} is not an image that nodes can pull`);
  }
}

function failureOf(
  image: { readonly reference: string; readonly why: readonly string[] },
  error: unknown,
): ImageFailure {
  const common = { reference: image.reference, why: image.why };
  if (error instanceof Lacking) return { ...common, reason: error.message, isMissing: true };
  if (error instanceof Unusable) return { ...common, reason: error.message, isMissing: false };
  if (isOperatorError(error)) {
    return { ...common, reason: error.message, isMissing: isOperatorError(error, "REGISTRY_NOT_FOUND") };
  }
  throw error;
}

function byReference(a: { readonly reference: string }, b: { readonly reference: string }): number {
  return a.reference < b.reference ? -1 : a.reference > b.reference ? 1 : 0;
}

function sorted(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}
