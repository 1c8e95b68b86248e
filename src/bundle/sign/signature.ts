import { sign, verify } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "../../lib/json.ts";
import { LIMIT } from "../format/names.ts";
import type { BundleKey } from "./keys.ts";

const Signature = z.strictObject({
  /** `sha256:` and 64 hex digits: the public key, by its digest. */
  keyId: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  algorithm: z.enum(["ed25519", "ecdsa-p256-sha256"]),
  /** base64; ECDSA as the DER that openssl reads and writes */
  signature: z.base64().min(1).max(256),
});

/** What `signature.json` holds: a detached signature over the bytes of `index.json`. */
export type Signature = Readonly<z.infer<typeof Signature>>;

/**
 * Signs the index. Ed25519 gives the same bytes every time; ECDSA signatures differ from run to run, in this one entry only.
 *
 * @returns the bytes of `signature.json`
 */
export function signIndex(index: Uint8Array, key: BundleKey): Buffer {
  const signature = sign(key.algorithm === "ed25519" ? null : "sha256", index, key.key).toString("base64");
  return Buffer.from(canonicalJson({ keyId: key.keyId, algorithm: key.algorithm, signature }));
}

/** Reads `signature.json` strictly: undefined for anything that `signIndex` would not have written. */
export function readSignature(bytes: Uint8Array): Signature | undefined {
  if (bytes.length > LIMIT.signatureBytes) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const signature = Signature.safeParse(JSON.parse(text));
    return signature.success && canonicalJson(signature.data) === text ? signature.data : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the signature is this key's over these bytes. */
export function isSignedBy(index: Uint8Array, signature: Signature, key: BundleKey): boolean {
  if (signature.keyId !== key.keyId || signature.algorithm !== key.algorithm) return false;
  const bytes = Buffer.from(signature.signature, "base64");
  // Base64 has spare bits at its end; only the one canonical text of a signature is accepted.
  if (bytes.toString("base64") !== signature.signature) return false;
  return verify(key.algorithm === "ed25519" ? null : "sha256", index, key.key, bytes);
}
