import { X509Certificate } from "node:crypto";

/** Object identifier of the extended key usage clientAuth (RFC 5280 §4.2.1.12). */
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

/**
 * What a client certificate is good for: the roles in its organizations when one of the authorities issued it, it is valid
 * now and its extended key usage is exactly clientAuth; otherwise undefined, and TLS ends.
 */
export function rolesOf(
  leaf: X509Certificate,
  authorities: readonly X509Certificate[],
  now: Date,
): readonly string[] | undefined {
  const issued = authorities.some((authority) => leaf.checkIssued(authority) && leaf.verify(authority.publicKey));
  const valid = leaf.validFromDate <= now && now <= leaf.validToDate;
  if (!issued || !valid || leaf.keyUsage?.length !== 1 || leaf.keyUsage[0] !== CLIENT_AUTH) return undefined;
  const organizations: string | readonly string[] = leaf.toLegacyObject().subject.O ?? [];
  return typeof organizations === "string" ? [organizations] : organizations;
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
