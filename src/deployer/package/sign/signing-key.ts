import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { hintOf, keyInvalid, type PackageKeyFile } from "./public-key.ts";
import { openSecret, sealSecret } from "./secret-box.ts";

/** A private key that signs packages. */
export interface PackageSigningKey {
  readonly hint: string;
  readonly key: KeyObject;
}

const label = "ENCRYPTED SIGSTORE PRIVATE KEY";
const pemPattern = /-----BEGIN ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END ENCRYPTED/;

/**
 * Reads a `cosign.key`.
 *
 * @param password - from a file or a prompt, never from the command line
 * @throws OperatorError PACKAGE_KEY_INVALID
 */
export async function readSigningKey({ file, pem }: PackageKeyFile, password: Uint8Array): Promise<PackageSigningKey> {
  const sealed = pemPattern.exec(pem)?.[1];
  if (sealed === undefined) throw keyInvalid(file, "is not a private key of cosign in PEM");
  const opened = await openSecret(Buffer.from(sealed, "base64").toString("utf8"), password);
  if (opened === undefined) throw keyInvalid(file, "is not a private key that can be read");
  if (opened === "locked")
    throw keyInvalid(file, "is not opened by this password", ["--password-file FILE   holds the password of the key"]);
  try {
    const key = createPrivateKey({ key: opened, format: "der", type: "pkcs8" });
    return { key, hint: hintOf(createPublicKey(key)) };
  } catch {
    throw keyInvalid(file, "is not a private key that can be read");
  } finally {
    opened.fill(0);
  }
}

/** A new key pair (ECDSA P-256) as `cosign generate-key-pair` writes it; the private half is for a file of mode 0600. */
export async function createKeyPair(
  password: Uint8Array,
): Promise<{ readonly privatePem: string; readonly publicPem: string }> {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const secret = privateKey.export({ format: "der", type: "pkcs8" });
  const sealed = Buffer.from(await sealSecret(secret, password)).toString("base64");
  secret.fill(0);
  const lines = sealed.match(/.{1,64}/g) ?? [];
  return {
    privatePem: [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n"),
    publicPem: publicKey.export({ format: "pem", type: "spki" }).toString(),
  };
}
