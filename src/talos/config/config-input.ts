import type { SecretsBundle } from "../pki/index.ts";
import type { TalosContract } from "./contract.ts";

/** Which disk Talos is installed on. All conditions given must hold; texts may have `*` as in a glob. */
export interface InstallDiskSelector {
  /** `>= 200GB`, `4GB` (exactly), `<= 1TB` */
  readonly size?: string;
  readonly name?: string;
  readonly model?: string;
  readonly serial?: string;
  readonly modalias?: string;
  readonly uuid?: string;
  readonly wwid?: string;
  readonly type?: "ssd" | "hdd" | "nvme" | "sd";
  readonly busPath?: string;
}

export type InstallTarget =
  | { readonly image: string; readonly disk: string }
  | { readonly image: string; readonly diskSelector: InstallDiskSelector };

/** What a node's own interfaces get; only where the site writes addresses itself. */
export interface NodeLink {
  /** Hardware address of the interface, `52:54:00:12:34:56`. */
  readonly mac: string;
  /** The node's address with its prefix, `10.5.0.2/24`; absent: DHCP gives it. */
  readonly address?: string;
  /** Default gateway; needs `address`. */
  readonly gateway?: string;
  /** Virtual address that the control planes share; only on control planes. */
  readonly vip?: string;
}

export interface ConfigInput {
  readonly contract: TalosContract;
  readonly role: "controlplane" | "worker";
  readonly secrets: SecretsBundle;
  readonly clusterName: string;
  /** URL with port, `https://10.5.0.100:6443` */
  readonly endpoint: string;
  /** `v1.36.3` */
  readonly kubernetesVersion: string;
  readonly install: InstallTarget;
  /** Further names and addresses in the node's and the API server's certificates. */
  readonly certSANs?: readonly string[];
  /** default: cluster.local */
  readonly dnsDomain?: string;
  /** default: 10.244.0.0/16 */
  readonly podSubnets?: readonly string[];
  /** default: 10.96.0.0/12 */
  readonly serviceSubnets?: readonly string[];
  /** default: flannel; none where a package brings the CNI */
  readonly cni?: "flannel" | "none";
}

/** What a node is given beyond what talosctl would generate: its name, and sources of names and time that stay at the site. */
export interface NodeConfigInput extends ConfigInput {
  readonly hostname: string;
  readonly link?: NodeLink;
  /** Addresses of name servers of the site. Empty: the node resolves nothing, rather than asking public servers. */
  readonly nameservers: readonly string[];
  /** Time servers of the site. Empty: the node keeps its own clock, rather than waiting for a public server. */
  readonly timeServers: readonly string[];
  /** How long a booting node waits for time, as a Go duration; default 2m0s. Never without an end. */
  readonly bootTimeout?: string;
}
