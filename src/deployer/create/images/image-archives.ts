import path from "node:path";
import type { PackageDefinition } from "../../package/definition.ts";
import type { StagingFolder } from "../stage/staging-folder.ts";
import { readImageArchive } from "./archived-images.ts";
import { type HeldImages, joinImages } from "./held-images.ts";

/**
 * The images that a package takes from archives instead of registries; an archive that several components name is read once.
 *
 * @throws OperatorError PACKAGE_SOURCE_UNUSABLE, PACKAGE_IMAGES_MISSING, FILE_UNREADABLE
 */
export async function archivedImages(
  { definition, folder }: { readonly definition: PackageDefinition; readonly folder: string },
  call: { readonly staging: StagingFolder; readonly signal: AbortSignal },
): Promise<HeldImages> {
  const wanted = new Map<string, Set<string>>();
  for (const { imageArchives } of definition.components)
    for (const { path: file, images } of imageArchives) {
      const place = path.resolve(folder, file);
      wanted.set(place, new Set([...(wanted.get(place) ?? []), ...images]));
    }
  const { architecture = "amd64" } = definition.metadata;
  const read: HeldImages[] = [];
  for (const [file, images] of wanted)
    read.push(
      await readImageArchive({
        file,
        images: [...images],
        architecture,
        folder: await call.staging.newFolder(),
        signal: call.signal,
      }),
    );
  return joinImages(read);
}
