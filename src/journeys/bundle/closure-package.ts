import type { ImageSource, PackageInput, StoredImage } from "../../bundle/index.ts";
import type { PackageTexts } from "../../deployer/index.ts";
import type { Reference } from "../../oci/index.ts";

/** A package on its way into a bundle. */
export interface ClosurePackage {
  readonly name: string;
  /** Full references of what it lists. */
  readonly images: readonly string[];
  readonly texts: PackageTexts;
  /** As the bundle stores it, once it is known what is stored of its images. */
  readonly input: (imageOf: (reference: string) => StoredImage | undefined) => PackageInput;
  /** Images that it brings itself, which no registry need be asked for. */
  readonly source: (reference: Reference) => ImageSource | undefined;
}
