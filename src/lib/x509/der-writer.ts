import forge from "node-forge";
import type { CertificateTemplate } from "./template.ts";

/**
 * The only file that knows node-forge, and only as a DER writer: it has no Ed25519 or ECDSA, so algorithm, key, serial and
 * issuer are put in by the caller, and nothing is ever parsed with it.
 */
export interface TbsPieces {
  readonly version: Buffer;
  readonly subject: Buffer;
  readonly validity: Buffer;
  /** The `[3] EXPLICIT` field. */
  readonly extensions: Buffer;
}

export interface TbsIdentifiers {
  readonly isAuthority: boolean;
  /** Written as SubjectKeyIdentifier of an authority. */
  readonly subjectKeyId: Buffer | undefined;
  /** Written as AuthorityKeyIdentifier; undefined where the certificate signs itself. */
  readonly authorityKeyId: Buffer | undefined;
}

const { asn1, pki } = forge;

/** Encodes the parts of a TBSCertificate that are plain data. RFC 5280 §4.1. */
export function writeTbsPieces(template: CertificateTemplate, identifiers: TbsIdentifiers): TbsPieces {
  const certificate = pki.createCertificate();
  // The key is replaced by the caller; forge refuses to encode a certificate that has none.
  certificate.publicKey = { n: new forge.jsbn.BigInteger("1"), e: new forge.jsbn.BigInteger("1") } as never;
  certificate.serialNumber = "01";
  certificate.validity.notBefore = template.notBefore;
  certificate.validity.notAfter = template.notAfter;
  certificate.setSubject([...subjectAttributes(template)]);
  certificate.setIssuer([]);
  certificate.setExtensions([...extensionsOf(template, identifiers)]);
  // The algorithm is replaced by the caller too; any known OID will do here.
  Object.assign(certificate, { siginfo: { algorithmOid: pki.oids["sha256WithRSAEncryption"] } });
  const { getTBSCertificate } = pki as unknown as { getTBSCertificate: (of: forge.pki.Certificate) => forge.asn1.Asn1 };
  const fields = getTBSCertificate(certificate).value as readonly forge.asn1.Asn1[];
  // version, serial, algorithm, issuer, validity, subject, key, extensions
  return {
    version: toBuffer(fields[0]),
    validity: toBuffer(fields[4]),
    subject: toBuffer(fields[5]),
    extensions: toBuffer(fields.at(-1)),
  };
}

function subjectAttributes({ subject }: CertificateTemplate): readonly forge.pki.CertificateField[] {
  const organizations = (subject.organizations ?? []).map((value) => attribute("organizationName", value));
  return subject.commonName === undefined
    ? organizations
    : [...organizations, attribute("commonName", subject.commonName)];
}

function attribute(name: string, value: string): forge.pki.CertificateField {
  const isPrintable = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value);
  return { name, value, valueTagClass: isPrintable ? asn1.Type.PRINTABLESTRING : asn1.Type.UTF8 } as never;
}

function extensionsOf(template: CertificateTemplate, identifiers: TbsIdentifiers): readonly object[] {
  const { subjectKeyId, authorityKeyId, isAuthority } = identifiers;
  const altNames = [
    ...(template.dnsNames ?? []).map((value) => ({ type: 2, value })),
    ...(template.ipAddresses ?? []).map((ip) => ({ type: 7, ip })),
  ];
  const usages = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, true]));
  return [
    { name: "keyUsage", critical: true, ...usages(template.keyUsage) },
    ...(template.extendedKeyUsage === undefined ? [] : [{ name: "extKeyUsage", ...usages(template.extendedKeyUsage) }]),
    ...(isAuthority ? [{ name: "basicConstraints", critical: true, cA: true }] : []),
    // Raw, because forge would hash the dummy key for it.
    ...(subjectKeyId === undefined ? [] : [{ id: "2.5.29.14", value: octets(subjectKeyId) }]),
    ...(authorityKeyId === undefined ? [] : [{ id: "2.5.29.35", value: keyIdentifier(authorityKeyId) }]),
    ...(altNames.length === 0 ? [] : [{ name: "subjectAltName", altNames }]),
  ];
}

function octets(bytes: Buffer): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OCTETSTRING, false, bytes.toString("latin1"));
}

function keyIdentifier(bytes: Buffer): forge.asn1.Asn1 {
  const id = asn1.create(asn1.Class.CONTEXT_SPECIFIC, 0, false, bytes.toString("latin1"));
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, [id]);
}

function toBuffer(value: forge.asn1.Asn1 | undefined): Buffer {
  if (value === undefined) throw new Error("forge wrote fewer fields than a TBSCertificate has");
  return Buffer.from(asn1.toDer(value).getBytes(), "latin1");
}
