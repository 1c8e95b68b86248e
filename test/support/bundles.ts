import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import {
  BundleDefinition,
  type CreateBundleOptions,
  type CreatedBundle,
  createBundle,
  type PackageInput,
} from "../../src/bundle/index.ts";
import { canonicalJson, type JsonValue } from "../../src/lib/json.ts";
import { createRegistryClient, type Descriptor, digestOf, mediaTypes } from "../../src/oci/index.ts";
import { leapingClock } from "./leaping-clock.ts";
import type { FakeRegistry } from "./registry.ts";

/** A key pair in PEM, as openssl writes it. */
export function bundleKeys(type: "ed25519" | "P-256" = "ed25519"): {
  readonly privatePem: string;
  readonly publicPem: string;
} {
  const { privateKey, publicKey } =
    type === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: type });
  return {
    privatePem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}

/** A package in Zarf's published-OCI form from files in memory; `imageBlobs` it only lists. */
export function packageInput(
  name: string,
  files: Readonly<Record<string, Uint8Array>>,
  imageBlobs: readonly Descriptor[] = [],
): PackageInput {
  const bytesOf = (value: unknown): Buffer => Buffer.from(canonicalJson(value as JsonValue));
  const config = bytesOf({ kind: "ZarfPackageConfig", metadata: { name } });
  const layers = Object.entries(files).map(([title, bytes]) => ({
    descriptor: {
      mediaType: "application/vnd.zarf.layer.v1.blob",
      digest: digestOf(bytes),
      size: bytes.length,
      annotations: { "org.opencontainers.image.title": title },
    } satisfies Descriptor,
    open: () => inPieces(bytes),
  }));
  const manifest = bytesOf({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: "application/vnd.zarf.config.v1+json", digest: digestOf(config), size: config.length },
    layers: [
      ...layers.map(({ descriptor }) => descriptor),
      ...imageBlobs.map(({ digest, size }) => ({ mediaType: "application/vnd.zarf.layer.v1.blob", digest, size })),
    ],
  });
  return { name, manifest, config, layers };
}

export async function* inPieces(bytes: Uint8Array, pieceBytes = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** Options that make a bundle from a fake registry, whatever registry the images name. Its waits take no time. */
export function bundleOptions(
  registry: Pick<FakeRegistry, "apiRoot">,
  folder: string,
  more: Partial<CreateBundleOptions> & Pick<CreateBundleOptions, "closureImages">,
): CreateBundleOptions {
  const client = createRegistryClient({ apiRoot: registry.apiRoot, clock: leapingClock() });
  return {
    definition: definition({}),
    versions: [{ talos: "v1.13.9", kubernetes: "v1.36.3" }],
    packages: [],
    assets: [],
    source: ({ repository }) => ({ client, repository }),
    output: join(folder, "windpark.bundle.tar"),
    signal: new AbortController().signal,
    clock: leapingClock(),
    ...more,
  };
}

export function definition(more: Readonly<Record<string, unknown>>): BundleDefinition {
  return BundleDefinition.parse({
    apiVersion: "skerry.dev/v1alpha1",
    kind: "Bundle",
    name: "windpark",
    images: ["x"],
    ...more,
  });
}

export async function makeBundle(...options: Parameters<typeof bundleOptions>): Promise<CreatedBundle> {
  return await createBundle(bundleOptions(...options));
}
