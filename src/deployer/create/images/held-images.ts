import type { Descriptor, Digest } from "../../../oci/index.ts";
import type { PackageImage } from "../assemble/image-layers.ts";
import { blobTitle } from "../assemble/package-layer.ts";
import type { StagedEntry, StagedFile } from "../stage/staged.ts";

/** Images with their bytes at hand, by full reference. */
export interface HeldImages {
  readonly images: ReadonlyMap<string, PackageImage>;
  /** Bytes of every blob and manifest of them. */
  readonly blobs: ReadonlyMap<Digest, StagedFile>;
}

/** Everything that an image consists of, itself included. */
export function contentOf({ descriptor, blobs }: PackageImage): readonly Descriptor[] {
  return [descriptor, ...blobs];
}

/** Their blobs as entries of a package's archive; nobody writes to a blob again. */
export function blobEntries({ images, blobs }: HeldImages): ReadonlyMap<string, StagedEntry> {
  const entries = new Map<string, StagedEntry>();
  for (const image of images.values())
    for (const { digest } of contentOf(image)) {
      const blob = blobs.get(digest);
      if (blob === undefined) throw new Error(`no bytes for ${digest}`);
      entries.set(blobTitle(digest), { ...blob, mode: 0o444 });
    }
  return entries;
}

/** Several sets as one. */
export function joinImages(sets: readonly HeldImages[]): HeldImages {
  return {
    images: new Map(sets.flatMap(({ images }) => [...images])),
    blobs: new Map(sets.flatMap(({ blobs }) => [...blobs])),
  };
}
