import type { AppliedConfig, InteriorHost } from "../interior.ts";
import type { ClusterFacts } from "../node/cluster-facts.ts";
import { containersOf, type Pod } from "./cluster/pod.ts";
import type { NodeImages } from "./node-images.ts";
import type { KnownKubelet, SiteCluster } from "./site-cluster.ts";
import type { RehearsalTimings } from "./timings.ts";

/** First and longest pause between attempts at an image, as the kubelet has them. */
const BACK_OFF_MS = { first: 10_000, longest: 300_000 };
/** How long the containers of a Job work. */
const JOB_MS = 5_000;

export interface KubeletParts {
  readonly facts: ClusterFacts;
  readonly config: () => AppliedConfig;
  readonly host: InteriorHost;
  readonly cluster: SiteCluster;
  readonly images: NodeImages;
  readonly timings: RehearsalTimings;
  readonly signal: AbortSignal;
}

/** The kubelet of one boot: registers its Node, then runs the pods that are put on it. */
export class RehearsalKubelet {
  readonly #parts: KubeletParts;
  readonly #known: KnownKubelet;
  #isRegistered = false;

  constructor(parts: KubeletParts) {
    this.#parts = parts;
    const { images } = parts.facts;
    this.#known = {
      version: images.kubelet.slice(images.kubelet.lastIndexOf(":") + 1),
      hasNetwork: () => this.#hasNetwork(),
      lostAtMs: undefined,
    };
  }

  /** undefined: not registered yet. */
  get isReady(): boolean | undefined {
    return this.#isRegistered ? this.#hasNetwork() : undefined;
  }

  /** Registers as soon as the API is served; rejects when the machine's power goes. */
  async register(): Promise<void> {
    const { cluster, facts, host, signal } = this.#parts;
    await cluster.changes.until(() => cluster.admitsKubelets, signal);
    const name = host.nodeName;
    const labels = { ...facts.nodeLabels, "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" };
    cluster.api.ensure({ apiVersion: "v1", kind: "Node", metadata: { name, labels }, spec: {} });
    this.#isRegistered = true;
    cluster.heardOf(name, this.#known);
    cluster.api.workloads.attach({
      name,
      labels,
      taints: facts.nodeTaints,
      isReady: () => !signal.aborted && this.#hasNetwork(),
      run: (pod) => void this.#run(pod).catch(() => undefined),
    });
    host.changed();
  }

  /** Nothing runs any more. */
  stop(): void {
    if (!this.#isRegistered) return;
    const { cluster, host } = this.#parts;
    this.#known.lostAtMs = cluster.clock.now().getTime();
    cluster.api.workloads.detach(host.nodeName);
  }

  async #run(pod: Pod): Promise<void> {
    const { cluster, host, timings, signal } = this.#parts;
    for (const { name, image } of containersOf(pod)) await this.#pull(pod, name, image);
    await cluster.clock.sleep(timings.podMs, { signal });
    this.#enter(pod, { kind: "running" });
    host.changed();
    const policy = pod.spec["restartPolicy"];
    if (policy !== "Never" && policy !== "OnFailure") return;
    await cluster.clock.sleep(JOB_MS, { signal });
    this.#enter(pod, { kind: "finished" });
  }

  async #pull(pod: Pod, container: string, image: string): Promise<void> {
    const { cluster, config, facts, images, signal } = this.#parts;
    for (let pauseMs = BACK_OFF_MS.first; ; pauseMs = Math.min(2 * pauseMs, BACK_OFF_MS.longest)) {
      try {
        // As containerd: the image of the pod's sandbox comes first.
        for (const reference of [facts.images.pause, image])
          await images.pull("cri", reference, { config: config(), signal });
        return;
      } catch (error) {
        signal.throwIfAborted();
        const why = error instanceof Error ? error.message : String(error);
        const message = `Back-off pulling image ${JSON.stringify(image)}: ErrImagePull: ${why}`;
        this.#enter(pod, { kind: "waiting", container, reason: "ImagePullBackOff", message });
        await cluster.clock.sleep(pauseMs, { signal });
      }
    }
  }

  #enter(pod: Pod, state: Pod["state"]): void {
    pod.state = state;
    this.#parts.cluster.api.workloads.changed();
  }

  /** A pod of the host's network that is no kube-proxy brings the pod network, as every CNI does. */
  #hasNetwork(): boolean {
    const { cluster, host } = this.#parts;
    return cluster.api.workloads
      .podsOn(host.nodeName)
      .some(
        (pod) =>
          pod.state.kind === "running" &&
          pod.owner.startsWith("DaemonSet/") &&
          pod.owner !== "DaemonSet/kube-system/kube-proxy" &&
          pod.spec["hostNetwork"] === true,
      );
  }
}
