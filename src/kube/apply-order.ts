import type { KubeObject } from "./objects.ts";

/** What others are refused without comes first; what may refuse others comes last. */
const order = [
  "Namespace",
  "CustomResourceDefinition",
  "PriorityClass",
  "RuntimeClass",
  "StorageClass",
  "IngressClass",
  "NetworkPolicy",
  "ResourceQuota",
  "LimitRange",
  "PodDisruptionBudget",
  "ServiceAccount",
  "Secret",
  "ConfigMap",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "ClusterRole",
  "ClusterRoleBinding",
  "Role",
  "RoleBinding",
  "Service",
  "DaemonSet",
  "Pod",
  "ReplicationController",
  "ReplicaSet",
  "Deployment",
  "StatefulSet",
  "HorizontalPodAutoscaler",
  "Job",
  "CronJob",
  "Ingress",
];
const last = [
  "APIService",
  "ValidatingAdmissionPolicy",
  "MutatingWebhookConfiguration",
  "ValidatingWebhookConfiguration",
];

function rank({ kind }: KubeObject): number {
  const at = order.indexOf(kind);
  if (at !== -1) return at;
  return order.length + 1 + last.indexOf(kind);
}

/** Namespaces and CustomResourceDefinitions first, webhooks last; equals keep the order they came in. */
export function inApplyOrder<T extends KubeObject>(objects: readonly T[]): readonly T[] {
  return objects.toSorted((a, b) => rank(a) - rank(b));
}
