import { join } from "node:path";
import type { Clock } from "../../../lib/clock.ts";
import type { AppliedConfig, Interior, InteriorHost } from "../../interior.ts";
import { clusterFacts, type ReleaseImages } from "../../node/cluster-facts.ts";
import { openDisk } from "../../node/disk.ts";
import { NotMountedError } from "../../node/etcd/recovery-snapshot.ts";
import { type ContainedNode, startContainedNode } from "./contained-node.ts";
import { type Runtime, startRuntime } from "./runtime.ts";

const LIST_TIMEOUT_MS = 10_000;

export interface ContainedInteriorOptions {
  readonly rackId: string;
  readonly node: string;
  /** `nodes/<name>` of the rack; what is in it is the machine's disk. */
  readonly folder: string;
  /** The lab root filesystem. */
  readonly rootfs: string;
  readonly clock: Clock;
  /** First pause between attempts of Talos' own pulls; Talos: 5000. */
  readonly pullRetryMs: number;
  readonly release: ReleaseImages;
  /** Addresses of the other control planes of the rack. */
  readonly peers: () => readonly string[];
  /** Asked at every boot: EPHEMERAL of memory with this many bytes instead of the disk. */
  readonly fullDiskBytes: () => number | undefined;
}

/** The contained inside of one machine: real containerd, kubelet, etcd and static pods in namespaces of its own. */
export function createContainedInterior(options: ContainedInteriorOptions): Interior {
  const { clock } = options;
  const disk = openDisk(options.folder);
  let config: AppliedConfig | undefined;
  let node: ContainedNode | undefined;
  let installing: AbortController | undefined;
  const current = (): AppliedConfig => {
    if (config === undefined) throw new Error("failed to resolve: the machine has no config");
    return config;
  };
  const space = () => {
    const varBytes = options.fullDiskBytes();
    return {
      rackId: options.rackId,
      node: options.node,
      rootfs: options.rootfs,
      mountPoint: join(options.folder, "root"),
      varFolder: disk.ephemeral,
      clock,
      retryUnitMs: options.pullRetryMs,
      ...(varBytes === undefined ? {} : { varBytes }),
    };
  };
  const runtime = async (): Promise<Runtime> => {
    if (node === undefined) throw new Error("failed to resolve: the machine has no containerd yet");
    return node.runtime;
  };
  const running = (): ContainedNode => {
    if (node === undefined) throw new Error("etcd is not running");
    return node;
  };
  return {
    installedDisk: disk.installed,
    persistedConfig: disk.config,
    persistConfig: disk.saveConfig,
    install: async (applied, target, call) => {
      config = applied;
      const facts = clusterFacts(applied, options.release);
      const image = facts.installerImage;
      if (image === undefined) throw new Error("install: no installer image in the machine config");
      installing = new AbortController();
      const signal = AbortSignal.any([call.signal, installing.signal]);
      // Talos pulls its installer into memory, before there is a disk.
      const started = await startRuntime({
        ...space(),
        varFolder: disk.memory,
        config: applied,
        nodeName: call.host.nodeName,
        address: call.host.address,
        pauseImage: facts.images.pause,
        log: (line) => call.host.log("containerd", line),
        machined: (line) => call.host.log("machined", line),
        signal,
      });
      try {
        const digest = await started.images.pullPatiently("inmem", image, { signal });
        disk.write(target, { image, digest });
        call.host.log("installer", `installation of ${image} to ${target} complete`);
      } finally {
        await started.kill();
        disk.clearMemory();
      }
    },
    start: (applied: AppliedConfig, host: InteriorHost) => {
      config = applied;
      node = startContainedNode(current, host, { ...space(), disk, release: options.release, peers: options.peers });
    },
    reconfigure: (applied) => {
      config = applied;
      void node?.runtime.then((open) => open.reconfigure(applied)).catch(() => undefined);
    },
    bootstrapEtcd: async (order) => running().bootstrap(order),
    etcdMembers: async () => running().etcdMembers(),
    etcdSnapshot: (call) => {
      const { etcd } = running();
      if (etcd === undefined) throw new Error("etcd is not configured on a worker");
      return etcd.snapshot(call);
    },
    etcdRecover: async (snapshot, call) => {
      if (node === undefined) throw new NotMountedError();
      await node.runtime;
      await node.recovery.keep(snapshot, call);
    },
    leaveEtcd: async (call) => await node?.etcd?.leave(call),
    wipe: async (what) => disk.wipe(what),
    listImages: async (namespace) => {
      // Before there is a containerd there is nothing in memory either.
      if (node === undefined && namespace === "inmem") return [];
      return (await runtime()).images.list(namespace, { signal: AbortSignal.timeout(LIST_TIMEOUT_MS) });
    },
    pullImage: async (namespace, reference, call) => {
      const digest = await (await runtime()).images.pull(namespace, reference, call);
      return `${reference.replace(/@.*$/, "").replace(/:[^:/]+$/, "")}@${digest}`;
    },
    importImage: async (namespace, archive, call) => (await runtime()).images.importInto(namespace, archive, call),
    staticPods: () => node?.staticPods() ?? [],
    nodeReady: () => node?.nodeReady(),
    stop: async (how) => {
      const ending = node;
      node = undefined;
      installing?.abort();
      await ending?.stop(how);
    },
  };
}
