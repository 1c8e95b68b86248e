import { type CertificateAndKey, issueLeaf, toTalosKeyPem } from "../../lib/x509/index.ts";
import { backdated, years } from "./lifetimes.ts";
import type { MintPorts } from "./mint-secrets.ts";

/** Roles that Talos knows; they are the organizations of a client certificate. */
export type TalosRole = "os:admin" | "os:operator" | "os:reader" | "os:etcd:backup" | "os:impersonator";

/**
 * A client certificate for the Talos API, as talosctl makes them: Ed25519, a year, only client authentication (Talos refuses
 * any other list of usages). Unlike talosctl's it begins an hour ago, for nodes whose clock is behind. The key has Talos' label.
 *
 * @param options.roles - default: os:admin
 */
export function issueTalosClient(
  osAuthority: CertificateAndKey,
  { roles = ["os:admin"] }: { readonly roles?: readonly TalosRole[] },
  { clock, random }: MintPorts,
): CertificateAndKey {
  const now = clock.now();
  const issued = issueLeaf(
    osAuthority,
    {
      subject: { organizations: [...roles].sort() },
      key: "ed25519",
      notBefore: backdated(now),
      notAfter: years(now, 1),
      keyUsage: ["digitalSignature"],
      extendedKeyUsage: ["clientAuth"],
    },
    { random },
  );
  return { ...issued, keyPem: toTalosKeyPem(issued.keyPem) };
}
