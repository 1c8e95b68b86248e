import { stringify } from "yaml";
import type { AppliedConfig } from "../../interior.ts";
import type { ClusterFacts } from "../../node/cluster-facts.ts";
import { tenthAddress } from "../../node/control-plane/bootstrap-coredns.ts";
import { argumentLine, argumentMapping, at, list, mapping, texts } from "../../node/read-values.ts";

/** Where Talos' KubePrism listens on every node: the local way to any API server. */
export const KUBE_PRISM = { host: "127.0.0.1", port: 7445 } as const;

export interface KubeletPlan {
  readonly nodeName: string;
  readonly address: string;
  /** Where static pods are served on the node's loopback; undefined on a worker. */
  readonly staticPodPort: number | undefined;
}

/**
 * The kubelet's config file as Talos 1.13.9 writes it: extra config of the machine config replaces what Talos lets it replace. Some values
 * differ: nothing is evicted for want of disk, because a node's disk is a folder of the machine's own; capacity isolation is off, because the
 * kubelet cannot find the device of that folder; static pods are asked for every second instead of every 20, and the node tells of itself
 * every 2 seconds instead of every 10.
 */
export function kubeletConfig(config: AppliedConfig, facts: ClusterFacts, plan: KubeletPlan): string {
  const kubelet = kubeletSection(config);
  const extra = mapping(kubelet["extraConfig"] ?? kubelet["config"]);
  return stringify(
    {
      ...overridable(config, facts),
      ...extra,
      logging: { format: "json", ...mapping(extra["logging"]) },
      registerWithTaints: taints(facts, list(extra["registerWithTaints"])),
      ...fixed(plan),
      ...(kubelet["defaultRuntimeSeccompProfileEnabled"] === true ? { seccompDefault: true } : {}),
    },
    { compat: "yaml-1.1" },
  );
}

function overridable(config: AppliedConfig, facts: ClusterFacts) {
  const dns = texts(kubeletSection(config)["clusterDNS"]);
  return {
    address: "0.0.0.0",
    clusterDNS: dns.length > 0 ? dns : facts.serviceSubnets.map(tenthAddress),
    clusterDomain: facts.dnsDomain,
    failSwapOn: false,
    oomScoreAdj: -450,
    serializeImagePulls: false,
    shutdownGracePeriod: "30s",
    shutdownGracePeriodCriticalPods: "10s",
    streamingConnectionIdleTimeout: "5m0s",
    systemReserved: {
      cpu: "50m",
      "ephemeral-storage": "256Mi",
      memory: config.role === "controlplane" ? "512Mi" : "384Mi",
      pid: "100",
    },
    tlsMinVersion: "VersionTLS13",
    failCgroupV1: false,
    httpCheckFrequency: "1s",
    nodeStatusUpdateFrequency: "2s",
    evictionHard: {
      "memory.available": "0%",
      "nodefs.available": "0%",
      "nodefs.inodesFree": "0%",
      "imagefs.available": "0%",
    },
    localStorageCapacityIsolation: false,
  };
}

/** What no machine config can change. */
function fixed(plan: KubeletPlan) {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    port: 10250,
    authentication: {
      anonymous: { enabled: false },
      webhook: { cacheTTL: "0s", enabled: true },
      x509: { clientCAFile: "/etc/kubernetes/pki/ca.crt" },
    },
    authorization: { mode: "Webhook" },
    cgroupRoot: "/",
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    kubeletCgroups: "/podruntime/kubelet",
    resolvConf: "/system/resolved/resolv.conf",
    rotateCertificates: true,
    ...(plan.staticPodPort === undefined ? {} : { staticPodURL: `http://127.0.0.1:${plan.staticPodPort}` }),
    systemCgroups: "/system",
  };
}

/** The kubelet's arguments, recorded from Talos 1.13.9; extra ones of the config replace them. */
export function kubeletArguments(config: AppliedConfig, plan: KubeletPlan): readonly string[] {
  const own = {
    "bootstrap-kubeconfig": "/etc/kubernetes/bootstrap-kubeconfig",
    "cert-dir": "/var/lib/kubelet/pki",
    config: "/etc/kubernetes/kubelet.yaml",
    "hostname-override": plan.nodeName,
    kubeconfig: "/etc/kubernetes/kubeconfig-kubelet",
    "node-ip": plan.address,
  };
  return argumentLine(own, argumentMapping(kubeletSection(config)["extraArgs"]));
}

/** What a kubelet without a certificate calls with: the bootstrap token, through KubePrism. */
export function bootstrapKubeconfig(facts: ClusterFacts): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "local",
        cluster: {
          server: `https://${KUBE_PRISM.host}:${KUBE_PRISM.port}`,
          "certificate-authority-data": Buffer.from(facts.kubernetesCa?.crt ?? "").toString("base64"),
        },
      },
    ],
    users: [{ name: "kubelet", user: { token: facts.bootstrapToken } }],
    contexts: [{ name: "default", context: { cluster: "local", user: "kubelet" } }],
    "current-context": "default",
  });
}

function kubeletSection(config: AppliedConfig) {
  return mapping(
    config.documents.find((document) => document["kind"] === "KubeletConfig") ??
      at(config.v1alpha1, "machine", "kubelet"),
  );
}

/** Those of the kubelet's own config, and those of the node that it does not name. */
function taints(facts: ClusterFacts, own: readonly unknown[]): readonly unknown[] {
  const named = own.map((taint) => mapping(taint)["key"]);
  const added = Object.entries(facts.nodeTaints)
    .filter(([key]) => !named.includes(key))
    .map(([key, value]) => {
      const [first = "", effect] = value.split(":");
      return effect === undefined ? { key, effect: first } : { key, value: first, effect };
    });
  return [...own, ...added];
}
