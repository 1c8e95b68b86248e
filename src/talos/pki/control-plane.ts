import ipaddr from "ipaddr.js";
import { type CertificateAndKey, type CertificateTemplate, issueLeaf } from "../../lib/x509/index.ts";
import { splitNames } from "./alternative-names.ts";
import { issueKubernetesClient, type KubeconfigInput, writeKubeconfig } from "./kubeconfig.ts";
import { backdated, years } from "./lifetimes.ts";
import type { MintPorts } from "./mint-secrets.ts";
import type { NodeNames } from "./node-certificate.ts";
import type { SecretsBundle } from "./secrets-bundle.ts";

/**
 * The certificates that a Talos control plane makes for its own parts, in the profiles read from a real node (Talos 1.13.9).
 */
export interface EtcdCertificates {
  readonly server: CertificateAndKey;
  readonly peer: CertificateAndKey;
  /** Talos' own client. */
  readonly admin: CertificateAndKey;
}

export interface ApiServerCertificates {
  readonly serving: CertificateAndKey;
  readonly etcdClient: CertificateAndKey;
  readonly kubeletClient: CertificateAndKey;
  readonly frontProxyClient: CertificateAndKey;
}

export interface ApiServerNames extends NodeNames {
  /** host of `cluster.controlPlane.endpoint` */
  readonly endpointHost: string;
  /** default: cluster.local */
  readonly dnsDomain?: string;
  /** CIDRs; the first address of each is the `kubernetes` Service */
  readonly serviceSubnets: readonly string[];
}

const CLIENT = ["clientAuth"] as const;
const BOTH = ["serverAuth", "clientAuth"] as const;

/** etcd's certificates of one member: ten years, as Talos makes them. */
export function issueEtcd(secrets: SecretsBundle, node: NodeNames, ports: MintPorts): EtcdCertificates {
  const own = splitNames([node.hostname, ...node.addresses]);
  const local = splitNames([node.hostname, "localhost", ...node.addresses, "127.0.0.1", "::1"]);
  const issue = (commonName: string, profile: Partial<CertificateTemplate>): CertificateAndKey =>
    issuePart(secrets.certs.etcd, { years: 10, commonName, profile }, ports);
  return {
    server: issue(node.hostname, { extendedKeyUsage: BOTH, ...local }),
    peer: issue(node.hostname, { extendedKeyUsage: BOTH, ...own }),
    admin: issue("talos", { extendedKeyUsage: CLIENT }),
  };
}

/** kube-apiserver's certificates on one node: a year, to etcd ten. */
export function issueApiServer(secrets: SecretsBundle, node: ApiServerNames, ports: MintPorts): ApiServerCertificates {
  const { etcd, k8s, k8sAggregator } = secrets.certs;
  const services = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"];
  const names = splitNames([
    ...services,
    `kubernetes.default.svc.${node.dnsDomain ?? "cluster.local"}`,
    "localhost",
    node.hostname,
    node.endpointHost,
    ...(node.certSANs ?? []),
    ...node.addresses,
    ...node.serviceSubnets.map(firstAddress),
    "127.0.0.1",
  ]);
  const serving = { organizations: ["kube-master"], profile: { extendedKeyUsage: ["serverAuth"] as const, ...names } };
  return {
    serving: issuePart(k8s, { years: 1, commonName: "kube-apiserver", ...serving }, ports),
    etcdClient: issuePart(etcd, { years: 10, commonName: "kube-apiserver" }, ports),
    kubeletClient: issueKubernetesClient(
      k8s,
      { organizations: ["system:masters"], commonName: "apiserver-kubelet-client" },
      ports,
    ),
    frontProxyClient: issuePart(k8sAggregator, { years: 1, commonName: "front-proxy-client" }, ports),
  };
}

/** The kubeconfig of kube-controller-manager or kube-scheduler: its name is user and group. */
export function writeComponentKubeconfig(
  component: "kube-controller-manager" | "kube-scheduler",
  input: KubeconfigInput,
  ports: MintPorts,
): string {
  const name = `system:${component}`;
  const client = issueKubernetesClient(input.authority, { organizations: [name], commonName: name }, ports);
  return writeKubeconfig({
    ...input,
    client,
    user: `${name}@${input.clusterName}`,
    context: `default@${input.clusterName}`,
  });
}

/** The client certificate that kube-controller-manager would sign for a kubelet. */
export function issueKubeletClient(
  authority: CertificateAndKey,
  nodeName: string,
  ports: MintPorts,
): CertificateAndKey {
  const subject = { organizations: ["system:nodes"], commonName: `system:node:${nodeName}` };
  return issueKubernetesClient(authority, subject, ports);
}

interface Part {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly years: number;
  /** default: client authentication */
  readonly profile?: Partial<CertificateTemplate>;
}

function issuePart(authority: CertificateAndKey, part: Part, { clock, random }: MintPorts): CertificateAndKey {
  const now = clock.now();
  return issueLeaf(
    authority,
    {
      subject: { organizations: part.organizations ?? [], commonName: part.commonName },
      key: "p256",
      notBefore: backdated(now),
      notAfter: years(now, part.years),
      keyUsage: ["digitalSignature", "keyEncipherment"],
      extendedKeyUsage: CLIENT,
      ...part.profile,
    },
    { random },
  );
}

/** The address after the network's own, which Kubernetes gives to the `kubernetes` Service. */
function firstAddress(cidr: string): string {
  const [address] = ipaddr.parseCIDR(cidr);
  const kind = address.kind() === "ipv6" ? ipaddr.IPv6 : ipaddr.IPv4;
  const bytes = kind.networkAddressFromCIDR(cidr).toByteArray();
  const last = bytes.length - 1;
  return ipaddr.fromByteArray(bytes.map((byte, index) => (index === last ? byte + 1 : byte))).toString();
}
