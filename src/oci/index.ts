export { recycleChunk } from "./content/chunk-pool.ts";
export type { ContentRequest, ContentStore, OpenOptions } from "./content/content-store.ts";
export { type Descriptor, DescriptorSchema, type Platform } from "./content/descriptor.ts";
export { type Digest, digestHex, digestOf, parseDigest } from "./content/digest.ts";
export {
  choosePlatform,
  type ImageIndex,
  type ImageManifest,
  type Manifest,
  manifestLimitBytes,
  parseManifest,
} from "./content/manifest.ts";
export { manifestMediaTypes, mediaTypes } from "./content/media-types.ts";
export { readInChunks } from "./content/read-in-chunks.ts";
export { formatReference, parseReference, type Reference, targetOf } from "./content/reference.ts";
export { referencesOf, refNameAnnotation } from "./content/references-of.ts";
export { type ContentMismatch, describeMismatch, verifyStream } from "./content/verify-stream.ts";
export { layoutStore } from "./layout/layout-store.ts";
export type { MirrorRequest } from "./mirror/mirror-request.ts";
export { type Mirror, type MirrorOptions, type MirrorStats, startMirror } from "./mirror/start-mirror.ts";
export type { BlobOutcome } from "./registry/push.ts";
export {
  createRegistryClient,
  type RegistryClient,
  type RegistryClientOptions,
  upstreamApiRoot,
} from "./registry/registry-client.ts";
export type { RegistryAuth } from "./registry/registry-request.ts";
export type { RetryPolicy } from "./registry/retry.ts";
