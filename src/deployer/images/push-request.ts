import type { ContentStore, Digest } from "../../oci/index.ts";
import type { RegistryAccess } from "./registry-access.ts";

export interface PushImagesRequest {
  /** As the package lists them. */
  readonly images: readonly string[];
  /** The images of the package, by full reference and digest. */
  readonly content: ContentStore;
  readonly registry: RegistryAccess;
  readonly signal: AbortSignal;
  readonly onProgress?: (event: ImagePushProgress) => void;
}

/** How far a push is. Sizes are of blobs, each counted once per repository that needs it. */
export interface ImagePushProgress {
  readonly images: { readonly done: number; readonly total: number };
  /** What is there, found or sent. */
  readonly bytesDone: number;
  /** Grows while images are looked at. */
  readonly bytesTotal: number;
  /** The image that moved last, by full reference. */
  readonly image: string;
}

export interface PushedImage {
  /** `docker.io/library/nginx:1.27` */
  readonly reference: string;
  /** The names it has now, without a scheme. */
  readonly names: readonly string[];
  /** Of what the names point to. */
  readonly digest: Digest;
  /** present: nothing was sent. left: it keeps a name of another registry, where this push has no business. */
  readonly outcome: "pushed" | "present" | "left";
  /** Bytes of blobs that went over the wire. */
  readonly sentBytes: number;
  /** Platforms that the image's index lists and the package does not carry: "linux/arm64". */
  readonly missingPlatforms: readonly string[];
}
