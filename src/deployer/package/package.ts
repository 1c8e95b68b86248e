import { type Digest, formatReference, parseReference } from "../../oci/index.ts";
import type { PackageDefinition } from "./definition.ts";

/** A package whose bytes have been checked: what planning and deploying read. */
export interface Package {
  readonly name: string;
  /** Empty where the package has none. */
  readonly version: string;
  /** Of the package's manifest in published form. */
  readonly digest: Digest;
  readonly definition: PackageDefinition;
  /** Text of every manifest by its path `components/<component>/manifests/<manifest>-<i>.yaml`. */
  readonly manifests: ReadonlyMap<string, string>;
}

/** Path of a manifest's file in `Package.manifests`. */
export function manifestPath(component: string, storedFile: string): string {
  return `components/${component}/manifests/${storedFile}`;
}

/**
 * Every image that the package lists, by full reference, each once, in the order of the definition: what a bundle must carry
 * for it.
 *
 * @throws OperatorError REFERENCE_INVALID
 */
export function packageImages(of: { readonly definition: PackageDefinition }): readonly string[] {
  const listed = of.definition.components.flatMap(({ images }) => images);
  return [...new Set(listed.map((image) => fullReference(image)))];
}

/** `busybox` as `docker.io/library/busybox:latest`; a leading `oci://` is taken off, as Zarf does. */
export function fullReference(image: string): string {
  return formatReference(parseReference(image.replace(/^oci:\/\//, "")));
}
