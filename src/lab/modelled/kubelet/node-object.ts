import { createHash } from "node:crypto";
import { arch } from "node:process";
import type { KubeObject } from "../../../kube/index.ts";

export interface NodeDescription {
  readonly nodeName: string;
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  /** key → `Effect` or `value:Effect` */
  readonly taints: Readonly<Record<string, string>>;
  /** `v1.36.3` */
  readonly kubeletVersion: string;
  /** `v1.13.9` */
  readonly talosVersion: string;
}

/** What a simulated machine says it can carry. */
const CAPACITY = { cpu: "4", memory: "8Gi", pods: "110", "ephemeral-storage": "40Gi", "hugepages-2Mi": "0" } as const;

/** Kernel and containerd by Talos' minor version. @see facts of Talos 1.12 to 1.14, "Versions and images" */
const PLATFORMS: Readonly<Record<string, { readonly kernel: string; readonly containerd: string }>> = {
  "v1.12": { kernel: "6.18.42-talos", containerd: "2.2.5" },
  "v1.13": { kernel: "6.18.44-talos", containerd: "2.2.7" },
  "v1.14": { kernel: "6.18.44-talos", containerd: "2.3.3" },
};

export const nodeArchitecture = arch === "x64" ? "amd64" : arch;

/** The Node that a kubelet registers. */
export function nodeObject(description: NodeDescription): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: description.nodeName,
      labels: {
        ...description.labels,
        "kubernetes.io/arch": nodeArchitecture,
        "kubernetes.io/hostname": description.nodeName,
        "kubernetes.io/os": "linux",
      },
    },
    spec: { taints: taintsOf(description.taints) },
  };
}

function taintsOf(taints: Readonly<Record<string, string>>) {
  return Object.entries(taints).map(([key, text]) => {
    const colon = text.lastIndexOf(":");
    return colon < 0 ? { key, effect: text } : { key, value: text.slice(0, colon), effect: text.slice(colon + 1) };
  });
}

export interface NodeHealth {
  readonly networkReady: boolean;
  readonly now: Date;
  /** When `networkReady` last changed. */
  readonly since: Date;
  /** Another value after every boot. */
  readonly bootId: string;
  readonly images: readonly { readonly names: readonly string[]; readonly sizeBytes: number }[];
}

/** The status that a kubelet reports. */
export function nodeStatus(description: NodeDescription, health: NodeHealth) {
  const { talosVersion, nodeName, address } = description;
  const platform = PLATFORMS[talosVersion.split(".").slice(0, 2).join(".")] ?? PLATFORMS["v1.13"];
  const machineId = createHash("sha256").update(`machine ${nodeName} ${address}`).digest("hex").slice(0, 32);
  return {
    addresses: [
      { type: "InternalIP", address },
      { type: "Hostname", address: nodeName },
    ],
    capacity: CAPACITY,
    allocatable: CAPACITY,
    conditions: conditionsOf(health),
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    images: health.images.map((image) => ({ names: image.names, sizeBytes: image.sizeBytes })),
    nodeInfo: {
      architecture: nodeArchitecture,
      bootID: health.bootId,
      containerRuntimeVersion: `containerd://${platform?.containerd ?? ""}`,
      kernelVersion: platform?.kernel ?? "",
      kubeProxyVersion: "",
      kubeletVersion: description.kubeletVersion,
      machineID: machineId,
      operatingSystem: "linux",
      osImage: `Talos (${talosVersion})`,
      systemUUID: machineId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"),
    },
  };
}

function conditionsOf({ networkReady, now, since }: NodeHealth) {
  const common = { lastHeartbeatTime: stamp(now), lastTransitionTime: stamp(since) };
  const fine = (type: string, reason: string, message: string) => ({
    type,
    status: "False",
    reason,
    message,
    ...common,
  });
  return [
    fine("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    fine("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    fine("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    networkReady
      ? { type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status", ...common }
      : {
          type: "Ready",
          status: "False",
          reason: "KubeletNotReady",
          message:
            "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
          ...common,
        },
  ];
}

/** RFC 3339 to the second, as Kubernetes writes times. */
export function stamp(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}
