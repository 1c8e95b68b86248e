import type { KubeObject } from "../../../kube/index.ts";

/** What others need comes first: Helm's order of installation. @see https://helm.sh/docs/intro/using_helm/ */
const installOrder: readonly string[] = [
  "PriorityClass",
  "Namespace",
  "NetworkPolicy",
  "ResourceQuota",
  "LimitRange",
  "PodSecurityPolicy",
  "PodDisruptionBudget",
  "ServiceAccount",
  "Secret",
  "SecretList",
  "ConfigMap",
  "StorageClass",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "CustomResourceDefinition",
  "ClusterRole",
  "ClusterRoleList",
  "ClusterRoleBinding",
  "ClusterRoleBindingList",
  "Role",
  "RoleList",
  "RoleBinding",
  "RoleBindingList",
  "Service",
  "DaemonSet",
  "Pod",
  "ReplicationController",
  "ReplicaSet",
  "Deployment",
  "HorizontalPodAutoscaler",
  "StatefulSet",
  "Job",
  "CronJob",
  "IngressClass",
  "Ingress",
  "APIService",
  "MutatingWebhookConfiguration",
  "ValidatingWebhookConfiguration",
];

/** The same backwards, but for Services, which go before what they lead to. */
const uninstallOrder: readonly string[] = installOrder
  .toReversed()
  .filter((kind) => kind !== "Service")
  .toSpliced(5, 0, "Service");

function sorted<T>(items: readonly T[], kindOf: (item: T) => string, order: readonly string[]): readonly T[] {
  const rank = (item: T): number => {
    const at = order.indexOf(kindOf(item));
    return at === -1 ? order.length : at;
  };
  // Kinds that are not in the table come last, by name; equals keep the order they came in.
  return items.toSorted((a, b) => {
    const difference = rank(a) - rank(b);
    if (difference !== 0 || rank(a) < order.length) return difference;
    const [first, second] = [kindOf(a), kindOf(b)];
    return first < second ? -1 : first > second ? 1 : 0;
  });
}

/** In the order in which Helm creates. */
export function inInstallOrder<T>(items: readonly T[], kindOf: (item: T) => string): readonly T[] {
  return sorted(items, kindOf, installOrder);
}

/** In the order in which Helm deletes. */
export function inUninstallOrder(objects: readonly KubeObject[]): readonly KubeObject[] {
  return sorted(objects, ({ kind }) => kind, uninstallOrder);
}

/** Neighbours of one kind together: what Helm applies at the same time. */
export function batchesByKind(objects: readonly KubeObject[]): readonly (readonly KubeObject[])[] {
  const batches: KubeObject[][] = [];
  for (const object of objects) {
    const last = batches.at(-1);
    if (last?.[0]?.kind === object.kind) last.push(object);
    else batches.push([object]);
  }
  return batches;
}
