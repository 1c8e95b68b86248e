import type { Bundle } from "../../bundle/index.ts";
import {
  choosePlatform,
  type Descriptor,
  formatReference,
  type ImageManifest,
  parseReference,
} from "../../oci/index.ts";

/** An image as far as its pull is concerned. */
export interface StockedImage {
  /** Full reference. */
  readonly reference: string;
  readonly digest: string;
  /** What travels over the cable for one platform, in bytes. */
  readonly sizeBytes: number;
  /** Requests that a pull takes: manifests, config, layers. */
  readonly requests: number;
}

/** The simulated machines are of this kind. */
const platform = { os: "linux", architecture: "amd64" } as const;

/** What a mirror of this bundle has for a node, by full reference. */
export function stockOf(bundle: Pick<Bundle, "images" | "manifest">): ReadonlyMap<string, StockedImage> {
  const stock = new Map<string, StockedImage>();
  for (const { reference, descriptor } of bundle.images()) {
    const manifest = manifestFor(bundle, descriptor);
    const parts = manifest === undefined ? [] : [manifest.config, ...manifest.layers];
    const sizeBytes = parts.reduce((total, { size }) => total + size, descriptor.size);
    stock.set(fullName(reference), {
      reference: fullName(reference),
      digest: descriptor.digest,
      sizeBytes,
      requests: parts.length + 2,
    });
  }
  return stock;
}

/** `docker.io/library/registry:3` for `registry:3`. */
export function fullName(reference: string): string {
  return formatReference(parseReference(reference));
}

function manifestFor(bundle: Pick<Bundle, "manifest">, descriptor: Descriptor): ImageManifest | undefined {
  const found = bundle.manifest(descriptor.digest);
  if (found === undefined || found.kind === "image") return found;
  const chosen = choosePlatform(found, platform) ?? found.manifests[0];
  const manifest = chosen === undefined ? undefined : bundle.manifest(chosen.digest);
  return manifest?.kind === "image" ? manifest : undefined;
}
