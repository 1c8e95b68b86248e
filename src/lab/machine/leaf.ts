import { X509Certificate } from "node:crypto";

/** Object identifier of the extended key usage clientAuth (RFC 5280 §4.2.1.12). */
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

/** Why TLS ends for a client certificate, in the order in which Go judges. */
export type LeafRefusal = "certificate_expired" | "unknown_ca";

/**
 * What a client certificate is good for: the roles in its organizations when one of the authorities issued it, both are valid now and its
 * extended key usage is exactly clientAuth. "Expired" is Go's word for not yet valid too.
 */
export function judgeClientLeaf(
  leaf: X509Certificate,
  authorities: readonly X509Certificate[],
  now: Date,
): readonly string[] | LeafRefusal {
  if (!isValidAt(leaf, now)) return "certificate_expired";
  const issuers = authorities.filter((one) => leaf.checkIssued(one) && leaf.verify(one.publicKey));
  if (issuers.length > 0 && !issuers.some((one) => isValidAt(one, now))) return "certificate_expired";
  if (issuers.length === 0 || leaf.keyUsage?.length !== 1 || leaf.keyUsage[0] !== CLIENT_AUTH) return "unknown_ca";
  const organizations: string | readonly string[] = leaf.toLegacyObject().subject.O ?? [];
  return typeof organizations === "string" ? [organizations] : organizations;
}

/** The roles of a client certificate that is good, otherwise undefined. */
export function rolesOf(
  leaf: X509Certificate,
  authorities: readonly X509Certificate[],
  now: Date,
): readonly string[] | undefined {
  const judged = judgeClientLeaf(leaf, authorities, now);
  return typeof judged === "string" ? undefined : judged;
}

function isValidAt(certificate: X509Certificate, now: Date): boolean {
  return certificate.validFromDate <= now && now <= certificate.validToDate;
}

/** All certificates of a PEM text; empty when there is none that parses. */
export function certificatesIn(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return [];
  }
}
