import pMap from "p-map";
import { isOperatorError, OperatorError, type Problem } from "../../../lib/errors/index.ts";
import {
  choosePlatform,
  type Descriptor,
  type Digest,
  type Manifest,
  parseManifest,
  parseReference,
  type Reference,
  targetOf,
} from "../../../oci/index.ts";
import type { PackageImage } from "../assemble/image-layers.ts";
import type { Registries } from "../fetch/registries.ts";

/** An image of which everything is known but the bytes of its blobs. */
export interface ResolvedImage extends PackageImage {
  readonly reference: string;
  readonly source: Reference;
  /** Manifests and indexes, by digest. */
  readonly manifests: ReadonlyMap<Digest, Uint8Array>;
}

export interface ResolveCall {
  readonly registries: Registries;
  readonly architecture: string;
  readonly signal: AbortSignal;
  readonly onImage?: (reference: string, done: number, total: number) => void;
}

const atATime = 8;
/** An index may list indexes; no real image goes deeper than two. */
const maxDepth = 3;

/**
 * Asks the registries for images, by Zarf's rules: a tag that is an index is narrowed to linux and the package's architecture; a
 * digest that is an index is kept whole; whatever else is named is taken as it is.
 *
 * @param references - full ones, each once
 * @throws OperatorError PACKAGE_IMAGES_MISSING with all that could not be had
 */
export async function resolveImages(
  references: readonly string[],
  call: ResolveCall,
): Promise<readonly ResolvedImage[]> {
  const problems: Problem[] = [];
  let done = 0;
  const resolved = await pMap(
    references,
    async (reference) => {
      try {
        return await resolveImage(reference, call);
      } catch (error) {
        call.signal.throwIfAborted();
        if (!isOperatorError(error)) throw error;
        problems.push({ message: `${reference}: ${error.message}` });
        return undefined;
      } finally {
        done += 1;
        call.onImage?.(reference, done, references.length);
      }
    },
    { concurrency: atATime },
  );
  if (problems.length > 0) throw imagesMissing(problems);
  return resolved.filter((image) => image !== undefined);
}

/** The error for images that could not be had. */
export function imagesMissing(problems: readonly Problem[]): OperatorError {
  const sorted = [...problems].sort((a, b) => (a.message < b.message ? -1 : 1));
  const [first] = sorted;
  const message =
    sorted.length === 1 && first !== undefined
      ? first.message
      : `${sorted.length} images of the package could not be had`;
  return new OperatorError("PACKAGE_IMAGES_MISSING", message, {
    problems: sorted,
    next: ["correct the images in zarf.yaml, or say where they are with --registry-override HOST=URL"],
    retry: "later",
  });
}

async function resolveImage(reference: string, call: ResolveCall): Promise<ResolvedImage> {
  const source = parseReference(reference);
  const manifests = new Map<Digest, Uint8Array>();
  const fetch = async (target: string) => {
    const { descriptor, bytes } = await call.registries
      .client(source.registry)
      .fetchManifest(source.repository, target, { signal: call.signal });
    manifests.set(descriptor.digest, bytes);
    return { descriptor, manifest: parseManifest(bytes, { what: `manifest of ${reference}` }) };
  };
  const top = await fetch(targetOf(source));
  if (top.manifest.kind === "image")
    return { reference, source, descriptor: top.descriptor, blobs: blobsOf(top.manifest), manifests };
  if (source.digest !== undefined) {
    const blobs = await wholeIndex(top.manifest, fetch, 1);
    return { reference, source, descriptor: top.descriptor, blobs, manifests };
  }
  const chosen = await narrow(top.manifest, fetch, call.architecture, reference);
  manifests.delete(top.descriptor.digest);
  return {
    reference,
    source,
    ...chosen,
    manifests: new Map([...manifests].filter(([digest]) => digest === chosen.descriptor.digest)),
  };
}

type Fetch = (target: string) => Promise<{ readonly descriptor: Descriptor; readonly manifest: Manifest }>;

const blobsOf = (manifest: Extract<Manifest, { kind: "image" }>): readonly Descriptor[] => [
  manifest.config,
  ...manifest.layers,
];

async function narrow(
  index: Extract<Manifest, { kind: "index" }>,
  fetch: Fetch,
  architecture: string,
  reference: string,
): Promise<PackageImage> {
  const child = choosePlatform(index, { os: "linux", architecture });
  if (child === undefined) {
    const has = index.manifests.flatMap(({ platform }) =>
      platform === undefined || platform.os === "unknown" ? [] : [`${platform.os}/${platform.architecture}`],
    );
    throw new OperatorError(
      "REGISTRY_NOT_FOUND",
      `it is not for linux/${architecture}; it is for ${[...new Set(has)].join(", ") || "no platform"}`,
      { where: { file: reference } },
    );
  }
  const { descriptor, manifest } = await fetch(child.digest);
  if (manifest.kind === "index") return await narrow(manifest, fetch, architecture, reference);
  const { platform } = child;
  return { descriptor: { ...descriptor, ...(platform && { platform }) }, blobs: blobsOf(manifest) };
}

async function wholeIndex(
  index: Extract<Manifest, { kind: "index" }>,
  fetch: Fetch,
  depth: number,
): Promise<readonly Descriptor[]> {
  if (depth > maxDepth) throw new OperatorError("MANIFEST_INVALID", "its indexes list each other too deeply");
  const all: Descriptor[] = [];
  for (const child of index.manifests) {
    const { descriptor, manifest } = await fetch(child.digest);
    all.push(descriptor);
    all.push(...(manifest.kind === "image" ? blobsOf(manifest) : await wholeIndex(manifest, fetch, depth + 1)));
  }
  return all;
}
