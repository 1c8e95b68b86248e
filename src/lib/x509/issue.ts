import { createPublicKey, type KeyObject, sign } from "node:crypto";
import { derSequence, derUnsigned, derValue } from "./der.ts";
import { writeTbsPieces } from "./der-writer.ts";
import { newPrivateKeyPem, readPrivateKey } from "./key.ts";
import { readIssuerFields } from "./parsed-certificate.ts";
import type { CertificateAndKey, CertificateTemplate, KeyUsage, RandomBytes } from "./template.ts";

const SERIAL_BYTES = 16;
const KEY_ID_BYTES = 20;
const BIT_STRING = 0x03;

/** Signature algorithm identifiers, which must not carry a NULL parameter: RFC 8410 §3, RFC 5758 §3.2. */
const ALGORITHMS = {
  ed25519: { identifier: derSequence(Buffer.from("06032b6570", "hex")), hash: undefined },
  ec: { identifier: derSequence(Buffer.from("06082a8648ce3d040302", "hex")), hash: "sha256" },
} as const;

export type AuthorityTemplate = Omit<CertificateTemplate, "keyUsage" | "dnsNames" | "ipAddresses"> & {
  /** default: digitalSignature and keyCertSign, as Talos writes them */
  readonly keyUsage?: readonly KeyUsage[];
};

/**
 * Makes a self-signed authority: CA:TRUE without a path length, 128-bit random serial, 20 random bytes as key identifier.
 */
export function issueAuthority(
  template: AuthorityTemplate,
  { random }: { readonly random: RandomBytes },
): CertificateAndKey {
  const keyPem = newPrivateKeyPem(template.key);
  const key = readPrivateKey(keyPem);
  const pieces = writeTbsPieces(
    { ...template, keyUsage: template.keyUsage ?? ["digitalSignature", "keyCertSign"] },
    { isAuthority: true, subjectKeyId: Buffer.from(random(KEY_ID_BYTES)), authorityKeyId: undefined },
  );
  return {
    certificatePem: assemble({ ...pieces, issuer: pieces.subject, subjectKey: key, signer: key, random }),
    keyPem,
  };
}

/**
 * Makes a new key and has `authority` sign a certificate for it.
 *
 * @param authority - an Ed25519 or ECDSA P-256 authority; its key may carry Talos' label
 * @returns the key with the label that OpenSSL reads
 */
export function issueLeaf(
  authority: CertificateAndKey,
  template: CertificateTemplate,
  { random }: { readonly random: RandomBytes },
): CertificateAndKey {
  const keyPem = newPrivateKeyPem(template.key);
  const issuer = readIssuerFields(authority.certificatePem);
  const pieces = writeTbsPieces(template, {
    isAuthority: false,
    subjectKeyId: undefined,
    authorityKeyId: issuer.subjectKeyId,
  });
  const certificatePem = assemble({
    ...pieces,
    issuer: issuer.subjectDer,
    subjectKey: readPrivateKey(keyPem),
    signer: readPrivateKey(authority.keyPem),
    random,
  });
  return { certificatePem, keyPem };
}

interface Assembly {
  readonly version: Buffer;
  readonly issuer: Buffer;
  readonly validity: Buffer;
  readonly subject: Buffer;
  readonly extensions: Buffer;
  readonly subjectKey: KeyObject;
  readonly signer: KeyObject;
  readonly random: RandomBytes;
}

function assemble(parts: Assembly): string {
  const algorithm = algorithmOf(parts.signer);
  const tbs = derSequence(
    parts.version,
    derUnsigned(parts.random(SERIAL_BYTES)),
    algorithm.identifier,
    parts.issuer,
    parts.validity,
    parts.subject,
    createPublicKey(parts.subjectKey).export({ type: "spki", format: "der" }),
    parts.extensions,
  );
  const signature = sign(algorithm.hash, tbs, parts.signer);
  const certificate = derSequence(tbs, algorithm.identifier, derValue(BIT_STRING, Buffer.from([0]), signature));
  return toPem("CERTIFICATE", certificate);
}

function algorithmOf(signer: KeyObject): (typeof ALGORITHMS)[keyof typeof ALGORITHMS] {
  if (signer.asymmetricKeyType === "ed25519") return ALGORITHMS.ed25519;
  if (signer.asymmetricKeyType === "ec" && signer.asymmetricKeyDetails?.namedCurve === "prime256v1") {
    return ALGORITHMS.ec;
  }
  throw new Error(`cannot sign certificates with a key of type ${signer.asymmetricKeyType ?? "unknown"}`);
}

function toPem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
