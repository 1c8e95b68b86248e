import { createHash } from "node:crypto";

declare const digestBrand: unique symbol;

/** `sha256:` and 64 lower-case hex digits; the only algorithm that images in the field use. */
export type Digest = string & { readonly [digestBrand]: true };

const digestPattern = /^sha256:[0-9a-f]{64}$/;

/** The text as a digest, or undefined when it is none (another algorithm included). */
export function parseDigest(text: string): Digest | undefined {
  return digestPattern.test(text) ? (text as Digest) : undefined;
}

/** sha256 of bytes that are in memory. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return digestFromHex(createHash("sha256").update(bytes).digest("hex"));
}

/** The 64 hex digits, as in `blobs/sha256/<hex>`. */
export function digestHex(digest: Digest): string {
  return digest.slice("sha256:".length);
}

/** @internal only for hex that a hash has just given */
export function digestFromHex(hex: string): Digest {
  return `sha256:${hex}` as Digest;
}
