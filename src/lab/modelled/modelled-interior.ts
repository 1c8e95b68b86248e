import { join } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import type { AppliedConfig, Interior, InteriorHost } from "../interior.ts";
import { clusterFacts, type ReleaseImages } from "../node/cluster-facts.ts";
import { openDisk } from "../node/disk.ts";
import { NotMountedError } from "../node/etcd/recovery-snapshot.ts";
import { startIdleNode } from "./idle-node.ts";
import type { BlobStore } from "./images/blob-store.ts";
import { openEndpoint } from "./images/endpoint-reader.ts";
import { openImageTable } from "./images/image-table.ts";
import { createMachineImages } from "./images/machine-images.ts";
import { nodeArchitecture } from "./kubelet/node-object.ts";
import { type ModelledTimings, type NodeSession, startNode } from "./modelled-node.ts";
import type { ProcessKeeper } from "./real-process.ts";

export interface ModelledInteriorOptions {
  /** `nodes/<name>` of the rack; what is in it is the machine's disk and memory. */
  readonly folder: string;
  readonly store: BlobStore;
  /** `store/bin` of the rack */
  readonly binFolder: string;
  readonly keeper: ProcessKeeper;
  readonly clock: Clock;
  readonly timings: ModelledTimings;
  /** Whether the machine runs Kubernetes; without it a node is idle after its services have started. */
  readonly kubernetes: boolean;
  /** `v1.13.9` */
  readonly talosVersion: string;
  /** What the release pulls where the config names no image. */
  readonly release: ReleaseImages;
  /** Addresses of the other control planes of the rack. */
  readonly peers: () => readonly string[];
  /** The rack's own log: pulls and what concerns the rack. */
  readonly log: (line: string) => void;
}

/** The modelled inside of one machine; see ../interior.ts for the contract and ../README.md for what is real in it. */
export function createModelledInterior(options: ModelledInteriorOptions): Interior {
  const { clock, store, timings } = options;
  const disk = openDisk(options.folder);
  let config: AppliedConfig | undefined;
  let host: InteriorHost | undefined;
  let session: NodeSession | undefined;
  const current = (): AppliedConfig => {
    if (config === undefined) throw new Error("failed to resolve: the machine has no config");
    return config;
  };
  const images = createMachineImages({
    table: openImageTable(join(disk.ephemeral, "images.json")),
    store,
    platform: { os: "linux", architecture: nodeArchitecture },
    clock,
    config: current,
    openEndpoint: (endpoint) => openEndpoint(endpoint, host === undefined ? {} : { from: host.address }),
    log: (line) => {
      host?.log("cri", line);
      options.log(line);
    },
    machined: (line) => host?.log("machined", line),
    retryUnitMs: timings.pullRetryMs,
  });
  return {
    installedDisk: disk.installed,
    persistedConfig: disk.config,
    persistConfig: disk.saveConfig,
    install: async (applied, target, call) => {
      config = applied;
      host = call.host;
      const image = clusterFacts(applied, options.release).installerImage;
      if (image === undefined) throw new Error("install: no installer image in the machine config");
      const pulled = await images.pullPatiently("inmem", image, { signal: call.signal });
      call.signal.throwIfAborted();
      disk.write(target, { image: pulled.name, digest: pulled.digest });
      call.host.log("installer", `installation of ${pulled.name} to ${target} complete`);
    },
    start: (applied, itsHost) => {
      config = applied;
      host = itsHost;
      disk.clearMemory();
      session = options.kubernetes
        ? startNode(current, itsHost, { ...options, disk, images })
        : startIdleNode(applied, itsHost, { clock, serviceMs: timings.serviceMs });
    },
    reconfigure: (applied) => {
      config = applied;
    },
    bootstrapEtcd: async (order) => {
      if (session === undefined) throw new Error("bootstrap is not available yet");
      return session.bootstrap(order);
    },
    etcdMembers: () => session?.etcdMembers() ?? Promise.reject(new Error("etcd is not running")),
    etcdSnapshot: async function* (call) {
      if (session === undefined) throw new Error("etcd is not running");
      yield* session.etcdSnapshot(call);
    },
    etcdRecover: async (snapshot, call) => {
      if (session === undefined) throw new NotMountedError();
      await session.etcdRecover(snapshot, call);
    },
    leaveEtcd: async (call) => await session?.leaveEtcd(call),
    wipe: async (what) => {
      disk.wipe(what);
      images.table.forgetMemory();
    },
    listImages: async (namespace) => images.table.list(namespace),
    pullImage: async (namespace, reference, call) => {
      const kept = await images.pull(namespace, reference, call);
      return `${kept.repository}@${kept.digest}`;
    },
    importImage: (namespace, archive, call) => images.importInto(namespace, archive, call),
    staticPods: () => session?.staticPods() ?? [],
    nodeReady: () => session?.nodeReady(),
    stop: async (how) => {
      const ending = session;
      session = undefined;
      await ending?.stop(how);
      images.table.forgetMemory();
    },
  };
}
