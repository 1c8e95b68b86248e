import type { ContentStore, Digest } from "../../oci/index.ts";
import type { PackageDefinition } from "./definition.ts";

export interface PackageFile {
  readonly sizeBytes: number;
  readonly digest: Digest;
}

/** Who vouches for a package: "unchecked" carries a signature for which no key was given; "bundle" is covered by the bundle's own. */
export type PackageSignature = "none" | "unchecked" | "valid" | "bundle";

/** An entry of a component's archive, checked before anybody sees it. */
export interface ComponentEntry {
  readonly type: "file" | "folder" | "link";
  readonly sizeBytes: number;
  /** Permission bits as they are stored. */
  readonly mode: number;
  /** Of a link, as it is stored: relative to the link's folder, never leaving the component's. */
  readonly linkTarget?: string;
}

/** What a component brings, read from its archive without unpacking it. */
export interface ComponentFiles {
  /** By path below the component's folder, in the order of the archive: `charts/web-1.0.0.tgz`. */
  readonly entries: ReadonlyMap<string, ComponentEntry>;
  /** @throws OperatorError PACKAGE_INVALID when there is no such file or it is larger than the limit */
  readonly read: (path: string, call: { readonly limitBytes: number; readonly signal: AbortSignal }) => Promise<Buffer>;
  /** @throws OperatorError PACKAGE_INVALID when there is no such file */
  readonly open: (path: string, call: { readonly signal: AbortSignal }) => AsyncIterable<Uint8Array>;
}

/** A package that has been checked; where it lies does not matter. */
export interface OpenPackage {
  readonly name: string;
  /** Empty where the package has none. */
  readonly version: string;
  /** Of its manifest in published form. */
  readonly digest: Digest;
  readonly definition: PackageDefinition;
  readonly signature: PackageSignature;
  /** Every file that can be read, by path in the package; of a part of a package only what was taken. */
  readonly files: ReadonlyMap<string, PackageFile>;
  /** Verified before it is returned. @throws OperatorError PACKAGE_INVALID, PACKAGE_DAMAGED */
  readonly readFile: (
    path: string,
    call: { readonly limitBytes: number; readonly signal: AbortSignal },
  ) => Promise<Buffer>;
  /** Verified as it passes: an error comes before the end where the bytes are not those promised. */
  readonly openFile: (path: string, call: { readonly signal: AbortSignal }) => AsyncIterable<Uint8Array>;
  /** The archive of a component, checked whole; a component without files has no entries. */
  readonly component: (name: string, call: { readonly signal: AbortSignal }) => Promise<ComponentFiles>;
  /** By full reference (`docker.io/library/busybox:1.36`) and digest. */
  readonly images: ContentStore;
  /** Removes what was put on disk. Safe to repeat. */
  readonly close: () => Promise<void>;
}
