import type { KubeObject } from "../../../kube/index.ts";

const RBAC = "rbac.authorization.k8s.io";

function clusterRole(name: string, rules: readonly object[], labels: Readonly<Record<string, string>>): KubeObject {
  return { apiVersion: `${RBAC}/v1`, kind: "ClusterRole", metadata: { name, labels }, rules };
}

export function bindGroups(name: string, role: string, groups: readonly string[]): KubeObject {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: role },
    subjects: groups.map((group) => ({ apiGroup: RBAC, kind: "Group", name: group })),
  };
}

export function bindAccount(name: string, role: string, account: string): KubeObject {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: role },
    subjects: [{ kind: "ServiceAccount", name: account, namespace: "kube-system" }],
  };
}

export function serviceAccount(name: string): KubeObject {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: "kube-system" } };
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
const reading = ["list", "watch"];

export const talosNodeRbac: readonly KubeObject[] = [
  bindGroups("system:talos-nodes", "system:talos-nodes", ["system:nodes"]),
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
  bindAccount("system:coredns", "system:coredns", "coredns"),
];

export const flannelRbac: readonly KubeObject[] = [
  serviceAccount("flannel"),
  clusterRole(
    "flannel",
    [
      { apiGroups: [""], resources: ["pods", "nodes", "namespaces"], verbs: ["get", ...reading] },
      { apiGroups: [""], resources: ["nodes/status"], verbs: ["patch"] },
    ],
    { "k8s-app": "flannel" },
  ),
  bindAccount("flannel", "flannel", "flannel"),
];
