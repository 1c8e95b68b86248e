import pMap from "p-map";
import { OperatorError } from "../../lib/errors/index.ts";
import type { Descriptor } from "../../oci/index.ts";
import { type ImageName, parseImageName } from "./image-name.ts";
import { missing, pushFailure } from "./push-failure.ts";
import { type ImagePush, pushImage } from "./push-image.ts";
import { startProgress } from "./push-progress.ts";
import type { PushedImage, PushImagesRequest } from "./push-request.ts";
import { type TargetNames, targetNames } from "./target-names.ts";

/** Looked at side by side; what is sent has its own limits. */
const imagesAtOnce = 16;
const maxTagLength = 128;

/**
 * Pushes images of a package to the registry of a cluster under both of Zarf's names, once where a digest makes them one. What the
 * registry has already is neither sent nor written: for an image that is there whole, it is asked once per name. Blobs go over the wire
 * once, into further repositories by mount. Where images of two registries share a plain name, it belongs to the first one listed.
 * Stops at the first failure of the registry; safe to repeat.
 *
 * @returns one entry per image, each listed once, in the order of the list
 * @throws OperatorError IMAGE_PUSH_*, REFERENCE_INVALID
 */
export async function pushImages(request: PushImagesRequest): Promise<readonly PushedImage[]> {
  const { registry } = request;
  const pushes = await find(request);
  const progress = startProgress(pushes.length, request.onProgress);
  const stop = new AbortController();
  const signal = AbortSignal.any([request.signal, stop.signal]);
  let failure: { readonly error: unknown } | undefined;
  // Nothing may go on in the background when this returns, so the first failure ends all the rest.
  const abandon = (image: string, error: unknown): void => {
    failure ??= { error: pushFailure(error, { image, registry: registry.base, brokenBy: registry.brokenBy() }) };
    stop.abort();
  };
  const outcomes = await pMap(
    pushes,
    async (push): Promise<readonly PushedImage[]> => {
      const { reference } = push.image;
      try {
        signal.throwIfAborted();
        const failed = (error: unknown): void => abandon(reference, error);
        const outcome = await pushImage(push, { ...request, signal, progress, failed });
        progress.imageDone(reference);
        return [outcome];
      } catch (error) {
        abandon(reference, error);
        return [];
      }
    },
    { concurrency: imagesAtOnce },
  );
  request.signal.throwIfAborted();
  if (failure !== undefined) throw failure.error;
  return outcomes.flat();
}

/** All images with their names and manifests; what is wrong with any of them is said of all at once. */
async function find(request: PushImagesRequest): Promise<readonly ImagePush[]> {
  const { content, registry } = request;
  const images = new Map(request.images.map(parseImageName).map((image) => [image.reference, image]));
  const plainOwners = new Map<string, ImageName>();
  const pushes: ImagePush[] = [];
  const problems: OperatorError[] = [];
  for (const image of images.values()) {
    const names = targetNames(image, registry.base);
    const root = await content.resolve({
      registry: image.host,
      repository: image.path,
      reference: image.digest ?? image.tag ?? "latest",
    });
    const problem = problemOf(image, names, root);
    if (problem !== undefined || root === undefined) {
      problems.push(problem ?? missing(image.reference, "the manifest"));
      continue;
    }
    if (!plainOwners.has(names.plain)) plainOwners.set(names.plain, image);
    const isPlainOurs = plainOwners.get(names.plain) === image;
    pushes.push({ image, root, names: [...new Set([names.suffixed, ...(isPlainOurs ? [names.plain] : [])])] });
  }
  const [first, ...others] = problems;
  if (first === undefined) return pushes;
  if (others.length === 0) throw first;
  throw new OperatorError(first.code, `${problems.length} images of the package cannot be pushed`, {
    problems: problems.map(({ message }) => ({ message })),
    next: first.next,
    retry: first.retry,
  });
}

function problemOf(image: ImageName, names: TargetNames, root: Descriptor | undefined): OperatorError | undefined {
  const tag = names.suffixed.slice(names.suffixed.lastIndexOf(":") + 1);
  if (names.isRewritten && image.digest === undefined && tag.length > maxTagLength) {
    return new OperatorError(
      "REFERENCE_INVALID",
      `image ${image.reference} cannot be named in the cluster's registry: with its checksum the tag has ${tag.length} letters, of ${maxTagLength} that a tag may have`,
      { next: ["use a shorter tag, or name the image by digest"] },
    );
  }
  return root === undefined ? missing(image.reference, "the manifest") : undefined;
}
