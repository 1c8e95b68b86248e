import { randomUUID } from "node:crypto";
import { type Cluster, connectCluster, type KubeObject, refOf } from "../../../kube/index.ts";
import type { Clock } from "../../../lib/clock.ts";
import { isOperatorError } from "../../../lib/errors/index.ts";
import { at, text } from "../../node/read-values.ts";
import { isMirror } from "../control-plane/static-pods.ts";
import type { KeptImage } from "../images/image-table.ts";
import { kubeletIdentity } from "./bootstrap-identity.ts";
import { keepMirrors, type RunningStaticPod } from "./mirror-keeper.ts";
import { type NodeDescription, nodeObject, nodeStatus, stamp } from "./node-object.ts";
import { createPodAddresses, type PodAddresses } from "./pod-addresses.ts";
import { bringsNetwork } from "./pod-needs.ts";
import type { Container } from "./pod-status.ts";
import { type ContainerRun, type PodWorker, startPodWorker } from "./pod-worker.ts";

export interface KubeletOptions {
  readonly description: NodeDescription;
  /** `https://10.5.0.100:6443` */
  readonly server: string;
  /** PEM of the cluster's CA. */
  readonly ca: string;
  readonly bootstrapToken: string;
  /** On the EPHEMERAL partition. */
  readonly identityFile: string;
  readonly clock: Clock;
  readonly pull: (container: Container, signal: AbortSignal) => Promise<KeptImage>;
  readonly images: () => readonly { readonly names: readonly string[]; readonly sizeBytes: number }[];
  readonly staticPods: () => readonly RunningStaticPod[];
  readonly runs: (pod: KubeObject, container: Container, image: KeptImage) => ContainerRun;
  readonly log: (line: string) => void;
  /** Told when the Node is registered and when it becomes ready. */
  readonly onChange: () => void;
  readonly backOffMs: { readonly first: number; readonly longest: number };
}

/** The modelled kubelet of one node: real certificates, Node, Lease and Pods in a real API server; no containers. */
export interface Kubelet {
  /** Whether the Node is Ready; undefined until it is registered. */
  readonly nodeReady: () => boolean | undefined;
  readonly stop: () => Promise<void>;
}

const LEASE_MS = 10_000;
const LEASE_SECONDS = 40;
const STATUS_MS = 5 * 60_000;
const RETRY_MS = 1000;
const POLL_MS = 250;
const MAX_GRACE_MS = 1000;

export function startKubelet(options: KubeletOptions): Kubelet {
  const { clock, description, log } = options;
  const { nodeName } = description;
  const life = new AbortController();
  const { signal } = life;
  const workers = new Map<string, PodWorker>();
  const endings = new Set<Promise<void>>();
  const bootId = randomUUID();
  let registered = false;
  let network = { ready: false, since: clock.now() };
  let statusWanted = true;
  let addresses: Promise<PodAddresses> | undefined;

  /** Again and again until it works or the machine goes down. */
  const insist = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    for (let told = ""; ; ) {
      try {
        return await work();
      } catch (error) {
        signal.throwIfAborted();
        const reason = error instanceof Error ? error.message : String(error);
        if (reason !== told) log(`${what}: ${reason}`);
        told = reason;
        await clock.sleep(RETRY_MS, { signal });
      }
    }
  };
  const node = { apiVersion: "v1", kind: "Node", name: nodeName };
  const statusNow = () =>
    nodeStatus(description, {
      networkReady: network.ready,
      since: network.since,
      now: clock.now(),
      bootId,
      images: options.images(),
    });
  const register = async (cluster: Cluster): Promise<KubeObject> => {
    try {
      // With its status at once, so that nobody sees a Node that does not say whether it is ready.
      return await cluster.create({ ...nodeObject(description), status: statusNow() }, { signal });
    } catch (error) {
      if (!isOperatorError(error, "KUBE_ALREADY_EXISTS")) throw error;
      return await cluster.get(node, { signal });
    }
  };
  const reportStatus = async (cluster: Cluster): Promise<void> => {
    for (let last = 0; ; ) {
      const now = clock.now();
      if (statusWanted || now.getTime() - last > STATUS_MS) {
        statusWanted = false;
        try {
          await cluster.patchStatus(node, statusNow(), { signal });
          registered = true;
          last = now.getTime();
          options.onChange();
        } catch (error) {
          signal.throwIfAborted();
          statusWanted = true;
          if (isOperatorError(error, "KUBE_NOT_FOUND")) await insist("register node", () => register(cluster));
          await clock.sleep(RETRY_MS, { signal });
        }
      }
      await clock.sleep(POLL_MS, { signal });
    }
  };
  const renewLease = async (cluster: Cluster, uid: string): Promise<void> => {
    for (;;) {
      const lease: KubeObject = {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: {
          name: nodeName,
          namespace: "kube-node-lease",
          ownerReferences: [{ apiVersion: "v1", kind: "Node", name: nodeName, uid }],
        },
        spec: {
          holderIdentity: nodeName,
          leaseDurationSeconds: LEASE_SECONDS,
          renewTime: clock.now().toISOString().replace("Z", "000Z"),
        },
      };
      await insist("renew lease", () => cluster.apply(lease, { signal, force: true }));
      await clock.sleep(LEASE_MS, { signal });
    }
  };
  const podAddresses = (cluster: Cluster): Promise<PodAddresses> => {
    addresses ??= insist("pod subnet", async () => {
      const cidr = text(at((await cluster.get(node, { signal }))["spec"], "podCIDR"));
      if (cidr === undefined) throw new Error("the node has no pod CIDR yet");
      return createPodAddresses(cidr);
    });
    return addresses;
  };
  const startPod = (cluster: Cluster, pod: KubeObject): PodWorker =>
    startPodWorker(pod, {
      cluster,
      clock,
      log,
      nodeAddress: description.address,
      backOffMs: options.backOffMs,
      pull: options.pull,
      runs: options.runs,
      networkReady: async (stopped) => {
        while (!network.ready) await clock.sleep(POLL_MS, { signal: stopped });
      },
      takeAddress: async () => (await podAddresses(cluster)).take(),
      giveAddressBack: (address) => void addresses?.then((pool) => pool.giveBack(address)),
      onRunning: () => {
        if (network.ready || !bringsNetwork(pod)) return;
        network = { ready: true, since: clock.now() };
        statusWanted = true;
        log(`network ready: a CNI came with ${pod.metadata.namespace}/${pod.metadata.name}`);
      },
    });
  const endPod = (cluster: Cluster, uid: string, pod: KubeObject): void => {
    const worker = workers.get(uid);
    workers.delete(uid);
    const ending = (async () => {
      const graceMs = 1000 * Number(pod.metadata["deletionGracePeriodSeconds"] ?? 0);
      await worker?.stop();
      await clock.sleep(Math.min(graceMs, MAX_GRACE_MS), { signal });
      await insist(`delete pod ${pod.metadata.name}`, () =>
        cluster.delete(refOf(pod), { signal, gracePeriodSeconds: 0 }),
      );
    })().catch((error: unknown) => {
      if (!signal.aborted) log(String(error));
    });
    endings.add(ending);
    void ending.then(() => endings.delete(ending));
  };
  const watchPods = async (cluster: Cluster): Promise<void> => {
    const ended = new Set<string>();
    const selection = { apiVersion: "v1", kind: "Pod", fieldSelector: `spec.nodeName=${nodeName}` };
    for await (const event of cluster.watch(selection, { signal })) {
      if (event.type === "synced" || event.type === "interrupted" || isMirror(event.object)) continue;
      const pod = event.object;
      const uid = pod.metadata.uid ?? "";
      if (event.type === "deleted") {
        ended.delete(uid);
        void workers.get(uid)?.stop();
        workers.delete(uid);
      } else if (pod.metadata.deletionTimestamp !== undefined) {
        if (ended.has(uid)) continue;
        ended.add(uid);
        endPod(cluster, uid, pod);
      } else {
        const worker = workers.get(uid);
        if (worker === undefined) workers.set(uid, startPod(cluster, pod));
        else worker.update(pod);
      }
    }
  };
  const work = (async () => {
    const identity = await kubeletIdentity({
      file: options.identityFile,
      nodeName,
      server: options.server,
      ca: options.ca,
      token: options.bootstrapToken,
      clock,
      log,
      signal,
    });
    const cluster = connectCluster({ server: options.server, ca: options.ca, ...identity });
    try {
      const created = await insist("register node", () => register(cluster));
      log(`successfully registered node "${nodeName}" at ${stamp(clock.now())}`);
      const uid = created.metadata.uid ?? "";
      const mirrored = { name: nodeName, uid, address: description.address };
      await Promise.all([
        reportStatus(cluster),
        renewLease(cluster, uid),
        insist("watch pods", () => watchPods(cluster)),
        keepMirrors({ cluster, clock, log, signal, node: mirrored, pods: options.staticPods }),
      ]);
    } finally {
      await Promise.all([...workers.values()].map((worker) => worker.stop()));
      await cluster.close();
    }
  })().catch((error: unknown) => {
    if (!signal.aborted) log(`kubelet failed: ${String(error)}`);
  });
  return {
    nodeReady: () => (registered ? network.ready : undefined),
    stop: async () => {
      life.abort();
      await work;
      await Promise.all(endings);
    },
  };
}
