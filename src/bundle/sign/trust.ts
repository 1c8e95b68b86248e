import { OperatorError } from "../../lib/errors/index.ts";
import { type KeyFile, readPublicKey } from "./keys.ts";
import { isSignedBy, type Signature } from "./signature.ts";

/** Whom a site trusts: `trust` of site.yaml with its key files read. */
export interface Trust {
  readonly keys: readonly KeyFile[];
  /** Whether a bundle without a signature is accepted. */
  readonly allowUnsigned: boolean;
}

/** The part of a bundle that trust is about. */
export interface Signed {
  readonly file: string;
  readonly indexBytes: Uint8Array;
  readonly signature?: Signature;
}

export type TrustResult =
  | { readonly kind: "signed"; readonly keyId: string; readonly keyFile: string }
  | { readonly kind: "unsigned" }
  /** Signed, but no key is named to check it with, and unsigned bundles are accepted anyway. */
  | { readonly kind: "unchecked"; readonly keyId: string };

/**
 * Decides whether a bundle comes from someone the site trusts. The signature covers the index, which names the closure, the
 * definition and every image by digest, so everything read from the bundle afterwards hangs on it.
 *
 * @throws OperatorError BUNDLE_UNSIGNED, BUNDLE_KEY_UNKNOWN, BUNDLE_SIGNATURE_INVALID, BUNDLE_KEY_UNUSABLE
 */
export function checkTrust(bundle: Signed, trust: Trust): TrustResult {
  const { signature, file } = bundle;
  if (signature === undefined) {
    if (trust.allowUnsigned) return { kind: "unsigned" };
    throw new OperatorError("BUNDLE_UNSIGNED", `${file} is not signed, and the site accepts only signed bundles`, {
      where: { file },
      next: [
        "name a private key under sign.key in bundle.yaml and run skerry bundle create again",
        "or set trust.allowUnsigned: true in site.yaml",
      ],
    });
  }
  if (trust.keys.length === 0 && trust.allowUnsigned) return { kind: "unchecked", keyId: signature.keyId };
  const keys = trust.keys.map((keyFile) => ({ ...readPublicKey(keyFile), file: keyFile.file }));
  const key = keys.find(({ keyId }) => keyId === signature.keyId);
  if (key === undefined) {
    const trusted = keys.map((known) => `${known.keyId} (${known.file})`).join(", ");
    throw new OperatorError(
      "BUNDLE_KEY_UNKNOWN",
      `${file} is signed with a key that is not trusted: ${signature.keyId}`,
      {
        where: { file },
        next: [
          trusted === ""
            ? "no key is trusted so far: name one under trust.keys in site.yaml"
            : `trusted so far: ${trusted}`,
          "openssl pkey -pubin -in KEY.pub -outform DER | sha256sum     see the id of a public key",
        ],
      },
    );
  }
  if (!isSignedBy(bundle.indexBytes, signature, key)) {
    throw new OperatorError(
      "BUNDLE_SIGNATURE_INVALID",
      `${file} names the trusted key ${key.file}, but its signature does not fit: it was changed after signing`,
      { where: { file }, next: ["do not use this file; copy the bundle again from where it was made"] },
    );
  }
  return { kind: "signed", keyId: key.keyId, keyFile: key.file };
}
