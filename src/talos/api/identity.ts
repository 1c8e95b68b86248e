import { createHash, type X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";

/** Who we are to a node, and whom we take it for. All PEM text; the key may have Talos' label `ED25519 PRIVATE KEY`. */
export type NodeIdentity =
  | { readonly kind: "admin"; readonly ca: string; readonly crt: string; readonly key: string }
  /** Base64 SHA-256 of the public key, as the console shows it; any match is enough, none given means no check. */
  | { readonly kind: "maintenance"; readonly fingerprints?: readonly string[] };

/** Common name of the certificate that a node without a config shows. */
const MAINTENANCE_NAME = "maintenance-service.talos.dev";

const contexts = new WeakMap<NodeIdentity, SecureContext>();

/** The TLS side of an identity; made once per identity object, because hundreds of nodes share one. */
export function secureContextOf(identity: NodeIdentity): SecureContext {
  const known = contexts.get(identity);
  if (known !== undefined) return known;
  const context = createSecureContext({
    minVersion: "TLSv1.3",
    ...(identity.kind === "admin" && {
      ca: identity.ca,
      cert: identity.crt,
      // OpenSSL knows the same bytes only under their general label.
      key: identity.key.replaceAll("ED25519 PRIVATE KEY", "PRIVATE KEY"),
    }),
  });
  contexts.set(identity, context);
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
  return leaf.toLegacyObject().subject.CN === MAINTENANCE_NAME && !leaf.issuer;
}
