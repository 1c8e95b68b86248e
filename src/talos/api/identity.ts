import { createHash, type X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import { toOpensslKeyPem } from "../../lib/x509/index.ts";

/** Who we are to a node, and whom we take it for. All PEM text; the key may have Talos' label `ED25519 PRIVATE KEY`. */
export type NodeIdentity =
  | { readonly kind: "admin"; readonly ca: string; readonly crt: string; readonly key: string }
  /** Base64 SHA-256 of the public key, as the console shows it; any match is enough, none given means no check. */
  | { readonly kind: "maintenance"; readonly fingerprints?: readonly string[] };

/** Common name of the certificate that a node without a config shows. */
const MAINTENANCE_NAME = "maintenance-service.talos.dev";

const contexts = new Map<string, SecureContext>();
/** A process talks to one cluster, or to a few in tests. */
const MAX_CONTEXTS = 8;

/** The TLS side of an identity; made once, because hundreds of nodes share it and parsing keys is what costs. */
export function secureContextOf(identity: NodeIdentity): SecureContext {
  const key = identity.kind === "admin" ? identity.ca + identity.crt + identity.key : "";
  const known = contexts.get(key);
  if (known !== undefined) return known;
  if (contexts.size >= MAX_CONTEXTS) contexts.clear();
  const context = createSecureContext({
    minVersion: "TLSv1.3",
    ...(identity.kind === "admin" && { ca: identity.ca, cert: identity.crt, key: toOpensslKeyPem(identity.key) }),
  });
  contexts.set(key, context);
  return context;
}

/**
 * What Talos calls the certificate fingerprint: base64 of the SHA-256 of the leaf's SubjectPublicKeyInfo. A node makes a new
 * one at every boot into maintenance and whenever its name or address changes.
 */
export function fingerprintOf(leaf: X509Certificate): string {
  return createHash("sha256")
    .update(leaf.publicKey.export({ type: "spki", format: "der" }))
    .digest("base64");
}

/** Whether this is the certificate of a node in maintenance: the fixed name, and an issuer without a name. */
export function isMaintenanceLeaf(leaf: X509Certificate): boolean {
  return leaf.subject === `CN=${MAINTENANCE_NAME}` && !leaf.issuer;
}
