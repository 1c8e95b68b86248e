import type { AppliedConfig } from "../interior.ts";
import { argumentMapping, at, list, mapping, text, textMapping, texts, type Values } from "./read-values.ts";

export interface KeyPair {
  /** PEM */
  readonly crt: string;
  /** PEM; workers have none. */
  readonly key?: string;
}

/** Images that Talos takes where the config names none; they belong to the release. */
export interface ReleaseImages {
  readonly etcd: string;
  readonly coredns: string;
  readonly flannel: string;
  readonly pause: string;
}

export type ComponentName = "apiServer" | "controllerManager" | "scheduler" | "proxy";

/** What the inside of a machine takes from its config, whether it is written in the old form or in documents of Talos 1.14. */
export interface ClusterFacts {
  readonly clusterName: string;
  /** `https://10.5.0.100:6443` */
  readonly endpoint: string;
  readonly dnsDomain: string;
  readonly podSubnets: readonly string[];
  readonly serviceSubnets: readonly string[];
  readonly cni: "flannel" | "none";
  /** `abcdef.0123456789abcdef` */
  readonly bootstrapToken: string;
  readonly images: Readonly<Record<ComponentName | "kubelet" | "etcd" | "coredns" | "flannel" | "pause", string>>;
  readonly extraArgs: Readonly<Record<ComponentName, Readonly<Record<string, readonly string[]>>>>;
  readonly proxyEnabled: boolean;
  readonly coreDnsEnabled: boolean;
  readonly nodeLabels: Readonly<Record<string, string>>;
  /** key → `Effect` or `value:Effect` */
  readonly nodeTaints: Readonly<Record<string, string>>;
  readonly admissionControl: readonly Values[];
  readonly auditPolicy: Values;
  readonly certSans: readonly string[];
  readonly kubernetesCa?: KeyPair;
  readonly aggregatorCa?: KeyPair;
  readonly etcdCa?: KeyPair;
  /** PEM */
  readonly serviceAccountKey?: string;
  /** 32 bytes, base64 */
  readonly secretboxSecret?: string;
  readonly installerImage: string | undefined;
}

const CONTROL_PLANE = "node-role.kubernetes.io/control-plane";

/** @param release - images of the machine's Talos release */
export function clusterFacts(config: AppliedConfig, release: ReleaseImages): ClusterFacts {
  const cluster = mapping(config.v1alpha1["cluster"]);
  const machine = mapping(config.v1alpha1["machine"]);
  const document = (kind: string): Values | undefined => config.documents.find((item) => item["kind"] === kind);
  const inDocuments = document("KubeClusterConfig") !== undefined;
  const network = document("KubeNetworkConfig") ?? mapping(cluster["network"]);
  const component = (name: ComponentName, kind: string): Values => document(kind) ?? mapping(cluster[name]);
  const apiServer = component("apiServer", "KubeAPIServerConfig");
  const parts = {
    apiServer,
    controllerManager: component("controllerManager", "KubeControllerManagerConfig"),
    scheduler: component("scheduler", "KubeSchedulerConfig"),
    proxy: component("proxy", "KubeProxyConfig"),
  };
  const image = (name: ComponentName) => text(parts[name]["image"]) ?? "";
  const flannel = inDocuments
    ? document("KubeFlannelCNIConfig") !== undefined
    : (text(at(network, "cni", "name")) ?? "flannel") === "flannel";
  return {
    clusterName: text(document("KubeClusterConfig")?.["clusterName"]) ?? text(cluster["clusterName"]) ?? "",
    endpoint: text(document("KubeClusterConfig")?.["endpoint"]) ?? text(at(cluster, "controlPlane", "endpoint")) ?? "",
    dnsDomain: text(network["dnsDomain"]) ?? "cluster.local",
    podSubnets: orDefault(texts(network["podSubnets"]), "10.244.0.0/16"),
    serviceSubnets: orDefault(texts(network["serviceSubnets"]), "10.96.0.0/12"),
    cni: flannel ? "flannel" : "none",
    bootstrapToken: text(cluster["token"]) ?? "",
    images: {
      apiServer: image("apiServer"),
      controllerManager: image("controllerManager"),
      scheduler: image("scheduler"),
      proxy: image("proxy"),
      kubelet: text(document("KubeletConfig")?.["image"]) ?? text(at(machine, "kubelet", "image")) ?? "",
      etcd: text(at(cluster, "etcd", "image")) ?? release.etcd,
      coredns:
        text(document("KubeCoreDNSConfig")?.["image"]) ?? text(at(cluster, "coreDNS", "image")) ?? release.coredns,
      flannel: release.flannel,
      pause: release.pause,
    },
    extraArgs: {
      apiServer: argumentMapping(parts.apiServer["extraArgs"]),
      controllerManager: argumentMapping(parts.controllerManager["extraArgs"]),
      scheduler: argumentMapping(parts.scheduler["extraArgs"]),
      proxy: argumentMapping(parts.proxy["extraArgs"]),
    },
    proxyEnabled: parts.proxy["disabled"] !== true && parts.proxy["enabled"] !== false,
    coreDnsEnabled: inDocuments
      ? document("KubeCoreDNSConfig") !== undefined && document("KubeCoreDNSConfig")?.["enabled"] !== false
      : at(cluster, "coreDNS", "disabled") !== true,
    ...nodeFacts(config, document("KubeNodeConfig")),
    admissionControl: inDocuments
      ? config.documents.filter((item) => item["kind"] === "KubeAdmissionControlConfig")
      : list(apiServer["admissionControl"]).map(mapping),
    auditPolicy: mapping(document("KubeAuditPolicyConfig")?.["configuration"] ?? apiServer["auditPolicy"]),
    certSans: [...texts(apiServer["certSANs"]), ...texts(apiServer["certExtraSANs"])],
    ...secretFacts(cluster, document),
    installerImage:
      text(at(document("UnattendedInstallConfig"), "installer", "image")) ?? text(at(machine, "install", "image")),
  };
}

function nodeFacts(config: AppliedConfig, nodeConfig: Values | undefined) {
  if (nodeConfig !== undefined) {
    return { nodeLabels: textMapping(nodeConfig["labels"]), nodeTaints: textMapping(nodeConfig["taints"]) };
  }
  const controlPlane = config.role === "controlplane";
  const schedulable = at(config.v1alpha1, "cluster", "allowSchedulingOnControlPlanes") === true;
  return {
    nodeLabels: {
      ...(controlPlane ? { [CONTROL_PLANE]: "" } : {}),
      ...textMapping(at(config.v1alpha1, "machine", "nodeLabels")),
    },
    nodeTaints: {
      ...(controlPlane && !schedulable ? { [CONTROL_PLANE]: "NoSchedule" } : {}),
      ...textMapping(at(config.v1alpha1, "machine", "nodeTaints")),
    },
  };
}

function secretFacts(cluster: Values, document: (kind: string) => Values | undefined) {
  const kubernetesCa =
    plainPair(at(document("KubeAPIServerCAConfig"), "issuingCA")) ??
    acceptedCa(document("KubeAPIServerCAConfig")) ??
    encodedPair(cluster["ca"]);
  const aggregatorCa =
    plainPair(at(document("KubeAggregatorCAConfig"), "issuingCA")) ?? encodedPair(cluster["aggregatorCA"]);
  const etcdCa = encodedPair(at(cluster, "etcd", "ca"));
  const serviceAccountKey =
    text(at(document("KubeServiceAccountConfig"), "issuer", "privateKey")) ??
    decoded(at(cluster, "serviceAccount", "key"));
  const secretbox = text(cluster["secretboxEncryptionSecret"]) ?? secretboxOf(document("KubeEtcdEncryptionConfig"));
  return {
    ...(kubernetesCa === undefined ? {} : { kubernetesCa }),
    ...(aggregatorCa === undefined ? {} : { aggregatorCa }),
    ...(etcdCa === undefined ? {} : { etcdCa }),
    ...(serviceAccountKey === undefined ? {} : { serviceAccountKey }),
    ...(secretbox === undefined ? {} : { secretboxSecret: secretbox }),
  };
}

function encodedPair(value: unknown): KeyPair | undefined {
  const crt = decoded(at(value, "crt"));
  const key = decoded(at(value, "key"));
  return crt === undefined ? undefined : { crt, ...(key === undefined ? {} : { key }) };
}

function plainPair(value: unknown): KeyPair | undefined {
  const crt = text(at(value, "cert"));
  const key = text(at(value, "key"));
  return crt === undefined ? undefined : { crt, ...(key === undefined ? {} : { key }) };
}

function acceptedCa(document: Values | undefined): KeyPair | undefined {
  const crt = texts(document?.["acceptedCAs"]).join("\n");
  return crt === "" ? undefined : { crt };
}

function secretboxOf(document: Values | undefined): string | undefined {
  const resources = at(document, "configuration", "resources") ?? document?.["resources"];
  return list(resources)
    .flatMap((resource) => list(at(resource, "providers")))
    .flatMap((provider) => list(at(provider, "secretbox", "keys")))
    .map((key) => text(at(key, "secret")))
    .find((secret) => secret !== undefined);
}

function decoded(value: unknown): string | undefined {
  const encoded = text(value);
  return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString();
}

function orDefault(values: readonly string[], fallback: string): readonly string[] {
  return values.length > 0 ? values : [fallback];
}
