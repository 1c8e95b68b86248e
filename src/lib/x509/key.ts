import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";

export type KeyAlgorithm = "ed25519" | "p256";

/**
 * A new private key as PEM, labelled as OpenSSL and Node read it: PKCS#8 `PRIVATE KEY` for Ed25519, SEC 1
 * `EC PRIVATE KEY` for P-256.
 */
export function newPrivateKeyPem(algorithm: KeyAlgorithm): string {
  return algorithm === "ed25519"
    ? generateKeyPairSync("ed25519", { privateKeyEncoding: PKCS8, publicKeyEncoding: SPKI }).privateKey
    : generateKeyPairSync("ec", { namedCurve: "P-256", privateKeyEncoding: SEC1, publicKeyEncoding: SPKI }).privateKey;
}

const PKCS8 = { type: "pkcs8", format: "pem" } as const;
const SEC1 = { type: "sec1", format: "pem" } as const;
const SPKI = { type: "spki", format: "pem" } as const;

const TALOS_LABEL = /-----(BEGIN|END) ED25519 PRIVATE KEY-----/g;
const PKCS8_LABEL = /-----(BEGIN|END) PRIVATE KEY-----/g;

/**
 * The same key with the label that OpenSSL and Node accept. Talos writes `ED25519 PRIVATE KEY` over a PKCS#8 body, which
 * they refuse; every other PEM passes through.
 */
export function toOpensslKeyPem(keyPem: string): string {
  return keyPem.replace(TALOS_LABEL, "-----$1 PRIVATE KEY-----");
}

/** The same key with the label that Talos writes; only Ed25519 keys change. The reverse of `toOpensslKeyPem`. */
export function toTalosKeyPem(keyPem: string): string {
  const openssl = toOpensslKeyPem(keyPem);
  if (createPrivateKey(openssl).asymmetricKeyType !== "ed25519") return keyPem;
  return openssl.replace(PKCS8_LABEL, "-----$1 ED25519 PRIVATE KEY-----");
}

/** Reads a private key with either label. @throws the error of node:crypto when it is no key */
export function readPrivateKey(keyPem: string): KeyObject {
  return createPrivateKey(toOpensslKeyPem(keyPem));
}
