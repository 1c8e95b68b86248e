import type { KubeObject } from "../../kube/index.ts";
import type { Clock } from "../../lib/clock.ts";
import type { ReleaseImages } from "../node/cluster-facts.ts";
import { Changes } from "./changes.ts";
import { RehearsalApi } from "./cluster/rehearsal-api.ts";
import { RehearsalEtcd } from "./etcd.ts";
import type { RehearsalMirror } from "./mirror.ts";

/** A kubelet as the node controller knows it. */
export interface KnownKubelet {
  readonly version: string;
  /** Whether a pod network is there, on this node and now. */
  readonly hasNetwork: () => boolean;
  /** When it was last heard of; undefined while it runs. */
  lostAtMs: number | undefined;
}

/** The control plane's static pods. */
export const staticPods = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const;
export type StaticPod = (typeof staticPods)[number];

/** After so long without a word the node controller calls a node unknown. */
const GRACE_MS = 40_000;

/** What the machines of a site share: the mirror, etcd, the Kubernetes API and who serves it. */
export class SiteCluster {
  readonly clock: Clock;
  readonly mirror: RehearsalMirror;
  readonly release: ReleaseImages;
  readonly etcd: RehearsalEtcd;
  readonly api: RehearsalApi;
  /** Whether the API is served, or by whom, changed. */
  readonly changes = new Changes();
  /** Nodes on which each static pod of the control plane is ready. */
  readonly #ready: Readonly<Record<StaticPod, Set<string>>> = {
    "kube-apiserver": new Set(),
    "kube-controller-manager": new Set(),
    "kube-scheduler": new Set(),
  };
  readonly #kubelets = new Map<string, KnownKubelet>();

  constructor(options: {
    readonly clock: Clock;
    readonly mirror: RehearsalMirror;
    readonly release: ReleaseImages;
    readonly kubernetes: string;
    readonly signal: AbortSignal;
  }) {
    const { clock, mirror, release, kubernetes, signal } = options;
    this.clock = clock;
    this.mirror = mirror;
    this.release = release;
    this.etcd = new RehearsalEtcd(clock);
    this.api = new RehearsalApi({
      clock,
      version: kubernetes,
      isServed: () => this.#has("kube-apiserver"),
      hasQuorum: () => this.etcd.hasQuorum,
      hasControllers: () => this.#has("kube-controller-manager"),
      hasScheduler: () => this.#has("kube-scheduler"),
      nodeStatus: (name) => this.#nodeStatus(name),
      signal,
    });
  }

  /** Whether a kubelet can join: the API answers, and somebody signs its certificate. */
  get admitsKubelets(): boolean {
    return this.etcd.hasQuorum && this.#has("kube-apiserver") && this.#has("kube-controller-manager");
  }

  /** A static pod is ready on this node. @param manifests - what a new cluster gets with its first API server */
  serve(node: string, pod: StaticPod, manifests: readonly KubeObject[]): void {
    this.#ready[pod].add(node);
    for (const manifest of manifests) this.api.ensure(manifest);
    this.#tell();
  }

  /** Nothing of the control plane runs on this node any more. */
  stopServing(node: string): void {
    for (const pod of staticPods) this.#ready[pod].delete(node);
    this.#tell();
  }

  #has(pod: StaticPod): boolean {
    return this.#ready[pod].size > 0;
  }

  #tell(): void {
    this.changes.tell();
    this.api.workloads.changed();
  }

  heardOf(name: string, kubelet: KnownKubelet): void {
    this.#kubelets.set(name, kubelet);
  }

  /** What the Node's status says: the kubelet's own word while it runs and for a while after, then that nobody knows. */
  #nodeStatus(name: string): Readonly<Record<string, unknown>> {
    const kubelet = this.#kubelets.get(name);
    if (kubelet === undefined) return {};
    const { lostAtMs, version } = kubelet;
    const isLost = lostAtMs !== undefined && this.clock.now().getTime() - lostAtMs > GRACE_MS;
    return { nodeInfo: { kubeletVersion: version }, conditions: [{ type: "Ready", ...readyOf(kubelet, isLost) }] };
  }
}

function readyOf(kubelet: KnownKubelet, isLost: boolean) {
  if (isLost)
    return { status: "Unknown", reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status." };
  if (kubelet.hasNetwork())
    return { status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" };
  const message =
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized";
  return { status: "False", reason: "KubeletNotReady", message };
}
