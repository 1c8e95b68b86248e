export { type AuthorityTemplate, issueAuthority, issueLeaf } from "./issue.ts";
export { type KeyAlgorithm, readPrivateKey, toOpensslKeyPem, toTalosKeyPem } from "./key.ts";
export type {
  CertificateAndKey,
  CertificateSubject,
  CertificateTemplate,
  ExtendedKeyUsage,
  KeyUsage,
  RandomBytes,
} from "./template.ts";
