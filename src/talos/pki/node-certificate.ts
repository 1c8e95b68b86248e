import { type CertificateAndKey, issueAuthority, issueLeaf } from "../../lib/x509/index.ts";
import { splitNames } from "./alternative-names.ts";
import { backdated, hours } from "./lifetimes.ts";
import type { MintPorts } from "./mint-secrets.ts";

/** What a node calls itself; every name and address becomes a subject alternative name. */
export interface NodeNames {
  /** `cp-1`, or with a domain `cp-1.site.internal` */
  readonly hostname: string;
  readonly addresses: readonly string[];
  /** `machine.certSANs` of its config: names or addresses */
  readonly certSANs?: readonly string[];
}

const LIFETIME_HOURS = 24;
const MAINTENANCE_NAME = "maintenance-service.talos.dev";

/** The certificate of a configured node's API: Ed25519, only server authentication, 24 hours, which Talos renews after 12. */
export function issueNodeServer(osAuthority: CertificateAndKey, node: NodeNames, ports: MintPorts): CertificateAndKey {
  return issueServer(osAuthority, node.hostname, { ...node, addresses: [...node.addresses, "127.0.0.1"] }, ports);
}

/**
 * The certificate that a node in maintenance mode shows: by an authority that exists only for it and whose subject is empty.
 */
export function issueMaintenanceServer(
  node: Omit<NodeNames, "certSANs">,
  ports: MintPorts,
): CertificateAndKey & { readonly authorityPem: string } {
  const now = ports.clock.now();
  const authority = issueAuthority(
    { subject: {}, key: "ed25519", notBefore: backdated(now), notAfter: hours(now, LIFETIME_HOURS) },
    ports,
  );
  const addresses = [...node.addresses, "127.0.0.1", "::1"];
  return {
    ...issueServer(authority, MAINTENANCE_NAME, { ...node, addresses }, ports),
    authorityPem: authority.certificatePem,
  };
}

function issueServer(
  authority: CertificateAndKey,
  commonName: string,
  node: NodeNames,
  { clock, random }: MintPorts,
): CertificateAndKey {
  const now = clock.now();
  const { dnsNames, ipAddresses } = splitNames([node.hostname, shortName(node.hostname), ...(node.certSANs ?? [])]);
  return issueLeaf(
    authority,
    {
      subject: { commonName },
      key: "ed25519",
      notBefore: backdated(now),
      notAfter: hours(now, LIFETIME_HOURS),
      keyUsage: ["digitalSignature"],
      extendedKeyUsage: ["serverAuth"],
      dnsNames,
      ipAddresses: [...new Set([...ipAddresses, ...node.addresses])],
    },
    { random },
  );
}

function shortName(hostname: string): string {
  return hostname.split(".")[0] ?? hostname;
}
