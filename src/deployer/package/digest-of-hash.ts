import type { Hash } from "node:crypto";
import { type Digest, parseDigest } from "../../oci/index.ts";

/** The digest of what a sha256 has seen; the hash is over then. */
export function digestOfHash(hash: Hash): Digest {
  const digest = parseDigest(`sha256:${hash.digest("hex")}`);
  if (digest === undefined) throw new Error("not a sha256");
  return digest;
}
