import { type KubeObject, record } from "../../../kube/index.ts";

/** A kind as the API serves it. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly isNamespaced: boolean;
}

/** `Kind plural`, by group and version; `*` marks what lives in no namespace. */
const builtIn: Readonly<Record<string, string>> = {
  v1:
    "Namespace namespaces*|Node nodes*|PersistentVolume persistentvolumes*|Pod pods|Service services|ConfigMap configmaps|" +
    "Secret secrets|ServiceAccount serviceaccounts|PersistentVolumeClaim persistentvolumeclaims|Endpoints endpoints|Event events|" +
    "LimitRange limitranges|ResourceQuota resourcequotas|ReplicationController replicationcontrollers|PodTemplate podtemplates",
  "apps/v1": "Deployment deployments|DaemonSet daemonsets|StatefulSet statefulsets|ReplicaSet replicasets",
  "batch/v1": "Job jobs|CronJob cronjobs",
  "rbac.authorization.k8s.io/v1":
    "Role roles|RoleBinding rolebindings|ClusterRole clusterroles*|ClusterRoleBinding clusterrolebindings*",
  "networking.k8s.io/v1": "NetworkPolicy networkpolicies|Ingress ingresses|IngressClass ingressclasses*",
  "policy/v1": "PodDisruptionBudget poddisruptionbudgets",
  "storage.k8s.io/v1":
    "StorageClass storageclasses*|CSIDriver csidrivers*|CSINode csinodes*|VolumeAttachment volumeattachments*",
  "scheduling.k8s.io/v1": "PriorityClass priorityclasses*",
  "coordination.k8s.io/v1": "Lease leases",
  "discovery.k8s.io/v1": "EndpointSlice endpointslices",
  "autoscaling/v2": "HorizontalPodAutoscaler horizontalpodautoscalers",
  "node.k8s.io/v1": "RuntimeClass runtimeclasses*",
  "apiextensions.k8s.io/v1": "CustomResourceDefinition customresourcedefinitions*",
  "apiregistration.k8s.io/v1": "APIService apiservices*",
  "admissionregistration.k8s.io/v1":
    "MutatingWebhookConfiguration mutatingwebhookconfigurations*|ValidatingWebhookConfiguration validatingwebhookconfigurations*|" +
    "ValidatingAdmissionPolicy validatingadmissionpolicies*|ValidatingAdmissionPolicyBinding validatingadmissionpolicybindings*",
};

/** What every cluster serves, by group and version. */
export function builtInKinds(apiVersion: string): readonly Kind[] {
  return (builtIn[apiVersion] ?? "")
    .split("|")
    .filter((entry) => entry !== "")
    .map((entry) => {
      const [kind = "", plural = ""] = entry.split(" ");
      return { apiVersion, kind, plural: plural.replace("*", ""), isNamespaced: !plural.endsWith("*") };
    });
}

/** What a CustomResourceDefinition brings. */
export function definedKinds(definition: KubeObject): readonly Kind[] {
  const spec = record(definition["spec"]);
  const names = record(spec?.["names"]);
  const versions = Array.isArray(spec?.["versions"]) ? (spec["versions"] as readonly unknown[]) : [];
  return versions
    .map(record)
    .filter((version) => version !== undefined && version["served"] !== false)
    .map((version) => ({
      apiVersion: `${String(spec?.["group"])}/${String(version?.["name"])}`,
      kind: String(names?.["kind"]),
      plural: String(names?.["plural"]),
      isNamespaced: spec?.["scope"] === "Namespaced",
    }));
}

/** Groups with version that are always served, "v1" left out. */
export function builtInVersions(): readonly string[] {
  return Object.keys(builtIn).filter((version) => version.includes("/"));
}
