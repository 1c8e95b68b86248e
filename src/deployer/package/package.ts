import { formatReference, parseReference } from "../../oci/index.ts";
import type { PackageDefinition } from "./definition.ts";

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
