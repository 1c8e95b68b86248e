import type { Clock } from "../../lib/clock.ts";
import type { Descriptor, Digest, Reference, RegistryClient } from "../../oci/index.ts";
import type { BundleDefinition } from "../definition/schema.ts";
import type { ClosureAsset } from "../format/closure.ts";
import type { KeyFile } from "../sign/keys.ts";

/** A blob that lies somewhere and can be opened again and again. Its bytes are verified as they pass. */
export interface BlobSource {
  readonly descriptor: Descriptor;
  readonly open: (options: { readonly signal: AbortSignal }) => AsyncIterable<Uint8Array>;
}

/** An image of the closure. */
export interface ClosureImageInput {
  /** In any form that parseReference takes. */
  readonly reference: string;
  /** Reasons: "kubelet of cp-1", "package demo". Given twice for one reference, they are joined. */
  readonly why: readonly string[];
  /** Platforms it must have, e.g. `linux/amd64`. Default: all of the bundle's. */
  readonly platforms?: readonly string[];
}

/** A package in Zarf's published-OCI form. */
export interface PackageInput {
  readonly name: string;
  /** For whoever looks into the bundle. */
  readonly version?: string;
  /** The OCI manifest, byte for byte. */
  readonly manifest: Uint8Array;
  /** Its config (`application/vnd.zarf.config.v1+json`), byte for byte. */
  readonly config: Uint8Array;
  /** One for each layer of the manifest, in any order; those that are content of the bundle's images may be left out. */
  readonly layers: readonly BlobSource[];
}

/** What the bundle stores of an image. */
export interface StoredImage {
  /** Of the index for a multi-arch image. */
  readonly descriptor: Descriptor;
  /** Its manifests for the bundle's platforms; the descriptor has the platform where an index states it. */
  readonly manifests: readonly {
    readonly descriptor: Descriptor;
    /** Config and layers. */
    readonly blobs: readonly Descriptor[];
  }[];
}

export interface AssetInput extends Pick<ClosureAsset, "name" | "kind" | "architecture"> {
  readonly schematic?: string;
  readonly blob: BlobSource;
}

/** Where an image is pulled from: a client, and the repository on its side. */
export interface ImageSource {
  readonly client: Pick<RegistryClient, "fetchManifest" | "fetchBlob">;
  readonly repository: string;
}

export interface CreateBundleOptions {
  readonly definition: BundleDefinition;
  /** Versions the sites run, for whoever looks into the bundle; each pair once. */
  readonly versions: readonly { readonly talos: string; readonly kubernetes: string }[];
  readonly closureImages: readonly ClosureImageInput[];
  /**
   * Or a function that makes them once the images are known, for packages that list their images' blobs. It is given what is
   * stored of an image by full reference: undefined for one that could not be had, of which creation fails in the end.
   */
  readonly packages:
    | readonly PackageInput[]
    | ((imageOf: (reference: string) => StoredImage | undefined) => readonly PackageInput[]);
  readonly assets: readonly AssetInput[];
  readonly source: (reference: Reference) => ImageSource;
  /** Path of the file, normally `NAME.bundle.tar`. Beside it stand `.partial` and `.lock` files while it is made. */
  readonly output: string;
  /** Absent: the bundle is not signed. */
  readonly signingKey?: KeyFile;
  readonly signal: AbortSignal;
  readonly onProgress?: (event: CreateEvent) => void;
  /** Blobs fetched at a time; default 4. */
  readonly concurrency?: number;
  /** default: the system's */
  readonly clock?: Clock;
  /** Free bytes of the file system a folder is on; default: what the system says. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

export type CreateEvent =
  | { readonly kind: "resolved"; readonly reference: string; readonly done: number; readonly total: number }
  | { readonly kind: "image-failed"; readonly reference: string; readonly reason: string }
  /** Everything is known but the bytes. `presentBytes` were there from an earlier run and are verified. */
  | { readonly kind: "planned"; readonly blobs: number; readonly totalBytes: number; readonly presentBytes: number }
  | { readonly kind: "bytes"; readonly doneBytes: number; readonly totalBytes: number }
  | { readonly kind: "blob-failed"; readonly digest: string; readonly reason: string };

export interface CreatedBundle {
  readonly file: string;
  /** Of its index: the identity of the bundle, which its signature is over. */
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly images: number;
  readonly packages: number;
  readonly blobs: number;
  /** Bytes that came from registries, packages and asset sources in this run; the rest was there. */
  readonly fetchedBytes: number;
  /** Id of the key it is signed with. */
  readonly keyId?: string;
}
