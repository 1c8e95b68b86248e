import type { Bundle, BundlePackage } from "../bundle/index.ts";
import { type OpenPackage, openPackage, type Package } from "../deployer/index.ts";
import type { ContentStore } from "../oci/index.ts";

/** A package read in its place in the bundle, without unpacking. */
export async function openStoredPackage(
  bundle: Bundle,
  { descriptor, manifest }: BundlePackage,
  options: { readonly signal: AbortSignal },
): Promise<Package> {
  return await openPackage({ digest: descriptor.digest, manifest, readBlob: bundle.verifiedBlob }, options);
}

/** The package as the deployer takes it; its images are the bundle's. */
export function deployable(pkg: Package, images: ContentStore): OpenPackage {
  const refuse = (path: string) => new Error(`package ${pkg.name} was read without ${path}`);
  return {
    name: pkg.name,
    version: pkg.version,
    digest: pkg.digest,
    definition: pkg.definition,
    signature: "bundle",
    files: new Map(),
    readFile: (path) => Promise.reject(refuse(path)),
    openFile: (path) => {
      throw refuse(path);
    },
    component: (name) => {
      const prefix = `components/${name}/`;
      const texts = [...pkg.manifests].filter(([path]) => path.startsWith(prefix));
      const files = new Map(texts.map(([path, text]) => [path.slice(prefix.length), Buffer.from(text)]));
      const read = (path: string): Buffer => {
        const bytes = files.get(path);
        if (bytes === undefined) throw refuse(path);
        return bytes;
      };
      const entries = [...files].map(
        ([path, { length }]) => [path, { type: "file", sizeBytes: length, mode: 0o600 }] as const,
      );
      return Promise.resolve({
        entries: new Map(entries),
        read: (path) => Promise.resolve(read(path)),
        open: async function* (path) {
          yield await Promise.resolve(new Uint8Array(read(path)));
        },
      });
    },
    images,
    close: () => Promise.resolve(),
  };
}
