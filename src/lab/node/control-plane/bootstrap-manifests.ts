import { type Cluster, connectCluster, type KubeObject, objectName, refOf } from "../../../kube/index.ts";
import type { Clock } from "../../../lib/clock.ts";
import { isOperatorError } from "../../../lib/errors/index.ts";
import type { ClusterFacts } from "../cluster-facts.ts";
import { coreDns } from "./bootstrap-coredns.ts";
import {
  bindAccount,
  coreDnsRbac,
  flannelRbac,
  nodeBootstrapRbac,
  serviceAccount,
  talosNodeRbac,
} from "./bootstrap-rbac.ts";
import { flannel, kubeconfigInCluster, kubeProxy } from "./bootstrap-workloads.ts";

/** What Talos applies to a new cluster, in its order; recorded from 1.13.9. */
export function bootstrapManifests(facts: ClusterFacts): readonly KubeObject[] {
  const [tokenId = "", tokenSecret = ""] = facts.bootstrapToken.split(".");
  return [
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: `bootstrap-token-${tokenId}`, namespace: "kube-system" },
      type: "bootstrap.kubernetes.io/token",
      stringData: {
        "auth-extra-groups": "system:bootstrappers:nodes",
        "token-id": tokenId,
        "token-secret": tokenSecret,
        "usage-bootstrap-authentication": "true",
      },
    },
    ...nodeBootstrapRbac,
    ...(facts.cni === "flannel" ? [...flannelRbac, ...flannel(facts)] : []),
    ...(facts.proxyEnabled
      ? [
          serviceAccount("kube-proxy"),
          bindAccount("kube-proxy", "system:node-proxier", "kube-proxy"),
          ...kubeProxy(facts),
        ]
      : []),
    ...(facts.coreDnsEnabled ? [...coreDnsRbac, ...coreDns(facts)] : []),
    kubeconfigInCluster,
    ...talosNodeRbac,
  ];
}

export interface BootstrapWork {
  readonly kubeconfigYaml: string;
  readonly facts: ClusterFacts;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

const RETRY_MS = 1000;

/**
 * What Talos does on a control plane once its API server answers: it creates the manifests that are not there (what is there
 * stays as it is), and labels its own node, which a kubelet may not do itself.
 */
export async function prepareCluster(work: BootstrapWork): Promise<void> {
  const cluster = connectCluster({ kubeconfigYaml: work.kubeconfigYaml });
  try {
    for (const manifest of bootstrapManifests(work.facts)) await createOnce(cluster, manifest, work);
    await labelNode(cluster, work);
  } finally {
    await cluster.close();
  }
}

async function createOnce(cluster: Cluster, manifest: KubeObject, work: BootstrapWork): Promise<void> {
  const { signal, clock, log } = work;
  for (let told = ""; ; ) {
    try {
      if (await isThere(cluster, manifest, signal)) return;
      await cluster.create(manifest, { signal });
      log(`created ${objectName(manifest)}`);
      return;
    } catch (error) {
      if (isOperatorError(error, "KUBE_ALREADY_EXISTS")) return;
      signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== told) log(`cannot create ${objectName(manifest)} yet: ${reason}`);
      told = reason;
      await clock.sleep(RETRY_MS, { signal });
    }
  }
}

/** Asked first, because a Service whose address is taken by itself is refused as invalid, not as existing. */
async function isThere(cluster: Cluster, manifest: KubeObject, signal: AbortSignal): Promise<boolean> {
  try {
    await cluster.get(refOf(manifest), { signal });
    return true;
  } catch (error) {
    if (isOperatorError(error, "KUBE_NOT_FOUND")) return false;
    throw error;
  }
}

/** Puts the config's labels on the machine's own Node, once a kubelet has registered it. */
export async function labelNode(
  cluster: Cluster,
  { facts, nodeName, clock, signal }: Pick<BootstrapWork, "facts" | "nodeName" | "clock" | "signal">,
): Promise<void> {
  const node = { apiVersion: "v1", kind: "Node", name: nodeName };
  for (;;) {
    try {
      // Applying would create the Node; only the kubelet does that.
      await cluster.get(node, { signal });
      await cluster.apply(
        { apiVersion: "v1", kind: "Node", metadata: { name: nodeName, labels: facts.nodeLabels } },
        { signal, force: true },
      );
      return;
    } catch {
      signal.throwIfAborted();
      await clock.sleep(RETRY_MS, { signal });
    }
  }
}
