import type { KeyAlgorithm } from "./key.ts";

/** A certificate and its private key, both PEM with a final newline. */
export interface CertificateAndKey {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** `size` random bytes. Real ones are node:crypto's `randomBytes`. */
export type RandomBytes = (size: number) => Uint8Array;

export interface CertificateSubject {
  readonly organizations?: readonly string[];
  readonly commonName?: string;
}

export type KeyUsage = "digitalSignature" | "keyEncipherment" | "keyCertSign" | "cRLSign";
export type ExtendedKeyUsage = "serverAuth" | "clientAuth";

/** What a certificate says. An absent list means that the extension is left out. */
export interface CertificateTemplate {
  readonly subject: CertificateSubject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly keyUsage: readonly KeyUsage[];
  readonly extendedKeyUsage?: readonly ExtendedKeyUsage[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly key: KeyAlgorithm;
}
