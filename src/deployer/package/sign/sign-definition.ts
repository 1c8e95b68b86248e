import { createHash, sign } from "node:crypto";
import { isSeq, parseAllDocuments } from "yaml";
import type { PackageSigningKey } from "./signing-key.ts";

/** The file that a signature is in; it is never listed in checksums.txt. */
export const bundleFile = "zarf.bundle.sig";

const requirement = {
  version: "v0.71.0",
  reason: "This package contains a bundle format signature which requires Zarf v0.71.0 or later",
};

/**
 * The `zarf.yaml` of a package as it is signed: every document says that it is, which file the signature is in, and what reads it.
 *
 * @param text - the `zarf.yaml` of a built package, already checked
 */
export function markSigned(text: string): string {
  const documents = parseAllDocuments(text, { logLevel: "error" });
  const marked = (Array.isArray(documents) ? documents : []).map((document) => {
    document.setIn(["build", "signed"], true);
    addTo(document, "versionRequirements", requirement, ({ version }) => version === requirement.version);
    addTo(document, "provenanceFiles", bundleFile, (file) => file === bundleFile);
    return document.toString({ lineWidth: 0, indentSeq: false, directives: false });
  });
  return marked.join("---\n");
}

type ParsedDocument = ReturnType<typeof parseAllDocuments>[number];

function addTo<T>(document: ParsedDocument, key: string, item: T, isIt: (found: T) => boolean): void {
  const list: unknown = document.getIn(["build", key]);
  const items = isSeq(list) ? (list.toJSON() as readonly T[]) : [];
  if (!items.some(isIt)) document.setIn(["build", key], document.createNode([...items, item]));
}

/**
 * Signs the bytes of a `zarf.yaml` with a key, as Zarf does: no transparency log, no time stamp.
 *
 * @returns the bytes of `zarf.bundle.sig`; ECDSA gives others every time
 * @see https://github.com/sigstore/protobuf-specs/blob/v0.5.0/protos/sigstore_bundle.proto
 */
export function signDefinition(definition: Uint8Array, key: PackageSigningKey): Buffer {
  const digest = createHash("sha256").update(definition).digest("base64");
  const signature = sign("sha256", definition, key.key).toString("base64");
  return Buffer.from(
    JSON.stringify({
      mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      verificationMaterial: { publicKey: { hint: key.hint } },
      messageSignature: { messageDigest: { algorithm: "SHA2_256", digest }, signature },
    }),
  );
}
