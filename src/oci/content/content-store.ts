import type { Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";

/** An image as a puller asks for it. */
export interface ContentRequest {
  /** The upstream registry, when the puller names it (path prefix or `?ns=`); without it the first registry that fits counts. */
  readonly registry?: string;
  readonly repository: string;
  /** tag or digest */
  readonly reference: string;
}

export interface OpenOptions {
  /** First byte wanted; default 0. */
  readonly start?: number;
  /** Byte after the last one wanted, as in `slice`; default the size. */
  readonly end?: number;
  readonly signal: AbortSignal;
}

/**
 * What the mirror serves from: a bundle, a layout folder, a site's own store. Bytes are handed out as they are stored; whoever
 * reads a blob whole verifies it (the mirror does, once per digest).
 */
export interface ContentStore {
  /** The manifest or index of an image by tag, or by digest where the store lists it; undefined when it has none. */
  readonly resolve: (request: ContentRequest) => Promise<Descriptor | undefined>;
  /** Tags of a repository in no order; undefined when there is no such repository. */
  readonly tags: (request: {
    readonly registry?: string;
    readonly repository: string;
  }) => Promise<readonly string[] | undefined>;
  /** Size in bytes of a blob or manifest; undefined when it is not there. */
  readonly stat: (digest: Digest) => Promise<number | undefined>;
  /**
   * The bytes, in chunks of some 64 KiB to 1 MiB. A chunk belongs to whoever takes it, who may recycle it; the store does not keep it.
   * Fails with the store's own OperatorError when it can no longer be read (a stick pulled out).
   */
  readonly open: (digest: Digest, options: OpenOptions) => AsyncIterable<Uint8Array>;
}
