import { buffer } from "node:stream/consumers";
import { readDefinition } from "../../package/read-definition.ts";
import { bundleFile, markSigned, signDefinition } from "../../package/sign/sign-definition.ts";
import type { PackageSigningKey } from "../../package/sign/signing-key.ts";
import { type BuiltPackage, publishedForm } from "../assemble/assemble.ts";
import { bytesLayer } from "../assemble/package-layer.ts";

/**
 * The package with a signature over its definition, as Zarf's own: the definition says that it is signed, and names the file of the
 * signature; checksums.txt stays as it is. An ECDSA signature differs every time.
 */
export async function signPackage(
  built: BuiltPackage,
  key: PackageSigningKey,
  call: { readonly signal: AbortSignal },
): Promise<BuiltPackage> {
  const definition = built.layers.find(({ title }) => title === "zarf.yaml");
  if (definition === undefined) throw new Error("a built package without a zarf.yaml");
  const text = markSigned((await buffer(definition.open(call))).toString("utf8"));
  const bytes = Buffer.from(text);
  const layers = [
    ...built.layers.filter(({ title }) => title !== "zarf.yaml"),
    bytesLayer("zarf.yaml", bytes),
    bytesLayer(bundleFile, signDefinition(bytes, key)),
  ];
  return publishedForm(built.parts, { definition: readDefinition(text), layers, imageBlobs: built.imageBlobs });
}
