import type { AppliedConfig, BootstrapAnswer, EtcdMember, InteriorHost, StaticPodStatus } from "../interior.ts";
import { clusterFacts } from "../node/cluster-facts.ts";
import { bootstrapManifests } from "../node/control-plane/bootstrap-manifests.ts";
import { RehearsalKubelet } from "./kubelet.ts";
import type { NodeImages } from "./node-images.ts";
import { type SiteCluster, type StaticPod, staticPods } from "./site-cluster.ts";
import type { RehearsalTimings } from "./timings.ts";

export interface NodeParts {
  readonly cluster: SiteCluster;
  readonly images: NodeImages;
  readonly timings: RehearsalTimings;
}

const HEALTHY = "Health check successful";

/** One boot of a machine that has its config: cri, kubelet, and on a control plane etcd and the static pods. */
export class NodeSession {
  readonly #config: () => AppliedConfig;
  readonly #host: InteriorHost;
  readonly #parts: NodeParts;
  readonly #life = new AbortController();
  readonly #facts;
  readonly #kubelet: RehearsalKubelet;
  readonly #readyPods = new Set<string>();
  readonly #cri: Promise<void>;
  readonly #kubeletUp = Promise.withResolvers<void>();
  #isTold = false;

  constructor(config: () => AppliedConfig, host: InteriorHost, parts: NodeParts) {
    this.#config = config;
    this.#host = host;
    this.#parts = parts;
    this.#facts = clusterFacts(config(), parts.cluster.release);
    const { signal } = this.#life;
    this.#kubelet = new RehearsalKubelet({ facts: this.#facts, config, host, ...parts, signal });
    this.#kubeletUp.promise.catch(() => undefined);
    this.#cri = this.#startCri();
    const works = [this.#cri, this.#runKubelet(), ...(this.#isControlPlane ? [this.#runEtcd()] : [])];
    // Only the end of the machine's power interrupts them.
    for (const work of works) work.catch(() => undefined);
  }

  get #isControlPlane(): boolean {
    return this.#config().role === "controlplane";
  }

  bootstrap(): BootstrapAnswer {
    const { etcd } = this.#parts.cluster;
    if (etcd.has(this.#host.nodeName)) return "data-not-empty";
    this.#isTold = true;
    etcd.changes.tell();
    return "accepted";
  }

  etcdMembers(): readonly EtcdMember[] {
    return this.#parts.cluster.etcd.list(this.#host.nodeName);
  }

  staticPods(): readonly StaticPodStatus[] {
    if (!this.#isControlPlane) return [];
    return staticPods.map((pod) => ({
      id: `kube-system/${pod}-${this.#host.nodeName}`,
      ready: this.#readyPods.has(pod),
    }));
  }

  nodeReady(): boolean | undefined {
    return this.#kubelet.isReady;
  }

  stop(): void {
    const { cluster } = this.#parts;
    this.#life.abort(new Error("stopped"));
    this.#kubelet.stop();
    cluster.stopServing(this.#host.nodeName);
    cluster.etcd.down(this.#host.nodeName);
  }

  async #startCri(): Promise<void> {
    this.#host.service("containerd", "Running", HEALTHY, true);
    this.#host.service("cri", "Preparing", "Running pre state");
    await this.#pause(this.#parts.timings.serviceMs / 2);
    this.#host.service("cri", "Running", HEALTHY, true);
  }

  async #runKubelet(): Promise<void> {
    this.#host.service("kubelet", "Waiting", 'Waiting for service "cri" to be "up"');
    await this.#cri;
    this.#host.service("kubelet", "Preparing", "Running pre state");
    await this.#pullOwn("kubelet", this.#facts.images.kubelet);
    await this.#pause(this.#parts.timings.serviceMs);
    this.#host.service("kubelet", "Running", HEALTHY, true);
    this.#kubeletUp.resolve();
    await this.#kubelet.register();
  }

  async #runEtcd(): Promise<void> {
    const { cluster, timings } = this.#parts;
    const { etcd } = cluster;
    const { nodeName, address } = this.#host;
    const { signal } = this.#life;
    this.#host.service("etcd", "Waiting", 'Waiting for service "cri" to be "up"');
    await this.#cri;
    this.#host.service("etcd", "Preparing", "Running pre state");
    await this.#pullOwn("etcd", this.#facts.images.etcd);
    await etcd.changes.until(() => this.#isTold || !etcd.isEmpty, signal);
    if (etcd.isEmpty) etcd.bootstrap(nodeName, address);
    else await etcd.join(nodeName, address, { syncMs: timings.etcdSyncMs, signal });
    await this.#pause(timings.serviceMs);
    this.#host.service("etcd", "Running", HEALTHY, true);
    const pods = this.#runStaticPods();
    pods.catch(() => undefined);
    for (;;) {
      await etcd.changes.until(() => !etcd.hasQuorum, signal);
      this.#host.service("etcd", "Running", "context deadline exceeded", false);
      cluster.changes.tell();
      await etcd.changes.until(() => etcd.hasQuorum, signal);
      this.#host.service("etcd", "Running", HEALTHY, true);
      cluster.changes.tell();
    }
  }

  async #runStaticPods(): Promise<void> {
    const { cluster, images, timings } = this.#parts;
    const { signal } = this.#life;
    const of = {
      "kube-apiserver": this.#facts.images.apiServer,
      "kube-controller-manager": this.#facts.images.controllerManager,
      "kube-scheduler": this.#facts.images.scheduler,
    } as const;
    await this.#kubeletUp.promise;
    this.#host.changed();
    const start = async (pod: StaticPod): Promise<void> => {
      await this.#pullForPod(this.#facts.images.pause, images);
      await this.#pullForPod(of[pod], images);
      await this.#pause(timings.staticPodMs * (pod === "kube-apiserver" ? 2 : 1));
      await cluster.etcd.changes.until(() => cluster.etcd.hasQuorum, signal);
      this.#readyPods.add(pod);
      cluster.serve(this.#host.nodeName, pod, pod === "kube-apiserver" ? bootstrapManifests(this.#facts) : []);
      this.#host.changed();
    };
    await Promise.all(staticPods.map(start));
  }

  /** Images of static pods are in the kubelet's store. */
  async #pullForPod(reference: string, images: NodeImages): Promise<void> {
    const { signal } = this.#life;
    for (;;) {
      try {
        await images.pull("cri", reference, { config: this.#config(), signal });
        return;
      } catch (error) {
        signal.throwIfAborted();
        this.#host.log("kubelet", `ErrImagePull: ${reference}: ${String(error)}`);
        await this.#pause(2 * this.#parts.timings.pullRetryMs);
      }
    }
  }

  async #pullOwn(service: string, reference: string): Promise<void> {
    const told = new Set<string>();
    await this.#parts.images.pullPatiently(reference, {
      config: this.#config,
      pauseMs: this.#parts.timings.pullRetryMs,
      signal: this.#life.signal,
      onFailure: (reason) => {
        // Talos tells each reason of a pull once.
        const said = `retrying error: failed to pull image ${JSON.stringify(reference)}: ${reason}`;
        if (!told.has(said)) this.#host.log("machined", said);
        told.add(said);
        this.#host.log(service, said);
      },
    });
  }

  async #pause(ms: number): Promise<void> {
    await this.#parts.cluster.clock.sleep(ms, { signal: this.#life.signal });
  }
}
