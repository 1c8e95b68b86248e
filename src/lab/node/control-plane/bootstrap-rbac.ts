import type { KubeObject } from "../../../kube/index.ts";

const RBAC = "rbac.authorization.k8s.io";

function clusterRole(name: string, rules: readonly object[], labels: Readonly<Record<string, string>>): KubeObject {
  return { apiVersion: `${RBAC}/v1`, kind: "ClusterRole", metadata: { name, labels }, rules };
}

type Meta = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** @param meta - labels and annotations; default none */
function bindGroups(name: string, role: string, groups: readonly string[], meta: Meta = {}): KubeObject {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name, ...meta },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: role },
    subjects: groups.map((group) => ({ apiGroup: RBAC, kind: "Group", name: group })),
  };
}

/** Binds a ServiceAccount of kube-system. @param meta - labels and annotations; default none */
export function bindAccount(name: string, role: string, account: string, meta: Meta = {}): KubeObject {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name, ...meta },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: role },
    subjects: [{ kind: "ServiceAccount", name: account, namespace: "kube-system" }],
  };
}

/** A ServiceAccount of kube-system. @param meta - labels; default none */
export function serviceAccount(name: string, meta: Meta = {}): KubeObject {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: "kube-system", ...meta } };
}

/** Who may ask for node certificates, and what is approved without a person: names and subjects as Talos 1.13.9 writes them. */
export const nodeBootstrapRbac: readonly KubeObject[] = [
  bindGroups(
    "system-bootstrap-approve-node-client-csr",
    "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
    ["system:bootstrappers:nodes"],
  ),
  bindGroups("system-bootstrap-node-bootstrapper", "system:node-bootstrapper", [
    "system:bootstrappers:nodes",
    "system:nodes",
  ]),
  bindGroups("system-bootstrap-node-renewal", "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient", [
    "system:nodes",
  ]),
];

const defaults = { "kubernetes.io/bootstrapping": "rbac-defaults" };
const defaulted = { labels: defaults, annotations: { "rbac.authorization.kubernetes.io/autoupdate": "true" } };
const reading = ["list", "watch"];
const flannelLabels = { "k8s-app": "flannel" };

export const talosNodeRbac: readonly KubeObject[] = [
  bindGroups("system:talos-nodes", "system:talos-nodes", ["system:nodes"], defaulted),
  clusterRole(
    "system:talos-nodes",
    [{ apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["get", ...reading] }],
    defaults,
  ),
];

export const coreDnsRbac: readonly KubeObject[] = [
  serviceAccount("coredns"),
  clusterRole(
    "system:coredns",
    [
      { apiGroups: [""], resources: ["endpoints", "services", "pods", "namespaces"], verbs: reading },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: reading },
    ],
    defaults,
  ),
  bindAccount("system:coredns", "system:coredns", "coredns", defaulted),
];

export const flannelRbac: readonly KubeObject[] = [
  serviceAccount("flannel", { labels: flannelLabels }),
  clusterRole(
    "flannel",
    [
      { apiGroups: [""], resources: ["pods", "nodes", "namespaces"], verbs: ["get", ...reading] },
      { apiGroups: [""], resources: ["nodes/status"], verbs: ["patch"] },
    ],
    flannelLabels,
  ),
  bindAccount("flannel", "flannel", "flannel", { labels: flannelLabels }),
];
