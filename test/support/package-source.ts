import {
  type BuildOptions,
  type BuiltPackage,
  buildPackage,
  loadForBuild,
  makeStagingFolder,
  openPackage,
  openRegistries,
  type Package,
} from "../../src/deployer/index.ts";
import { digestOf, parseManifest } from "../../src/oci/index.ts";

/** A package that was just built, opened as from a bundle. */
export async function openBuilt(built: BuiltPackage): Promise<Package> {
  const manifest = parseManifest(built.manifestBytes, { what: "package" });
  if (manifest.kind !== "image") throw new Error("not an image manifest");
  const open = new Map(built.layers.map((layer) => [layer.descriptor.digest, layer.open]));
  return openPackage(
    {
      digest: digestOf(built.manifestBytes),
      manifest,
      readBlob: (digest) => {
        const layer = open.get(digest);
        if (layer === undefined) throw new Error(`no layer ${digest}`);
        return layer({ signal: new AbortController().signal });
      },
    },
    { signal: new AbortController().signal },
  );
}

/** Builds a package that needs no network, no charts and runs nothing; what is fetched or unpacked goes at once. */
export async function buildFolder(folder: string, options: BuildOptions = {}): Promise<BuiltPackage> {
  const registries = openRegistries({});
  const staging = await makeStagingFolder();
  const ports = {
    registries,
    staging,
    signal: new AbortController().signal,
    engine: { packageChart: refuse, inspectChart: refuse },
    runActions: async () => undefined,
  };
  try {
    return await buildPackage(await loadForBuild(folder, options, ports), options, ports);
  } finally {
    await registries.close();
    await staging.remove();
  }
}

const refuse = (): never => {
  throw new Error("this package has charts");
};
