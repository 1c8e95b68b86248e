import { type BuiltPackage, type OpenPackage, openPackage } from "../../src/deployer/index.ts";
import { digestOf, parseManifest } from "../../src/oci/index.ts";

/** A package that was just built, opened as from a bundle. */
export async function openBuilt(built: BuiltPackage): Promise<OpenPackage> {
  const manifest = parseManifest(built.manifestBytes, { what: "package" });
  if (manifest.kind !== "image") throw new Error("not an image manifest");
  const open = new Map(built.layers.map((layer) => [layer.descriptor.digest, layer.open]));
  const published = {
    digest: digestOf(built.manifestBytes),
    manifest,
    readBlob: (digest: ReturnType<typeof digestOf>, call: { readonly signal: AbortSignal }) => {
      const layer = open.get(digest);
      if (layer === undefined) throw new Error(`no layer ${digest}`);
      return layer(call);
    },
  };
  return await openPackage({ published, isCovered: true }, { signal: new AbortController().signal, trust: {} });
}
