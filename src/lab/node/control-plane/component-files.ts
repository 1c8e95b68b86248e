import { createPublicKey, randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Clock } from "../../../lib/clock.ts";
import { issueApiServer, issueEtcd, writeAdminKubeconfig, writeComponentKubeconfig } from "../../../talos/pki/index.ts";
import type { ClusterFacts } from "../cluster-facts.ts";
import { writeWhole } from "../disk.ts";
import type { EtcdCredentials } from "../etcd/etcd-client.ts";
import type { ComponentPlaces } from "./component-arguments.ts";
import { apiServerConfigs, encryptionConfig, schedulerConfig } from "./component-configs.ts";
import { secretsOf } from "./secrets.ts";

interface NodeIdentity {
  readonly nodeName: string;
  readonly address: string;
}

type Files = Readonly<Record<string, string>>;

/**
 * Writes etcd's certificates, made as Talos makes them at every boot.
 *
 * @param folder - `system/secrets/etcd` of the machine
 * @returns the credentials of Talos' own client
 */
export function writeEtcdFiles(
  folder: string,
  facts: ClusterFacts,
  node: NodeIdentity,
  clock: Pick<Clock, "now">,
): EtcdCredentials {
  const secrets = secretsOf(facts);
  const names = { hostname: node.nodeName, addresses: [node.address] };
  const issued = issueEtcd(secrets, names, { clock, random: randomBytes });
  const ca = secrets.certs.etcd.certificatePem;
  writeAll(folder, {
    "ca.crt": ca,
    "server.crt": issued.server.certificatePem,
    "server.key": issued.server.keyPem,
    "peer.crt": issued.peer.certificatePem,
    "peer.key": issued.peer.keyPem,
  });
  return { ca, cert: issued.admin.certificatePem, key: issued.admin.keyPem };
}

/**
 * Writes everything that kube-apiserver, kube-controller-manager and kube-scheduler read, by the names that Talos gives the files.
 *
 * @returns an administrator's kubeconfig for the machine's own API server
 */
export function writeComponentFiles(
  places: ComponentPlaces,
  facts: ClusterFacts,
  node: NodeIdentity,
  clock: Pick<Clock, "now">,
): string {
  const { root = "" } = places;
  const secrets = secretsOf(facts);
  const ports = { clock, random: randomBytes };
  const names = { hostname: node.nodeName, addresses: [node.address], certSANs: facts.certSans };
  const { serviceSubnets, dnsDomain } = facts;
  const endpointHost = new URL(facts.endpoint).hostname;
  const issued = issueApiServer(secrets, { ...names, serviceSubnets, dnsDomain, endpointHost }, ports);
  const { etcd, k8s, k8sAggregator, k8sServiceAccountKeyPem } = secrets.certs;
  const kubeconfigInput = { clusterName: facts.clusterName, server: `https://${node.address}:6443`, authority: k8s };
  const publicKey = createPublicKey(k8sServiceAccountKeyPem).export({ type: "spki", format: "pem" }).toString();
  writeAll(join(root, places.secrets, "kube-apiserver"), {
    "ca.crt": k8s.certificatePem,
    "aggregator-ca.crt": k8sAggregator.certificatePem,
    "etcd-client-ca.crt": etcd.certificatePem,
    ...pair("apiserver", issued.serving),
    ...pair("etcd-client", issued.etcdClient),
    ...pair("apiserver-kubelet-client", issued.kubeletClient),
    ...pair("front-proxy-client", issued.frontProxyClient),
    "service-account.key": k8sServiceAccountKeyPem,
    "service-account.pub": publicKey,
    "encryptionconfig.yaml": encryptionConfig(facts),
  });
  writeAll(join(root, places.config, "kube-apiserver"), apiServerConfigs(facts));
  writeAll(join(root, places.secrets, "kube-controller-manager"), {
    "ca.crt": k8s.certificatePem,
    "ca.key": k8s.keyPem,
    "service-account.key": k8sServiceAccountKeyPem,
    kubeconfig: writeComponentKubeconfig("kube-controller-manager", kubeconfigInput, ports),
  });
  const schedulerKubeconfig = join(places.secrets, "kube-scheduler", "kubeconfig");
  writeWhole(join(root, schedulerKubeconfig), writeComponentKubeconfig("kube-scheduler", kubeconfigInput, ports));
  writeAll(join(root, places.config, "kube-scheduler"), {
    "scheduler-config.yaml": schedulerConfig(schedulerKubeconfig),
  });
  return writeAdminKubeconfig(kubeconfigInput, ports);
}

function pair(name: string, issued: { readonly certificatePem: string; readonly keyPem: string }): Files {
  return { [`${name}.crt`]: issued.certificatePem, [`${name}.key`]: issued.keyPem };
}

function writeAll(folder: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) writeWhole(join(folder, name), content);
}
