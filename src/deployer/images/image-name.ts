import { OperatorError } from "../../lib/errors/index.ts";
import { formatReference, parseReference } from "../../oci/index.ts";

/** An image's name in the parts that Zarf tells apart. */
export interface ImageName {
  /** `docker.io`, `registry.example:5000` */
  readonly host: string;
  /** `library/busybox` */
  readonly path: string;
  /** `docker.io/library/busybox` */
  readonly name: string;
  /** "latest" where there is neither tag nor digest. */
  readonly tag?: string;
  readonly digest?: string;
  /** `@sha256:…` where there is a digest, else `:latest` */
  readonly tagOrDigest: string;
  /** In full, tag and digest kept: `docker.io/library/busybox:latest@sha256:…` */
  readonly reference: string;
}

/**
 * Reads an image as packages name it: like any reference, with `oci://` before it or not.
 *
 * @throws OperatorError REFERENCE_INVALID
 */
export function parseImageName(text: string): ImageName {
  const bare = text.startsWith("oci://") ? text.slice("oci://".length) : text;
  if (/^[0-9a-f]{64}$/.test(bare)) {
    throw new OperatorError("REFERENCE_INVALID", `${JSON.stringify(text)} is the hash of an image, not its name`, {
      next: ["write it like registry.example/team/app:1.2 or …@sha256:<64 hex digits>"],
    });
  }
  const reference = parseReference(bare);
  const { registry: host, repository: path, tag, digest } = reference;
  return {
    host,
    path,
    name: `${host}/${path}`,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
    tagOrDigest: digest === undefined ? `:${tag ?? "latest"}` : `@${digest}`,
    reference: formatReference(reference),
  };
}
