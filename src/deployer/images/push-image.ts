import { isOperatorError } from "../../lib/errors/index.ts";
import type { ContentStore, Descriptor } from "../../oci/index.ts";
import { type ImageName, parseImageName } from "./image-name.ts";
import { incomplete, missing } from "./push-failure.ts";
import type { PushProgress } from "./push-progress.ts";
import type { PushedImage } from "./push-request.ts";
import { manifestsOf, missingPlatformsOf, readImage, type StoredManifest, withoutMissing } from "./read-image.ts";
import type { RegistryAccess } from "./registry-access.ts";

/** An image that was found in the package, and what it shall be called. */
export interface ImagePush {
  readonly image: ImageName;
  readonly root: Descriptor;
  /** Full names in the registry, the suffixed one first. */
  readonly names: readonly string[];
}

interface Call {
  readonly content: ContentStore;
  readonly registry: RegistryAccess;
  readonly progress: PushProgress;
  /** Told at once of what will end this push, so that the rest of it ends too. */
  readonly failed: (error: unknown) => void;
  readonly signal: AbortSignal;
}

interface Place {
  readonly repository: string;
  /** tag or digest */
  readonly reference: string;
}

/** Brings one image into the registry under its names; what is there is left alone. */
export async function pushImage(push: ImagePush, call: Call): Promise<PushedImage> {
  const { image, root, names } = push;
  const base = { reference: image.reference, names, sentBytes: 0, missingPlatforms: [] };
  const [first, ...others] = names.map((name) => placeOf(name, call.registry.base));
  // It keeps the name of a registry that is not the cluster's, and with that its place.
  if (first === undefined || others.includes(undefined)) return { ...base, digest: root.digest, outcome: "left" };
  const places: readonly Place[] = [first, ...others.filter((place) => place !== undefined)];
  const found = await Promise.all(
    places.map(({ repository, reference }) => call.registry.client.headManifest(repository, reference, call)),
  );
  if (found.every((digest) => digest === root.digest)) return { ...base, digest: root.digest, outcome: "present" };

  const whole = await readImage(call.content, { root, image: image.reference, signal: call.signal });
  const missingPlatforms = missingPlatformsOf(whole);
  const stored = manifestsOf(whole).filter(({ kind }) => kind === "image");
  if (stored.length === 0) throw missing(image.reference, "any platform");
  const reduced = image.digest === undefined ? withoutMissing(whole) : whole;
  if (found.every((digest) => digest === reduced.descriptor.digest)) {
    return { ...base, digest: reduced.descriptor.digest, outcome: "present", missingPlatforms };
  }
  const sentBytes = await sendParts(stored, first.repository, image.reference, call);
  const digest = await nameIt({ whole, reduced, places, push, missingPlatforms }, call);
  return { ...base, digest, outcome: "pushed", sentBytes, missingPlatforms };
}

/** Blobs and manifests of every platform; where the manifest is there, the registry has seen its blobs. */
async function sendParts(
  stored: readonly StoredManifest[],
  repository: string,
  image: string,
  call: Call,
): Promise<number> {
  const { content, registry, progress, signal } = call;
  let sentBytes = 0;
  for (const manifest of stored) {
    const { digest } = manifest.descriptor;
    if ((await registry.client.headManifest(repository, digest, { signal })) !== undefined) continue;
    const keyOf = (blob: Descriptor): string => `${repository}@${blob.digest}`;
    for (const blob of manifest.blobs) progress.expect(image, keyOf(blob), blob.size);
    const sends = manifest.blobs.map(async (blob) => {
      const onSent = (bytes: number): void => progress.reached(image, keyOf(blob), bytes);
      const outcome = await registry.blobs.send({ repository, blob, content, signal, onSent });
      onSent(blob.size);
      if (outcome === "sent") sentBytes += blob.size;
    });
    for (const send of sends) send.catch(call.failed);
    await Promise.allSettled(sends);
    await Promise.all(sends);
    await putManifest(call, { repository, reference: digest }, manifest);
  }
  return sentBytes;
}

/** Puts the image under its names. @returns the digest that they have now */
async function nameIt(
  given: {
    readonly whole: StoredManifest;
    readonly reduced: StoredManifest;
    readonly places: readonly Place[];
    readonly push: ImagePush;
    readonly missingPlatforms: readonly string[];
  },
  call: Call,
): Promise<StoredManifest["descriptor"]["digest"]> {
  const { whole, reduced, places, push, missingPlatforms } = given;
  const repository = places[0]?.repository ?? "";
  const put = async (manifest: StoredManifest): Promise<void> => {
    // Indexes inside the index come first, by digest.
    for (const inner of manifestsOf(manifest).filter((one) => one !== manifest && one.kind === "index")) {
      await putManifest(call, { repository, reference: inner.descriptor.digest }, inner);
    }
    for (const place of places) await putManifest(call, place, manifest);
  };
  try {
    await put(whole);
    return whole.descriptor.digest;
  } catch (error) {
    if (missingPlatforms.length === 0 || !isOperatorError(error, "REGISTRY_INCOMPLETE")) throw error;
    if (reduced === whole) throw incomplete(push.image.reference, call.registry.base, missingPlatforms, error);
    await put(reduced);
    return reduced.descriptor.digest;
  }
}

async function putManifest(call: Call, place: Place, manifest: StoredManifest): Promise<void> {
  const { mediaType } = manifest.descriptor;
  await call.registry.client.pushManifest(
    place.repository,
    place.reference,
    { mediaType, bytes: manifest.bytes },
    call,
  );
}

/** Where a name lies in the cluster's registry; undefined where it belongs to another one. */
function placeOf(name: string, base: string): Place | undefined {
  const host = base.split("/")[0] ?? base;
  if (!name.startsWith(`${host}/`)) return undefined;
  const { path, tag, digest } = parseImageName(name);
  return { repository: path, reference: digest ?? tag ?? "latest" };
}
