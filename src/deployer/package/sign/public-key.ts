import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { OperatorError } from "../../../lib/errors/index.ts";

/** A key file: its path for messages, its PEM text. */
export interface PackageKeyFile {
  readonly file: string;
  readonly pem: string;
}

/** A public key that packages may be signed with. */
export interface PackageKey {
  /** For messages. */
  readonly file: string;
  /** As cosign names a key: base64 of the sha256 of its SubjectPublicKeyInfo. */
  readonly hint: string;
  readonly key: KeyObject;
}

/**
 * Reads a `cosign.pub` (SubjectPublicKeyInfo in PEM).
 *
 * @throws OperatorError PACKAGE_KEY_INVALID
 */
export function readPackageKey({ file, pem }: PackageKeyFile): PackageKey {
  // node:crypto would take a private key here too; one in a list of public keys is a leak that should be noticed.
  if (!pem.includes("-----BEGIN PUBLIC KEY-----")) throw keyInvalid(file, "is not a public key in PEM");
  try {
    const key = createPublicKey(pem);
    return { file, key, hint: hintOf(key) };
  } catch {
    throw keyInvalid(file, "is not a public key that can be read");
  }
}

export function hintOf(key: KeyObject): string {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("base64");
}

/** Without the cause: what OpenSSL says about a broken private key is of no use and might quote it. */
export function keyInvalid(
  file: string,
  reason: string,
  next = ["cosign generate-key-pair     makes cosign.key and cosign.pub"],
): OperatorError {
  return new OperatorError("PACKAGE_KEY_INVALID", `${file} ${reason}`, { where: { file }, next });
}
