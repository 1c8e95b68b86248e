import { createHash } from "node:crypto";
import { type Digest, digestFromHex } from "./digest.ts";

/** What was promised and what came instead. */
export interface ContentMismatch {
  readonly kind: "too-short" | "too-long" | "other-digest";
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Bytes seen; for `too-long` at least this many. */
  readonly foundBytes: number;
  readonly foundDigest?: Digest;
}

/**
 * Passes a stream on while measuring, hashing and bounding it. The chunk that completes the size is handed on only when the
 * digest is right, so a consumer never holds all of something wrong. Stops the source at the first byte too many.
 *
 * @param expected.size - in bytes, as in a descriptor
 * @param options.mismatch - makes the error to throw, in the words of the caller
 */
export async function* verifyStream(
  source: AsyncIterable<Uint8Array>,
  expected: { readonly digest: Digest; readonly size: number },
  options: { readonly mismatch: (found: ContentMismatch) => Error },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { digest, size: sizeBytes } = expected;
  const hash = createHash("sha256");
  let foundBytes = 0;
  const assertDigest = (): void => {
    const foundDigest = digestFromHex(hash.digest("hex"));
    if (foundDigest !== digest) {
      throw options.mismatch({ kind: "other-digest", digest, sizeBytes, foundBytes, foundDigest });
    }
  };
  if (sizeBytes === 0) assertDigest();
  for await (const chunk of source) {
    if (chunk.length === 0) continue;
    foundBytes += chunk.length;
    if (foundBytes > sizeBytes) throw options.mismatch({ kind: "too-long", digest, sizeBytes, foundBytes });
    hash.update(chunk);
    if (foundBytes === sizeBytes) assertDigest();
    yield chunk;
  }
  if (foundBytes < sizeBytes) throw options.mismatch({ kind: "too-short", digest, sizeBytes, foundBytes });
}

/** A mismatch in words, to put behind the name of what was read. */
export function describeMismatch(found: ContentMismatch): string {
  switch (found.kind) {
    case "too-short":
      return `ended after ${found.foundBytes} of ${found.sizeBytes} bytes`;
    case "too-long":
      return `is longer than the ${found.sizeBytes} bytes promised`;
    case "other-digest":
      return `has the digest ${found.foundDigest} instead of ${found.digest}`;
  }
}
