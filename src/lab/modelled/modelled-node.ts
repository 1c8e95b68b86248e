import { join } from "node:path";
import type { KubeObject } from "../../kube/index.ts";
import type { Clock } from "../../lib/clock.ts";
import { formatReference, parseReference } from "../../oci/index.ts";
import type {
  AppliedConfig,
  BootstrapAnswer,
  BootstrapOrder,
  EtcdMember,
  InteriorHost,
  StaticPodStatus,
} from "../interior.ts";
import { clusterFacts, type ReleaseImages } from "../node/cluster-facts.ts";
import { writeEtcdFiles } from "../node/control-plane/component-files.ts";
import type { Disk } from "../node/disk.ts";
import { createEtcdService, type EtcdService } from "../node/etcd/etcd-service.ts";
import { openRecoverySnapshot } from "../node/etcd/recovery-snapshot.ts";
import { at } from "../node/read-values.ts";
import type { RunningProgram } from "../node/running-program.ts";
import { type ControlPlane, startControlPlane } from "./control-plane/control-plane.ts";
import type { BlobStore } from "./images/blob-store.ts";
import { extractProgram } from "./images/extract-file.ts";
import type { KeptImage } from "./images/image-table.ts";
import type { MachineImages } from "./images/machine-images.ts";
import { type Kubelet, startKubelet } from "./kubelet/kubelet.ts";
import { serveKubelet } from "./kubelet/kubelet-server.ts";
import type { PullPolicy } from "./kubelet/pod-status.ts";
import type { ContainerRun } from "./kubelet/pod-worker.ts";
import type { ProcessKeeper } from "./real-process.ts";

export interface ModelledTimings {
  /** First pause between attempts of Talos' own pulls; Talos: 5000. */
  readonly pullRetryMs: number;
  /** First and longest pause of the kubelet's pulls; the kubelet's own: 10 000 and 300 000. */
  readonly backOffMs: { readonly first: number; readonly longest: number };
  /** From the start of a service to its first successful check; Talos: 1000 for cri, 2000 for the kubelet. */
  readonly serviceMs: number;
}

/** What the machines of one rack share, and what belongs to this one. */
export interface NodeParts {
  readonly disk: Disk;
  readonly images: MachineImages;
  readonly store: BlobStore;
  /** `store/bin` of the rack */
  readonly binFolder: string;
  readonly keeper: ProcessKeeper;
  readonly clock: Clock;
  readonly timings: ModelledTimings;
  readonly talosVersion: string;
  readonly release: ReleaseImages;
  readonly peers: () => readonly string[];
}

/** One boot of a machine that runs Kubernetes, until its power goes. */
export interface NodeSession {
  readonly bootstrap: (order: BootstrapOrder) => BootstrapAnswer;
  readonly etcdMembers: () => Promise<readonly EtcdMember[]>;
  readonly etcdSnapshot: (options: { readonly signal: AbortSignal }) => AsyncIterable<Uint8Array>;
  readonly etcdRecover: (
    snapshot: AsyncIterable<Uint8Array>,
    options: { readonly signal: AbortSignal },
  ) => Promise<void>;
  readonly leaveEtcd: (options: { readonly signal: AbortSignal }) => Promise<void>;
  readonly staticPods: () => readonly StaticPodStatus[];
  readonly nodeReady: () => boolean | undefined;
  readonly stop: (how: "shutdown" | "power-loss") => Promise<void>;
}

const KUBELET_VOLUMES =
  "Waiting for volumes /var/lib, /var/lib/kubelet, /var/log, /var/log/audit, /var/log/containers, /var/log/pods, " +
  '/var/lib/kubelet/seccomp, /var/lib/kubelet/seccomp/profiles, /var/log/audit/kube, /var/mnt to be mounted, service "cri" to be "up", time sync, network';

export function startNode(config: () => AppliedConfig, host: InteriorHost, parts: NodeParts): NodeSession {
  const { disk, images, clock, timings } = parts;
  const life = new AbortController();
  const { signal } = life;
  const facts = clusterFacts(config(), parts.release);
  const isControlPlane = config().role === "controlplane";
  const logOf = (service: string) => (line: string) => host.log(service, line);
  let kubelet: Kubelet | undefined;
  let stopServing: (() => Promise<void>) | undefined;
  let controlPlane: ControlPlane | undefined;
  let etcd: EtcdService | undefined;
  const recovery = openRecoverySnapshot(join(disk.ephemeral, "etcd.snapshot"));

  const startProcess =
    (name: string) =>
    (binary: string, args: readonly string[]): Promise<RunningProgram> =>
      parts.keeper.start({
        what: `${name} of ${host.nodeName}`,
        binary,
        args,
        logFile: join(disk.memory, "var", "log", `${name}.log`),
      });
  const program = (image: KeptImage, path: string, call: AbortSignal) =>
    extractProgram(image, path, { store: parts.store, folder: parts.binFolder, signal: call });
  /** As containerd: the image of the pod's sandbox comes first. */
  const pullForPod = async (
    name: string,
    call: AbortSignal,
    policy: PullPolicy = "IfNotPresent",
  ): Promise<KeptImage> => {
    await images.pull("cri", facts.images.pause, { signal: call });
    if (policy !== "Never") return images.pull("cri", name, { signal: call, again: policy === "Always" });
    const present = images.table.get("cri", formatReference(parseReference(name)));
    if (present === undefined) throw new Error("container image is not present with pull policy of Never");
    return present;
  };
  const pullStatic = async (name: string, call: AbortSignal): Promise<KeptImage> => {
    for (;;) {
      try {
        return await pullForPod(name, call);
      } catch (error) {
        call.throwIfAborted();
        host.log("kubelet", `ErrImagePull: ${name}: ${error instanceof Error ? error.message : String(error)}`);
        await clock.sleep(timings.backOffMs.first, { signal: call });
      }
    }
  };

  const runCri = async (): Promise<void> => {
    host.service("containerd", "Running", "Health check successful", true);
    host.service("cri", "Starting", "Starting service");
    host.service("cri", "Preparing", "Running pre state");
    host.service("cri", "Preparing", "Creating service runner");
    const process =
      'Process(["/bin/containerd" "--address" "/run/containerd/containerd.sock" "--config" "/etc/cri/containerd.toml"])';
    host.service("cri", "Running", `Process ${process} started with PID 137`);
    await clock.sleep(timings.serviceMs, { signal });
    host.service("cri", "Running", "Health check successful", true);
  };
  const cri = runCri();

  const runKubelet = async (): Promise<void> => {
    host.service("kubelet", "Starting", "Starting service");
    host.service("kubelet", "Waiting", KUBELET_VOLUMES);
    await cri;
    host.service("kubelet", "Preparing", "Running pre state");
    await images.pullPatiently("system", facts.images.kubelet, { signal });
    host.service("kubelet", "Preparing", "Creating service runner");
    stopServing = await serveKubelet(host.address);
    kubelet = startKubelet({
      description: {
        nodeName: host.nodeName,
        address: host.address,
        // What a kubelet may not say of itself is put on the Node by the control plane.
        labels: isControlPlane ? {} : facts.nodeLabels,
        taints: facts.nodeTaints,
        kubeletVersion: facts.images.kubelet.slice(facts.images.kubelet.lastIndexOf(":") + 1),
        talosVersion: parts.talosVersion,
      },
      server: facts.endpoint,
      ca: facts.kubernetesCa?.crt ?? "",
      bootstrapToken: facts.bootstrapToken,
      identityFile: join(disk.ephemeral, "kubelet", "pki", "kubelet-client-current.pem"),
      clock,
      pull: (container, call) => pullForPod(container.image, call, container.pullPolicy),
      images: () => listedImages(images),
      staticPods: () => controlPlane?.pods() ?? [],
      runs: modelledRun,
      log: logOf("kubelet"),
      onChange: host.changed,
      backOffMs: timings.backOffMs,
    });
    host.service("kubelet", "Running", "Started task kubelet (PID 241) for container kubelet");
    await clock.sleep(timings.serviceMs, { signal });
    host.service("kubelet", "Running", "Health check successful", true);
  };

  const background = (service: string, work: Promise<void>): Promise<void> =>
    work.catch((error: unknown) => {
      if (signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      host.service(service, "Failed", `Failed to run pre stage: ${reason}`, false);
    });
  const works = [background("cri", cri), background("kubelet", runKubelet())];

  if (isControlPlane) {
    const secretsFolder = join(disk.memory, "system", "secrets", "etcd");
    const node = { nodeName: host.nodeName, address: host.address };
    const running = createEtcdService({
      host,
      clock,
      dataFolder: join(disk.ephemeral, "etcd"),
      recovery,
      secretsFolder,
      credentials: () => writeEtcdFiles(secretsFolder, facts, node, clock),
      program: async (name, call) => {
        const image = await images.pullPatiently("system", facts.images.etcd, { signal: call });
        return program(image, `/usr/local/bin/${name}`, call);
      },
      startProcess: (name, binary, args) => startProcess(name)(binary, args),
      peers: parts.peers,
      criUp: cri,
    });
    etcd = running;
    running.start();
    controlPlane = startControlPlane({
      facts,
      node,
      clock,
      places: {
        address: host.address,
        network: "shared",
        secrets: join(disk.memory, "system", "secrets", "kubernetes"),
        config: join(disk.memory, "system", "config", "kubernetes"),
        audit: join(disk.memory, "var", "log", "audit", "kube"),
      },
      pull: pullStatic,
      program,
      startProcess: (name, binary, args) => startProcess(name)(binary, args),
      etcdServing: running.serving,
      log: logOf("controlplane"),
      onChange: host.changed,
    });
  }

  return {
    bootstrap: (order) => etcd?.bootstrap(order) ?? "accepted",
    etcdMembers: () => etcd?.members() ?? Promise.reject(new Error("etcd is not configured on a worker")),
    etcdSnapshot: async function* (call) {
      if (etcd === undefined) throw new Error("etcd is not configured on a worker");
      yield* etcd.snapshot(call);
    },
    etcdRecover: recovery.keep,
    leaveEtcd: async (call) => await etcd?.leave(call),
    staticPods: () =>
      (controlPlane?.pods() ?? []).map((pod) => ({ id: `kube-system/${pod.name}-${host.nodeName}`, ready: pod.ready })),
    nodeReady: () => kubelet?.nodeReady(),
    stop: async (how) => {
      life.abort();
      await Promise.all(works);
      await kubelet?.stop();
      await stopServing?.();
      await controlPlane?.stop(how);
      await etcd?.stop(how);
    },
  };
}

/** A Job's containers end, everything else stays; no image of this interior is started as a process. */
function modelledRun(pod: KubeObject): ContainerRun {
  const policy = at(pod["spec"], "restartPolicy");
  return policy === "Never" || policy === "OnFailure" ? "completes" : "stays";
}

/** As a kubelet lists them on its Node: the fifty largest. */
function listedImages(images: MachineImages) {
  const byDigest = new Map<string, { readonly names: string[]; readonly sizeBytes: number }>();
  for (const image of images.table.list("cri")) {
    if (image.name === image.digest) continue;
    const found = byDigest.get(image.digest) ?? { names: [], sizeBytes: image.sizeBytes };
    found.names.push(image.name);
    byDigest.set(image.digest, found);
  }
  return [...byDigest.values()].sort((a, b) => b.sizeBytes - a.sizeBytes).slice(0, 50);
}
