import { type BuiltPackage, openPackage, type Package } from "../../src/deployer/index.ts";
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
        return layer();
      },
    },
    { signal: new AbortController().signal },
  );
}
