import { type Cluster, connectCluster, type KubeObject } from "../../../kube/index.ts";
import type { Clock } from "../../../lib/clock.ts";
import { isOperatorError } from "../../../lib/errors/index.ts";
import type { InteriorHost, StaticPodStatus } from "../../interior.ts";
import type { ClusterFacts } from "../../node/cluster-facts.ts";
import { labelNode } from "../../node/control-plane/bootstrap-manifests.ts";
import { at, list, mapping } from "../../node/read-values.ts";
import { clientCertificate } from "./client-certificate.ts";
import { KUBE_PRISM } from "./kubelet-config.ts";
import type { NodeSpace } from "./namespaces.ts";
import { componentUsers } from "./static-pods.ts";

/** What the API says of this node, asked with the kubelet's own certificate. */
export interface NodeSight {
  readonly nodeReady: () => boolean | undefined;
  readonly staticPods: () => readonly StaticPodStatus[];
  readonly close: () => Promise<void>;
}

const POLL_MS = 1000;
const CALM_POLL_MS = 5000;

export function watchNode(options: {
  readonly facts: ClusterFacts;
  readonly host: InteriorHost;
  readonly clock: Clock;
  readonly space: NodeSpace;
  readonly isControlPlane: boolean;
  readonly signal: AbortSignal;
}): NodeSight {
  const { facts, host, clock, signal } = options;
  let isReady: boolean | undefined;
  let pods: readonly StaticPodStatus[] = [];
  let isLabelled = options.isControlPlane || Object.keys(facts.nodeLabels).length === 0;
  let cluster: { readonly identity: string; readonly client: Cluster } | undefined;
  const connected = async (): Promise<Cluster | undefined> => {
    const identity = clientCertificate(options.space);
    if (identity === undefined) return undefined;
    // The kubelet renews it.
    if (cluster?.identity === identity) return cluster.client;
    await cluster?.client.close();
    const client = connectCluster({
      server: `https://${KUBE_PRISM.host}:${KUBE_PRISM.port}`,
      ca: facts.kubernetesCa?.crt ?? "",
      cert: identity,
      key: identity,
    });
    cluster = { identity, client };
    return client;
  };
  const look = async (): Promise<void> => {
    const client = await connected();
    if (client === undefined) return;
    const node = await client.get({ apiVersion: "v1", kind: "Node", name: host.nodeName }, { signal });
    const ready = hasCondition(node, "Ready");
    if (!isLabelled) {
      await labelNode(client, { facts, nodeName: host.nodeName, clock, signal });
      isLabelled = true;
    }
    const seen = options.isControlPlane ? await lookAtPods(client) : [];
    if (ready === isReady && JSON.stringify(seen) === JSON.stringify(pods)) return;
    isReady = ready;
    pods = seen;
    host.changed();
  };
  const lookAtPods = async (client: Cluster): Promise<readonly StaticPodStatus[]> => {
    const found: StaticPodStatus[] = [];
    for (const component of Object.keys(componentUsers)) {
      const name = `${component}-${host.nodeName}`;
      try {
        const pod = await client.get({ apiVersion: "v1", kind: "Pod", namespace: "kube-system", name }, { signal });
        found.push({ id: `kube-system/${name}`, ready: hasCondition(pod, "Ready") });
      } catch (error) {
        if (!isOperatorError(error, "KUBE_NOT_FOUND")) throw error;
      }
    }
    return found;
  };
  const work = (async () => {
    while (!signal.aborted) {
      await look().catch(() => {
        // No API server answers: what the kubelet runs is not known from here.
        if (pods.some(({ ready }) => ready)) {
          pods = pods.map((pod) => ({ ...pod, ready: false }));
          host.changed();
        }
      });
      const isCalm = isReady === true && pods.every(({ ready }) => ready);
      await clock.sleep(isCalm ? CALM_POLL_MS : POLL_MS, { signal }).catch(() => undefined);
    }
  })();
  return {
    nodeReady: () => isReady,
    staticPods: () => pods,
    close: async () => {
      await work;
      await cluster?.client.close();
    },
  };
}

function hasCondition(object: KubeObject, type: string): boolean {
  return list(at(object["status"], "conditions"))
    .map(mapping)
    .some((condition) => condition["type"] === type && condition["status"] === "True");
}
