import { createHash } from "node:crypto";
import type { KubeObject } from "../../../kube/index.ts";
import { stamp } from "../kubelet/node-object.ts";

export type StaticPodName = "kube-apiserver" | "kube-controller-manager" | "kube-scheduler";

export interface StaticPod {
  readonly name: StaticPodName;
  readonly image: string;
  /** With the program first. */
  readonly command: readonly string[];
}

const REQUESTS: Readonly<Record<StaticPodName, { readonly cpu: string; readonly memory: string }>> = {
  "kube-apiserver": { cpu: "200m", memory: "512Mi" },
  "kube-controller-manager": { cpu: "50m", memory: "256Mi" },
  "kube-scheduler": { cpu: "10m", memory: "64Mi" },
};

/**
 * The mirror of a static pod in the API, as a kubelet creates it: labelled as Talos labels its control plane, owned by the Node, which
 * is what admission asks of mirror pods.
 */
export function mirrorPod(
  pod: StaticPod,
  node: { readonly name: string; readonly uid: string; readonly now: Date },
): KubeObject {
  const hash = createHash("md5").update(JSON.stringify(pod)).digest("hex");
  const version = pod.image.slice(pod.image.lastIndexOf(":") + 1).replace(/^v/, "");
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${pod.name}-${node.name}`,
      namespace: "kube-system",
      labels: {
        "app.kubernetes.io/component": "control-plane",
        "app.kubernetes.io/managed-by": "Talos",
        "app.kubernetes.io/name": pod.name,
        "app.kubernetes.io/version": version,
        component: pod.name,
        "k8s-app": pod.name,
        tier: "control-plane",
      },
      annotations: {
        "kubernetes.io/config.hash": hash,
        "kubernetes.io/config.mirror": hash,
        "kubernetes.io/config.seen": stamp(node.now),
        "kubernetes.io/config.source": "http",
      },
      ownerReferences: [{ apiVersion: "v1", kind: "Node", name: node.name, uid: node.uid, controller: true }],
    },
    spec: {
      nodeName: node.name,
      hostNetwork: true,
      priority: 2000000000,
      priorityClassName: "system-cluster-critical",
      tolerations: [{ effect: "NoExecute", operator: "Exists" }],
      containers: [
        { name: pod.name, image: pod.image, command: pod.command, resources: { requests: REQUESTS[pod.name] } },
      ],
    },
  };
}

/** Whether the API object is the mirror of a static pod, which no kubelet starts. */
export function isMirror(pod: KubeObject): boolean {
  return pod.metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined;
}
