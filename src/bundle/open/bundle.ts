import type { ContentStore, Descriptor, Digest, ImageManifest, Manifest } from "../../oci/index.ts";
import type { BundleDefinition } from "../definition/schema.ts";
import type { Closure, ClosureAsset } from "../format/closure.ts";
import type { Signature } from "../sign/signature.ts";

/** An image of a bundle. */
export interface BundleImage {
  /** Full reference, e.g. `docker.io/library/registry:3`. */
  readonly reference: string;
  /** Of the index for a multi-arch image. */
  readonly descriptor: Descriptor;
  /** Why the closure names it. */
  readonly why: readonly string[];
  /** e.g. `linux/amd64` */
  readonly platforms: readonly string[];
}

/** A package of a bundle, in Zarf's published-OCI form; layers are told apart by their title annotation. */
export interface BundlePackage {
  readonly name: string;
  readonly version?: string;
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest;
}

/** An open bundle: what it holds, and its content without unpacking. Reading it needs the file until `close`. */
export interface Bundle extends ContentStore {
  /** Path as the operator named it. */
  readonly file: string;
  readonly sizeBytes: number;
  readonly definition: BundleDefinition;
  readonly closure: Closure;
  /** The bytes that the signature is over. */
  readonly indexBytes: Uint8Array;
  /** Absent: not signed. That it is there says nothing; ask checkTrust. */
  readonly signature?: Signature;
  readonly images: () => readonly BundleImage[];
  readonly packages: () => readonly BundlePackage[];
  readonly assets: () => readonly ClosureAsset[];
  /** A manifest or index that the bundle stores, already checked against its digest. */
  readonly manifest: (digest: Digest) => Manifest | undefined;
  /**
   * A whole blob, measured and hashed as it passes; the last chunk comes only when the digest is right.
   *
   * @throws OperatorError BUNDLE_DAMAGED, BUNDLE_GONE
   */
  readonly verifiedBlob: (digest: Digest, options: { readonly signal: AbortSignal }) => AsyncIterable<Uint8Array>;
  readonly close: () => Promise<void>;
}
