import { digestOf } from "../oci/index.ts";
import { storedChildren } from "./format/manifest.ts";
import { reachableFrom } from "./format/mention-order.ts";
import type { Bundle } from "./open/bundle.ts";
import { platformsOf } from "./open/structure.ts";

/** What a bundle holds, as plain values for a table or `--json`. */
export interface BundleContentsList {
  readonly file: string;
  readonly name: string;
  /** Of its index: the identity of the bundle, which its signature is over. */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly architectures: readonly string[];
  readonly versions: readonly { readonly talos: string; readonly kubernetes: string }[];
  readonly images: readonly {
    readonly reference: string;
    readonly digest: string;
    /** Of all its blobs; blobs that several images share count for each. */
    readonly sizeBytes: number;
    readonly platforms: readonly string[];
    readonly why: readonly string[];
  }[];
  readonly packages: readonly {
    readonly name: string;
    readonly version?: string;
    readonly digest: string;
    readonly sizeBytes: number;
  }[];
  readonly assets: readonly {
    readonly name: string;
    readonly kind: string;
    readonly architecture: string;
    readonly schematic?: string;
    readonly digest: string;
    readonly sizeBytes: number;
  }[];
  /** Id of the key it says it is signed with; whether that is true is checkTrust's to say. Absent: not signed. */
  readonly signedBy?: string;
}

/** Lists a bundle. Reads nothing more from the file. */
export function inspectBundle(bundle: Bundle): BundleContentsList {
  const sizes = new Map<string, number>();
  const children = new Map<string, readonly string[]>();
  const platforms = platformsOf(bundle.definition);
  const learn = (descriptor: { readonly digest: string; readonly size: number }): void => {
    sizes.set(descriptor.digest, descriptor.size);
    const manifest = bundle.manifest(descriptor.digest as Parameters<Bundle["manifest"]>[0]);
    if (manifest === undefined || children.has(descriptor.digest)) return;
    const stored = storedChildren(manifest, platforms);
    children.set(
      descriptor.digest,
      stored.map(({ digest }) => digest),
    );
    for (const child of stored) learn(child);
  };
  const sizeOf = (descriptor: { readonly digest: string; readonly size: number }): number => {
    learn(descriptor);
    return [...reachableFrom(descriptor.digest, children)].reduce((sum, digest) => sum + (sizes.get(digest) ?? 0), 0);
  };
  return {
    file: bundle.file,
    name: bundle.definition.name,
    digest: digestOf(bundle.indexBytes),
    sizeBytes: bundle.sizeBytes,
    architectures: bundle.definition.architectures,
    versions: bundle.closure.versions,
    images: bundle.images().map(({ reference, descriptor, platforms: on, why }) => ({
      reference,
      digest: descriptor.digest,
      sizeBytes: sizeOf(descriptor),
      platforms: on,
      why,
    })),
    packages: bundle.packages().map(({ name, version, descriptor }) => ({
      name,
      ...(version === undefined ? {} : { version }),
      digest: descriptor.digest,
      sizeBytes: sizeOf(descriptor),
    })),
    assets: bundle
      .assets()
      .map(({ schematic, ...asset }) => ({ ...asset, ...(schematic === undefined ? {} : { schematic }) })),
    ...(bundle.signature === undefined ? {} : { signedBy: bundle.signature.keyId }),
  };
}
