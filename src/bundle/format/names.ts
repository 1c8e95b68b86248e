import { manifestMediaTypes } from "../../oci/index.ts";

/** Words of the bundle format; docs/decisions/0001-interfaces.md ("The bundle file") explains them. */

export const FORMAT_VERSION = "1";

export const MEDIA = {
  definition: "application/vnd.skerry.definition.v1+json",
  closure: "application/vnd.skerry.closure.v1+json",
  assets: "application/vnd.skerry.assets.v1",
  zarfConfig: "application/vnd.zarf.config.v1+json",
  file: "application/octet-stream",
} as const;

export const ANNOTATION = {
  /** Full reference of an image. */
  reference: "org.opencontainers.image.ref.name",
  /** Name of a file that a layer is. */
  title: "org.opencontainers.image.title",
  /** Name of a package. */
  package: "dev.skerry.package",
  /** On the index: version of the format. */
  format: "dev.skerry.format",
  /** On the index: bytes of the file from the first blob's header to its end, so that a cut file knows how much it lacks. */
  blobSectionBytes: "dev.skerry.blob-section-bytes",
} as const;

export const ENTRY = {
  layout: "oci-layout",
  index: "index.json",
  signature: "signature.json",
} as const;

/** Content of the entry `oci-layout`. */
export const LAYOUT_CONTENT = '{"imageLayoutVersion":"1.0.0"}';

export const LIMIT = {
  /** The definition and closure documents, bytes: ten thousand images with their reasons fit. */
  documentBytes: 16 * 1024 * 1024,
  signatureBytes: 4096,
  /** Blobs of one bundle. */
  blobs: 100_000,
} as const;

/** Whether content of this media type lists other content: an image's index or manifest. */
export function isManifestMediaType(mediaType: string): boolean {
  return manifestMediaTypes.includes(mediaType);
}
