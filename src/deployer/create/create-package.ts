import { packageImages } from "../package/package.ts";
import { attachImages, type BuiltPackage } from "./assemble/assemble.ts";
import { type BuildOptions, type BuildPorts, buildPackage } from "./build-package.ts";
import { type HeldImages, joinImages } from "./images/held-images.ts";
import { archivedImages } from "./images/image-archives.ts";
import { pullImages, wantedBlobs } from "./images/pull-images.ts";
import { resolveImages } from "./images/resolve-images.ts";
import type { LoadedPackage } from "./source/load-package.ts";
import { freeBytesOf, noSpace } from "./stage/free-space.ts";

/** A package with everything it needs on this disk. */
export interface WholePackage {
  readonly built: BuiltPackage;
  readonly images: HeldImages;
}

/**
 * Builds a package and pulls its images, each blob once; the free space for them is looked at before the first is fetched.
 *
 * @throws OperatorError PACKAGE_IMAGES_MISSING, PACKAGE_NO_SPACE, and what building raises
 */
export async function createPackage(
  loaded: LoadedPackage,
  options: BuildOptions & { readonly concurrency?: number },
  ports: BuildPorts,
): Promise<WholePackage> {
  const { signal, registries, staging, onProgress } = ports;
  const { definition } = loaded;
  const references = packageImages({ definition });
  const resolved = await resolveImages(references, {
    registries,
    architecture: definition.metadata.architecture ?? "amd64",
    signal,
    onImage: (reference, done, total) => onProgress?.({ kind: "image", reference, done, total }),
  });
  const wanted = [...wantedBlobs(resolved).values()];
  const totalBytes = wanted.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  onProgress?.({ kind: "images", blobs: wanted.length, totalBytes });
  const freeBytes = await freeBytesOf(staging.path);
  if (totalBytes > freeBytes) throw noSpace(staging.path, totalBytes, freeBytes);

  const built = await buildPackage(loaded, options, ports);
  const archived = await archivedImages(loaded, ports);
  const pulled = await pullImages(resolved, {
    registries,
    folder: await staging.newFolder(),
    signal,
    onBytes: (doneBytes) => onProgress?.({ kind: "image-bytes", doneBytes, totalBytes }),
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
  });
  const images = joinImages([pulled, archived]);
  return { built: attachImages(built, images.images), images };
}
