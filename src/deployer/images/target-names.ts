import { crc32 } from "node:zlib";
import { type ImageName, parseImageName } from "./image-name.ts";

/** What an image is called in the registry of a cluster. */
export interface TargetNames {
  /** The name that objects get, unique among all registries: `127.0.0.1:31999/library/nginx:1.27-zarf-3793515731`. */
  readonly suffixed: string;
  /** The name for people and for Helm charts: `127.0.0.1:31999/library/nginx:1.27`. The same as `suffixed` where there is a digest. */
  readonly plain: string;
  /** False where the image already has the registry's name and stays as it is. */
  readonly isRewritten: boolean;
}

/** CRC-32 (IEEE 802.3) of the text in UTF-8, in decimal. @see https://www.rfc-editor.org/rfc/rfc1952#section-8 */
export function nameChecksum(text: string): string {
  return crc32(text).toString();
}

/**
 * The names of an image in the registry of a cluster, as Zarf 0.84 gives them, so that both tools find what the other pushed.
 * A digest alone names the image; a tag gets the checksum of host and path behind it, because the host is lost.
 *
 * @param base - the registry's address in the cluster's state: `127.0.0.1:31999`, `registry.example/sub/path`
 * @throws OperatorError REFERENCE_INVALID
 */
export function targetNames(reference: string | ImageName, base: string): TargetNames {
  const image = typeof reference === "string" ? parseImageName(reference) : reference;
  // A comparison of texts, as Zarf does it: `reg.example` also fits `reg.example.org/x`.
  if (base.startsWith(image.host)) {
    return { suffixed: image.reference, plain: image.reference, isRewritten: false };
  }
  const repository = `${base}/${image.path}`;
  const plain = `${repository}${image.tagOrDigest}`;
  if (image.digest !== undefined) return { suffixed: plain, plain, isRewritten: true };
  return { suffixed: `${plain}-zarf-${nameChecksum(image.name)}`, plain, isRewritten: true };
}
