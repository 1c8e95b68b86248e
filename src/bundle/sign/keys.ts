import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { OperatorError } from "../../lib/errors/index.ts";

export type SignatureAlgorithm = "ed25519" | "ecdsa-p256-sha256";

/** A key that signs or checks bundles. */
export interface BundleKey {
  readonly algorithm: SignatureAlgorithm;
  /** `sha256:` and the hex digest of the public half (SubjectPublicKeyInfo, DER): the same for both halves. */
  readonly keyId: string;
  readonly key: KeyObject;
}

/** A key file: its path for messages, its PEM text. */
export interface KeyFile {
  readonly file: string;
  readonly pem: string;
}

/**
 * Reads a private key for signing, as `openssl genpkey` makes it (PKCS #8).
 *
 * @throws OperatorError BUNDLE_KEY_UNUSABLE for another algorithm, an encrypted key or no key at all
 */
export function readPrivateKey(keyFile: KeyFile): BundleKey {
  if (keyFile.pem.includes("ENCRYPTED")) throw unusable(keyFile, "is encrypted; signing needs it without a passphrase");
  const key = parsed(keyFile, () => createPrivateKey(keyFile.pem));
  return described(keyFile, key, createPublicKey(key));
}

/**
 * Reads a public key for checking signatures, as `openssl pkey -pubout` writes it.
 *
 * @throws OperatorError BUNDLE_KEY_UNUSABLE
 */
export function readPublicKey(keyFile: KeyFile): BundleKey {
  // node:crypto would take a private key here too; one in a site's trust list is a leak that should be noticed.
  if (!keyFile.pem.includes("-----BEGIN PUBLIC KEY-----")) throw unusable(keyFile, "is not a public key in PEM");
  const key = parsed(keyFile, () => createPublicKey(keyFile.pem));
  return described(keyFile, key, key);
}

function described(keyFile: KeyFile, key: KeyObject, publicKey: KeyObject): BundleKey {
  const algorithm = algorithmOf(publicKey);
  if (algorithm === undefined) throw unusable(keyFile, "is neither Ed25519 nor ECDSA P-256");
  const spki = publicKey.export({ type: "spki", format: "der" });
  return { algorithm, keyId: `sha256:${createHash("sha256").update(spki).digest("hex")}`, key };
}

function algorithmOf(key: KeyObject): SignatureAlgorithm | undefined {
  if (key.asymmetricKeyType === "ed25519") return "ed25519";
  const isP256 = key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1";
  return isP256 ? "ecdsa-p256-sha256" : undefined;
}

function parsed(keyFile: KeyFile, read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch {
    // The cause stays out: what OpenSSL says about a broken private key is of no use and might quote it.
    throw unusable(keyFile, "is not a key in PEM");
  }
}

function unusable({ file }: KeyFile, reason: string): OperatorError {
  return new OperatorError("BUNDLE_KEY_UNUSABLE", `${file} ${reason}`, {
    where: { file },
    next: [
      "openssl genpkey -algorithm ed25519 -out bundle.key     make a private key",
      "openssl pkey -in bundle.key -pubout -out bundle.pub     write its public half",
    ],
  });
}
