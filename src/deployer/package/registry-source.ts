import { OperatorError } from "../../lib/errors/index.ts";
import {
  choosePlatform,
  digestOf,
  parseManifest,
  parseReference,
  type RegistryClient,
  targetOf,
} from "../../oci/index.ts";
import type { PackageSource } from "./archive/published-content.ts";

/** Where a package lies in a registry: `oci://registry.example/packages/web:1.0.0`. */
export interface PackageReference {
  readonly registry: string;
  readonly repository: string;
  /** tag or digest */
  readonly reference: string;
}

/**
 * Reads `oci://…`; Zarf's short names for its own packages are understood (`oci://defenseunicorns/…`).
 *
 * @throws OperatorError REFERENCE_INVALID
 */
export function parsePackageReference(text: string): PackageReference {
  const plain = text
    .replace(/^oci:\/\//, "")
    .replace(/^(?:🦄|defenseunicorns)\//u, "ghcr.io/defenseunicorns/packages/");
  const reference = parseReference(plain);
  if (!/^[^/]+[.:\]][^/]*\/|^localhost\//.test(plain))
    throw new OperatorError("REFERENCE_INVALID", `${JSON.stringify(text)} names no registry`, {
      next: ["write it like oci://registry.example/packages/web:1.0.0"],
    });
  return { registry: reference.registry, repository: reference.repository, reference: targetOf(reference) };
}

/**
 * A package in a registry. Only its manifest is fetched now; every file comes when it is asked for, verified as it passes.
 *
 * @param options.architecture - of the package, where the tag has several: `amd64`
 * @throws OperatorError PACKAGE_INVALID, PACKAGE_ARCHITECTURE, MANIFEST_INVALID, REGISTRY_*
 */
export async function registrySource(
  client: RegistryClient,
  { registry, repository, reference }: PackageReference,
  options: { readonly architecture: string; readonly signal: AbortSignal },
): Promise<PackageSource> {
  const { architecture, signal } = options;
  const label = reference.includes(":")
    ? `${registry}/${repository}@${reference}`
    : `${registry}/${repository}:${reference}`;
  const first = await client.fetchManifest(repository, reference, { signal });
  let manifest = parseManifest(first.bytes, { what: `manifest of ${label}` });
  let digest = digestOf(first.bytes);
  if (manifest.kind === "index") {
    const chosen = choosePlatform(manifest, { os: "multi", architecture });
    if (chosen === undefined) {
      const there = manifest.manifests.flatMap(({ platform }) =>
        platform?.os === "multi" ? [platform.architecture] : [],
      );
      throw new OperatorError(
        there.length === 0 ? "PACKAGE_INVALID" : "PACKAGE_ARCHITECTURE",
        there.length === 0
          ? `${label} is an image, not a package`
          : `${label} has no package for ${architecture}, only for ${there.join(", ")}`,
      );
    }
    const found = await client.fetchManifest(repository, chosen.digest, { signal });
    manifest = parseManifest(found.bytes, { what: `manifest of ${label}` });
    digest = digestOf(found.bytes);
  }
  if (manifest.kind !== "image")
    throw new OperatorError("PACKAGE_INVALID", `${label} is not a package: it is an index of indexes`);
  const sizes = new Map(manifest.layers.map((layer) => [layer.digest, layer.size]));
  return {
    label,
    digest,
    manifest,
    readBlob: (blob, call) => client.fetchBlob(repository, { digest: blob, size: sizes.get(blob) ?? 0 }, call),
  };
}
